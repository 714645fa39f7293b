import type * as pulumi from "@pulumi/pulumi";
import type { Duration, Size } from "../../config/units";
import { DynamicResource } from "../dynamic";

/** Arguments of a {@link Stream}. Durations and sizes carry their units; what a change does is in docs/streams.md. */
export interface StreamArgs {
  /** Account it belongs to. A change is refused: it would be another stream. */
  account: pulumi.Input<string>;
  /** Its name. A change is refused: it would be another stream. */
  name: pulumi.Input<string>;
  /** Home region: the cluster it is placed in. A change moves it. */
  region: pulumi.Input<string>;
  description?: pulumi.Input<string>;
  /** Subjects it captures; none for a mirror. Changes in place; messages of a dropped subject stay, later ones are not captured. */
  subjects?: pulumi.Input<pulumi.Input<string>[]>;
  /** Stream it copies. Cannot be set on a stream that is there (error 10055); taking it away promotes the mirror. */
  mirror?: pulumi.Input<string>;
  /** Default `limits`. To and from `workqueue` is refused (error 10052). */
  retention?: pulumi.Input<"limits" | "interest" | "workqueue">;
  /** Default `file`. A change is refused (error 10052). */
  storage?: pulumi.Input<"file" | "memory">;
  /** 1, 3 or 5, not more than the home region has servers (error 10005). Changes in place. Default 1. */
  replicas?: pulumi.Input<number>;
  /** At least 100ms (error 10052). Changes in place; lowering it deletes at once. Default: for ever. */
  maxAge?: pulumi.Input<Duration>;
  /** Reserved in the account and on the servers (error 10047). Changes in place; lowering it deletes at once. Default: no limit. */
  maxBytes?: pulumi.Input<Size>;
  /** Changes in place; lowering it deletes at once. Default: no limit. */
  maxMsgs?: pulumi.Input<number>;
  /** Changes in place, for new messages. Default: the server's `max_payload`. */
  maxMsgSize?: pulumi.Input<Size>;
  /** Changes in place; lowering it deletes at once. Default: no limit. */
  maxMsgsPerSubject?: pulumi.Input<number>;
  /** At a limit drop the oldest (`old`) or refuse the new one (`new`, error 10077). Changes in place. Default `old`. */
  discard?: pulumi.Input<"old" | "new">;
  /** How long a `Nats-Msg-Id` is remembered; not more than `maxAge` (error 10052). Default: 2m or `maxAge`, whichever is less. */
  duplicateWindow?: pulumi.Input<Duration>;
  /** Refuses deletion of single messages, for ever: turning it off is refused (error 10052). Default false. */
  denyDelete?: pulumi.Input<boolean>;
  /** Refuses purges, for ever: turning it off is refused (error 10052). Default false. */
  denyPurge?: pulumi.Input<boolean>;
}

/** A JetStream stream, or a mirror of one. */
export class Stream extends DynamicResource {
  /** @internal lets policies select it by class */
  static readonly __pulumiType = "pulumi-nodejs:dynamic/nats:Stream";

  declare readonly account: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, args: StreamArgs, opts?: pulumi.CustomResourceOptions) {
    super({ module: "nats", type: "Stream", entry: "components/jetstream/provider/entry.js" }, name, { ...args }, opts);
  }
}
