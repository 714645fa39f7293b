import { JetStreamClientImpl } from "@nats-io/jetstream/internal";
import type { JetStreamClient } from "@nats-io/jetstream";

/**
 * The client behind the interface that its package exports: the interface has neither the connection nor a way to ask
 * for a durable without saying whether it is pull or push.
 *
 * @throws TypeError for what `jetstream()` has not made
 */
export function clientOf(js: JetStreamClient): JetStreamClientImpl {
  if (js instanceof JetStreamClientImpl) return js;
  throw new TypeError("expected a client made by jetstream() of @nats-io/jetstream");
}
