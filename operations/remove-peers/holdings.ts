import type { NatsConnection } from "@nats-io/transport-node";
import { read } from "../../jetstream/api";
import type { Snapshot } from "../supercluster/snapshot";
import type { RaftGroup } from "../../jetstream/monitoring";

const membersOf = (group: RaftGroup | undefined): string[] => [
  ...(group?.leader ? [group.leader] : []),
  ...(group?.replicas ?? []).map(({ name }) => name),
];

/**
 * Streams and durables with a copy on one of the servers, a line each; a snapshot has only those with a leader.
 * Pure.
 */
export function copiesOn(servers: readonly string[], { streams }: Snapshot): string[] {
  const line = (what: string, group: RaftGroup | undefined): string[] => {
    const held = membersOf(group).filter((name) => servers.includes(name));
    return held.length ? [`${what} has a copy on ${held.join(", ")}`] : [];
  };
  return Object.entries(streams).flatMap(([account, own]) =>
    Object.values(own).flatMap((stream) => [
      ...line(`stream ${account}/${stream.name}`, stream.cluster),
      ...(stream.consumer_detail ?? []).flatMap((durable) =>
        line(`consumer ${account}/${stream.name}/${durable.name}`, durable.cluster),
      ),
    ]),
  );
}

interface StreamPage {
  total: number;
  limit: number;
  /** Streams that no server answered for. */
  missing?: string[];
}

/**
 * Names of the streams of an account that the meta group knows and no server answers for: all their copies are lost,
 * or the servers are just starting. Sorted.
 */
export async function unansweredOf(connection: NatsConnection): Promise<string[]> {
  const missing = new Set<string>();
  for (let offset = 0; ;) {
    const page = await read<StreamPage>(connection, "STREAM.LIST", { offset }, listDeadlineMs);
    for (const name of page.missing ?? []) missing.add(name);
    offset += page.limit;
    if (!page.limit || offset >= page.total) return [...missing].sort();
  }
}

/** The meta leader itself waits 4 s for the leaders of streams. */
const listDeadlineMs = 20_000;
