import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../dynamic";
import type { LocalDatabaseInputs } from "./database-layout";

/** Inputs of a `LocalDatabase`, each possibly known only later. */
export type LocalDatabaseArgs = { [Key in keyof LocalDatabaseInputs]: pulumi.Input<LocalDatabaseInputs[Key]> };

/**
 * One PostgreSQL server on this machine, with a database for each system of a region's workers.
 *
 * - Each database belongs to a role of its name, which may use no other one. No one else may log in.
 * - A change of the databases or of a password restarts it; one that died is started by the next `up`.
 * - Where this machine has no PostgreSQL, nothing is started, and `port` is undefined.
 * - Deleting it stops the server; its data stays, as that of NATS servers.
 */
export class LocalDatabase extends DynamicResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/local:Database";

  /** On 127.0.0.1; undefined: this machine has no PostgreSQL. */
  declare readonly port: pulumi.Output<number | undefined>;

  constructor(name: string, args: LocalDatabaseArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      { module: "local", type: "Database", entry: "components/local/provider/entry.js" },
      name,
      { ...args, passwords: pulumi.secret(args.passwords), port: undefined },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["applied"] }),
    );
  }
}
