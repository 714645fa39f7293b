import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../dynamic";
import type { LocalWorkerInputs } from "./worker-layout";

/** Inputs of a `LocalWorker`, each possibly known only later. */
export type LocalWorkerArgs = { [Key in keyof LocalWorkerInputs]: pulumi.Input<LocalWorkerInputs[Key]> };

/**
 * One worker process on this machine, with its user's connection.
 *
 * - It is up when its process is alive, not when it is ready: its durables are made after the regions.
 * - A change of its settings, its connection, its code or `workers/<system>/.env` restarts it.
 * - A worker that died is started by the next `up`.
 * - Deleting it stops the process, with its grace; its log stays.
 */
export class LocalWorker extends DynamicResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/local:Worker";

  /** URL of its health server. */
  declare readonly health: pulumi.Output<string>;
  /** URL of what it serves, where it serves something. */
  declare readonly url: pulumi.Output<string | undefined>;

  constructor(name: string, args: LocalWorkerArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      { module: "local", type: "Worker", entry: "components/local/provider/entry.js" },
      name,
      {
        ...args,
        connection: pulumi.secret(args.connection),
        ...(args.database !== undefined && { database: pulumi.secret(args.database) }),
        ...{ health: undefined, url: undefined },
      },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["applied"] }),
    );
  }
}
