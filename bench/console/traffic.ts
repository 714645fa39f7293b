import type { NatsConnection } from "@nats-io/transport-node";
import { subjectOf } from "./many-streams";

/** Milliseconds between two messages of a stream: what is shown of each changes with each look, which are 2 s apart. */
export const everyMs = 2_000;

/** Publishes to these streams, one after the other; returns what ends that. */
export function startTraffic(publisher: NatsConnection, streams: string[]): () => void {
  const began = Date.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = ((Date.now() - began) / everyMs) * streams.length;
    for (; sent < due; sent++) publisher.publish(subjectOf(streams[sent % streams.length]!), String(sent));
  }, 10);
  return () => clearInterval(timer);
}
