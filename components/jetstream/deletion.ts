import type * as pulumi from "@pulumi/pulumi";

export type DeletionPolicy = "retain" | "delete-if-empty" | "delete";

/**
 * A deletion policy as resource options (default `retain`: protect and retainOnDelete). A resource that is taken out of
 * a program gets no call of its provider at preview, so that only the engine can refuse there: `protect`. Only
 * `delete-if-empty` is passed to the provider.
 */
export function deletionOptions(
  { deletionPolicy = "retain", ...args }: { deletionPolicy?: DeletionPolicy },
  opts?: pulumi.CustomResourceOptions,
): { props: pulumi.Inputs; options: pulumi.CustomResourceOptions } {
  const retained = deletionPolicy === "retain";
  return {
    props: { ...args, ...(deletionPolicy === "delete-if-empty" && { deletionPolicy }) },
    options: { protect: retained, retainOnDelete: retained, ...opts },
  };
}
