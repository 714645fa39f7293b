import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../dynamic";
import type { LocalFilesInputs, LocalProgramInputs } from "./program-layout";

type Args<Inputs> = { [Key in keyof Inputs]: pulumi.Input<Inputs[Key]> };

const entry = "components/local/provider/entry.js";

/**
 * One program on this machine that serves HTTP on 127.0.0.1.
 *
 * - A change of its files is reloaded; any other restarts it, at the same port while that is free.
 * - One that died is started by the next `up`.
 * - Deleting it stops the process and removes what told others where it is; its data and log stay.
 */
export class LocalProgram extends DynamicResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/local:Program";

  /** Where it serves, e.g. `http://127.0.0.1:9090`. */
  declare readonly url: pulumi.Output<string>;

  constructor(name: string, args: Args<LocalProgramInputs>, opts?: pulumi.CustomResourceOptions) {
    super({ module: "local", type: "Program", entry }, name, { ...args, url: undefined }, opts);
  }
}

/** Files for a program that may be of another stack, which reads them again when they change. */
export class LocalFiles extends DynamicResource {
  /** @internal for policies */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/local:Files";

  constructor(name: string, args: Args<LocalFilesInputs>, opts?: pulumi.CustomResourceOptions) {
    super({ module: "local", type: "Files", entry }, name, args, opts);
  }
}
