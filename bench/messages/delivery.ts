import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { type Percentiles, percentiles } from "../../config/percentiles";
import { pollUntil } from "../../config/poll-until";

/** Messages a second while latencies of deliveries are measured: servers and clients are far from busy. */
const rate = 200;
const waitMs = 60_000;
/** Messages before those that count. */
const warmUps = 50;

/** From the call that publishes to the handler that receives, in milliseconds, by one clock. */
export interface Latency extends Percentiles {
  messages: number;
}

/** A stream, and where its messages are received: from itself, or from a mirror of another region. */
export interface Route {
  from: string;
  to: string;
}

const mirrorOf = ({ from, to }: Route): string => `${from}_IN_${to}`;

/**
 * Publishes to an R3 file stream in each region `from`, and receives by a durable of that stream, or of its R3 mirror
 * in the region `to`, with a client of that region. The time of a mirror is that of its replication and its delivery.
 * Its streams are deleted afterwards.
 */
export async function measureDelivery(
  connections: Record<string, NatsConnection>,
  routes: readonly Route[],
  seconds: number,
): Promise<Map<Route, Latency>> {
  const manager = await jetstreamManager(Object.values(connections)[0]!, { timeout: waitMs });
  const homes = [...new Set(routes.map(({ from }) => from))];
  const placed = (region: string) => ({ num_replicas: 3, placement: { cluster: region, tags: [] } });
  const made: string[] = [];
  const make = async (config: Parameters<typeof manager.streams.add>[0] & { name: string }) => {
    await manager.streams.add(config);
    made.unshift(config.name);
  };
  for (const home of homes) await make({ name: home, subjects: [`home.${home}`], ...placed(home) });
  const latencies = new Map<Route, number[]>(routes.map((route) => [route, []]));
  const warm = new Map<Route, number>(routes.map((route) => [route, 0]));
  const stops: (() => Promise<unknown>)[] = [];
  for (const route of routes) {
    const { from, to } = route;
    const stream = from === to ? from : mirrorOf(route);
    if (from !== to) await make({ name: stream, mirror: { name: from }, ...placed(to) });
    await manager.consumers.add(stream, { durable_name: "reader", ack_policy: "explicit" });
    const consumer = await jetstream(connections[to]!).consumers.get(stream, "reader");
    const messages = await consumer.consume({
      callback: (message) => {
        const { sent } = message.json<{ sent: number }>();
        if (sent > 0) latencies.get(route)!.push(performance.now() - sent);
        else warm.set(route, warm.get(route)! + 1);
        message.ack();
      },
    });
    stops.push(() => messages.close());
  }
  try {
    await Promise.all(homes.map((home) => warmUp(connections[home]!, home)));
    // A mirror that is new, or whose first request was lost, copies a moment later: up to half a minute.
    if (!(await pollUntil(() => [...warm.values()].every((count) => count >= warmUps), waitMs)))
      throw new Error(`a mirror copied nothing within ${waitMs / 1_000} s`);
    const expected = Math.round(rate * seconds);
    await Promise.all(homes.map((home) => publish(connections[home]!, home, expected)));
    const all = await pollUntil(() => [...latencies.values()].every(({ length }) => length >= expected), waitMs);
    if (!all)
      throw new Error(
        `not all of ${expected} messages arrived within ${waitMs / 1_000} s: ` +
          [...latencies].map(([{ from, to }, { length }]) => `${from}-${to} ${length}`).join(", "),
      );
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    for (const name of made) await manager.streams.delete(name);
  }
  return new Map([...latencies].map(([route, values]) => [route, { ...percentiles(values), messages: values.length }]));
}

/** Servers of other regions learn of a new stream a moment later. */
async function warmUp(connection: NatsConnection, home: string): Promise<void> {
  const client = jetstream(connection, { timeout: waitMs });
  const body = JSON.stringify({ sent: 0 });
  for (let left = warmUps; left > 0; left--) await client.publish(`home.${home}`, body, { retries: 20 });
}

/** At a steady rate, whatever acknowledgements take. */
async function publish(connection: NatsConnection, home: string, count: number): Promise<void> {
  const client = jetstream(connection, { timeout: waitMs });
  const started = performance.now();
  const acknowledged: Promise<unknown>[] = [];
  for (let sent = 0; sent < count; sent++) {
    const due = started + (sent * 1_000) / rate;
    if (due > performance.now()) await sleep(due - performance.now());
    acknowledged.push(client.publish(`home.${home}`, JSON.stringify({ sent: performance.now() })));
  }
  await Promise.all(acknowledged);
}
