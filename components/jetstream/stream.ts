import type * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../dynamic";
import { deletionOptions } from "./deletion";
import type { Inputs } from "./inputs";
import type * as library from "../../jetstream/schemas";

/** Arguments of a {@link Stream}. Durations and sizes carry their units; what a change does is in docs/streams.md. */
export type StreamArgs = Inputs<Omit<library.StreamArgs, "deletionPolicy" | keyof library.StreamContent>> &
  Inputs<library.StreamContent> &
  Pick<library.StreamArgs, "deletionPolicy">;

/** A JetStream stream, or a mirror of one. */
export class Stream extends DynamicResource {
  /** @internal lets policies select it by class */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/nats:Stream";

  declare readonly account: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, args: StreamArgs, opts?: pulumi.CustomResourceOptions) {
    const { props, options } = deletionOptions(args, opts);
    super({ module: "nats", type: "Stream", entry: "components/jetstream/provider/entry.js" }, name, props, options);
  }
}
