import type { NatsConnection } from "@nats-io/transport-node";
import pLimit from "p-limit";
import { consumerFields, streamFields } from "../../jetstream/fields";
import { toWire } from "../../jetstream/wire";
import { ask } from "../../tests/support/accounts";
import { benchConsumer, benchStream } from "../assets";
import type { Bench, Sample } from "./part";

/** Changes in flight: with more, single ones take seconds. */
const changes = 8;

export const createStream = (nc: NatsConnection, index: number, replicas: number, change: object = {}) =>
  ask(nc, `STREAM.CREATE.S${index}`, toWire(streamFields, { ...benchStream(index, replicas), ...change }));

/** A durable of a stream. */
export const createDurable = (nc: NatsConnection, stream: number, name = "worker") =>
  ask(nc, `CONSUMER.CREATE.S${stream}.${name}`, {
    stream_name: `S${stream}`,
    config: toWire(consumerFields, { ...benchConsumer(stream), name }),
    action: "create",
  });

/** Makes those from one number up to another one, a few at a time; says how fast. */
export async function makeUpTo(
  { log }: Pick<Bench, "log">,
  { from, to, of, inFlight = changes }: { from: number; to: number; of: string; inFlight?: number },
  make: (index: number) => Promise<unknown>,
): Promise<Sample> {
  if (to <= from) return {};
  const started = Date.now();
  let made = 0;
  const step = Math.max(100, Math.ceil((to - from) / 10));
  await pLimit(inFlight).map(
    Array.from({ length: to - from }, (_, index) => from + index),
    async (index) => {
      await make(index);
      if (++made % step === 0) log(`${from + made} ${of}`);
    },
  );
  return { "made a second": (1_000 * made) / (Date.now() - started) };
}
