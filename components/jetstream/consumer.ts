import type * as pulumi from "@pulumi/pulumi";
import type { Duration } from "../../config/units";
import { DynamicResource } from "../dynamic";

interface CommonArgs {
  /** Account it belongs to. A change is refused: it would be another consumer. */
  account: pulumi.Input<string>;
  /** Stream it reads. A change is refused: it would be another consumer. */
  stream: pulumi.Input<string>;
  /** Its durable name. A change is refused: it would be another consumer. */
  name: pulumi.Input<string>;
  description?: pulumi.Input<string>;
  /** One subject it wants, or several in `filterSubjects`. Change in place. Default: all of the stream. */
  filterSubject?: pulumi.Input<string>;
  /** They must not overlap each other (error 10138). Change in place. */
  filterSubjects?: pulumi.Input<pulumi.Input<string>[]>;
  /** A change is refused (error 10012): a new durable would lose its position. */
  ackPolicy: pulumi.Input<"explicit" | "all" | "none">;
  /** Changes in place. Default 30s, or `backoff[0]`, which it must equal. */
  ackWait?: pulumi.Input<Duration>;
  /** At least as many as `backoff` has entries (error 10116). Changes in place. Default: no limit. */
  maxDeliver?: pulumi.Input<number>;
  /** Changes in place. */
  backoff?: pulumi.Input<pulumi.Input<Duration>[]>;
  /** Changes in place. Default 1000. */
  maxAckPending?: pulumi.Input<number>;
  /** A change is refused (error 10012). Default `all`. */
  deliverPolicy?: pulumi.Input<"all" | "new" | "last" | "last_per_subject">;
  /** A change is refused (error 10012). Default `instant`. */
  replayPolicy?: pulumi.Input<"instant" | "original">;
}

export interface PullConsumerArgs extends CommonArgs {
  /** A change is refused (error 10012). Default 512. */
  maxWaiting?: pulumi.Input<number>;
}

export interface PushConsumerArgs extends CommonArgs {
  /** Where messages are sent. Changes in place while nobody is subscribed. */
  deliverSubject: pulumi.Input<string>;
  /** Clients that share the messages. Changes in place. */
  deliverGroup?: pulumi.Input<string>;
  /** Needs `idleHeartbeat` (error 10108). A change is refused (error 10012). Default false. */
  flowControl?: pulumi.Input<boolean>;
  /** At least 100ms (error 10083). A change is refused (error 10012). */
  idleHeartbeat?: pulumi.Input<Duration>;
  /** Bits a second. Changes in place. Default: no limit. */
  rateLimitBps?: pulumi.Input<number>;
}

export type ConsumerArgs = PullConsumerArgs | PushConsumerArgs;

/** A durable JetStream consumer. */
export class Consumer extends DynamicResource {
  /** @internal lets policies select it by class */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/nats:Consumer";

  declare readonly account: pulumi.Output<string>;
  declare readonly stream: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, args: ConsumerArgs, opts?: pulumi.CustomResourceOptions) {
    super({ module: "nats", type: "Consumer", entry: "components/jetstream/provider/entry.js" }, name, { ...args }, opts);
  }
}
