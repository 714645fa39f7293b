import type { LocalServerInputs } from "../../components/local/layout";
import { monitorUrl } from "../../components/supercluster/server-config";
import { pollUntil } from "../../config/poll-until";
import { type Gatewayz, milliseconds } from "../../jetstream/monitoring";
import type { Supercluster } from "../../tests/support/nats";
import { Toxiproxy } from "../../tests/support/toxiproxy";

/** Round trips between regions, in milliseconds: what providers publish for these places. */
const roundTrips: Record<string, number> = { "ams-iad": 85, "iad-syd": 200, "ams-syd": 280 };

/** A port that nothing listens on: what servers tell each other of their gateways leads nowhere. */
const closed = "127.0.0.1:1";
const waitMs = 60_000;
/** How far the round trips that servers measure may be from what was asked for. */
const tolerance = 0.15;

export const roundTripOf = (one: string, other: string): number => roundTrips[[one, other].sort().join("-")]!;

/** Distances between the regions of a supercluster whose servers do not run yet. */
export interface Distances {
  /** Servers whose gateways are reached through the proxies. */
  inputs: Record<string, LocalServerInputs>;
  /** Resolves when the gateways measure what was asked for. */
  asserted(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Puts a proxy before each gateway for each region that dials it, with half of the round trip in each direction. One
 * proxy for several regions would add up the distances of all.
 */
export async function startDistances(cluster: Supercluster): Promise<Distances> {
  const toxiproxy = await Toxiproxy.start();
  const inputs = cluster.inputs();
  const servers = Object.values(inputs);
  const regions = [...new Set(servers.map(({ region }) => region))];
  const urls = new Map<string, string[]>();
  for (const from of regions)
    for (const { region: to, config } of servers.filter(({ region }) => region !== from)) {
      const proxy = await toxiproxy.proxy(config.gateway.listen);
      // Whole milliseconds: toxiproxy takes no others.
      const half = Math.floor(roundTripOf(from, to) / 2);
      await proxy.addToxic({ type: "latency", stream: "upstream", attributes: { latency: half } });
      await proxy.addToxic({
        type: "latency",
        stream: "downstream",
        attributes: { latency: roundTripOf(from, to) - half },
      });
      const direction = `${from}-${to}`;
      urls.set(direction, [...(urls.get(direction) ?? []), `tls://${proxy.listen}`]);
    }
  const far = Object.fromEntries(
    Object.entries(inputs).map(([name, server]) => {
      const gateways = server.config.gateway.gateways.map((gateway) => ({
        ...gateway,
        urls: urls.get(`${server.region}-${gateway.name}`) ?? gateway.urls,
      }));
      return [
        name,
        { ...server, config: { ...server.config, gateway: { ...server.config.gateway, advertise: closed, gateways } } },
      ];
    }),
  );
  return {
    inputs: far,
    asserted: () => assertRoundTrips(Object.values(far)),
    stop: () => toxiproxy.stop(),
  };
}

async function assertRoundTrips(servers: LocalServerInputs[]): Promise<void> {
  let wrong: string[] = [];
  const right = await pollUntil(async () => {
    const all = await Promise.all(servers.map(wrongOf));
    wrong = all.flat();
    return wrong.length === 0;
  }, waitMs);
  if (!right) throw new Error(`gateways do not have the distances that were asked for:\n${wrong.join("\n")}`);
}

async function wrongOf({ name, region, config }: LocalServerInputs): Promise<string[]> {
  const answer = await fetch(`${monitorUrl(config)}/gatewayz`);
  const { outbound_gateways: gateways = {} } = (await answer.json()) as Gatewayz;
  return config.gateway.gateways
    .filter((other) => other.name !== region)
    .flatMap((other) => {
      const measured = milliseconds(gateways[other.name]?.connection?.rtt) ?? NaN;
      const wanted = roundTripOf(region, other.name);
      return Math.abs(measured - wanted) <= wanted * tolerance
        ? []
        : [`${name} to ${other.name}: ${measured} ms instead of ${wanted} ms`];
    });
}
