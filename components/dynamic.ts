import * as pulumi from "@pulumi/pulumi";

/**
 * A resource whose provider is code of this project. What the engine stores of the provider is one constant line that
 * requires a file which never moves, so that a change of code is not a diff, and refresh and delete run today's code
 * (docs/adr/0002).
 *
 * The provider's process starts in the project's folder; `entry` is relative to it and exports the provider as `type`.
 */
export abstract class DynamicResource extends pulumi.CustomResource {
  protected constructor(
    provider: { module: string; type: string; entry: string },
    name: string,
    props: pulumi.Inputs,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(
      `pulumi-nodejs:dynamic/${provider.module}:${provider.type}`,
      name,
      { ...props, __provider: shim(provider) },
      opts,
    );
  }
}

/** The stored line. At most 120 bytes: it is in the state twice a resource. */
export const shim = ({ type, entry }: { type: string; entry: string }): string =>
  `exports.handler=()=>require(process.cwd()+"/${entry}").${type}`;
