import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../dynamic";
import type { LocalServerInputs } from "./layout";

/** Inputs of a `LocalServer`, each possibly known only later. */
export type LocalServerArgs = { [Key in keyof LocalServerInputs]: pulumi.Input<LocalServerInputs[Key]> };

/**
 * One nats-server process on this machine, with its files.
 *
 * - A change that the server can reload is reloaded; any other restarts it, one server at a time in the whole
 * environment.
 * - A change of its addresses replaces it: it is stopped and started, the data is kept.
 * - A server that died, or was changed by hand, is repaired by the next `up`.
 * - Deleting it stops the process and removes its secrets; the JetStream data stays.
 */
export class LocalServer extends DynamicResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/local:Server";

  /** `server_name`, e.g. `iad-0`. */
  declare readonly name: pulumi.Output<string>;
  /** `host:port` by what it is for: client, route, gateway, monitor. */
  declare readonly addresses: pulumi.Output<Record<string, string>>;
  /** Version of nats-server that it runs. */
  declare readonly version: pulumi.Output<string>;
  /** What a refresh found changed outside Pulumi; the next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[] | undefined>;

  constructor(name: string, args: LocalServerArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      { module: "local", type: "Server", entry: "components/local/provider/entry.js" },
      name,
      { ...args, secrets: pulumi.secret(args.secrets), addresses: undefined, version: undefined, drift: undefined },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["applied"] }),
    );
  }
}
