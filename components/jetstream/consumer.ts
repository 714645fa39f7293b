import type * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";
import { DynamicResource } from "../dynamic";
import { deletionOptions } from "./deletion";
import type { Inputs } from "./inputs";
import type { Filtered, PullArgs, pullSchema, pushSchema } from "../../jetstream/schemas";

type Filter<T> = Filtered<Omit<T, "deletionPolicy">>;
type Managed = Pick<PullArgs, "deletionPolicy">;

/** Arguments of a {@link Consumer} whose clients ask for messages. */
export type PullConsumerArgs = Inputs<Filter<z.infer<typeof pullSchema>>> & Managed & { deliverSubject?: undefined };
/** Arguments of a {@link Consumer} that sends messages to a subject. */
export type PushConsumerArgs = Inputs<Filter<z.infer<typeof pushSchema>>> & Managed;

export type ConsumerArgs = PullConsumerArgs | PushConsumerArgs;

/** A durable JetStream consumer. */
export class Consumer extends DynamicResource {
  /** @internal lets policies select it by class */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/nats:Consumer";

  declare readonly account: pulumi.Output<string>;
  declare readonly stream: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, args: ConsumerArgs, opts?: pulumi.CustomResourceOptions) {
    const { props, options } = deletionOptions(args, opts);
    super({ module: "nats", type: "Consumer", entry: "components/jetstream/provider/entry.js" }, name, props, options);
  }
}
