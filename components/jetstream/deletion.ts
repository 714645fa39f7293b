import type * as pulumi from "@pulumi/pulumi";

export type DeletionPolicy = "retain" | "delete-if-empty" | "delete";

/**
 * What a deletion policy is to the engine. A resource that is taken out of a program gets no call of its provider at preview, so
 * that only the engine can refuse there: `protect`. The provider has to know of `delete-if-empty` alone.
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
