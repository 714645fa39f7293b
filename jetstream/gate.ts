import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";

/** The meta group, as its leader reports it. */
export interface MetaGroup {
  leader?: string;
  size: number;
  /** Names of peers that are up to date, the leader included. */
  current: string[];
}

interface Jsz {
  data?: {
    meta_cluster?: {
      leader?: string;
      cluster_size: number;
      replicas?: { name: string; current: boolean; offline?: boolean }[];
    };
  };
}

/** Asks the meta leader about its group; without a leader there is no answer. */
async function readMetaGroup(system: NatsConnection, timeout = 2_000): Promise<MetaGroup> {
  try {
    const message = await system.request("$SYS.REQ.SERVER.PING.JSZ", JSON.stringify({ leader_only: true }), {
      timeout,
    });
    const meta = message.json<Jsz>().data?.meta_cluster;
    if (!meta?.leader) return { size: 0, current: [] };
    const followers = (meta.replicas ?? [])
      .filter(({ current, offline }) => current && !offline)
      .map(({ name }) => name);
    return { leader: meta.leader, size: meta.cluster_size, current: [meta.leader, ...followers] };
  } catch {
    return { size: 0, current: [] };
  }
}

/** A region's servers, which are peers of the meta group; those of a degraded one are not waited for. */
export interface RegionMembers {
  servers: string[];
  degraded: boolean;
}

/** What is still missing before JetStream may be asked to change something; empty when it is ready. Pure. */
export function missing(meta: MetaGroup, regions: RegionMembers[]): string[] {
  const expected = regions.filter(({ degraded }) => !degraded).flatMap(({ servers }) => servers);
  const absent = expected.filter((server) => !meta.current.includes(server));
  return [
    ...(meta.leader ? [] : ["no meta leader"]),
    ...(meta.leader && meta.current.length * 2 <= meta.size
      ? [`only ${meta.current.length} of ${meta.size} meta peers are current`]
      : []),
    ...(absent.length ? [`not current: ${absent.join(", ")}`] : []),
  ];
}

const logAfterMs = 3_000;
const logEveryMs = 10_000;

/**
 * Waits until JetStream is ready for the whole supercluster: a meta leader, more than half of its peers current, and
 * every server of every region that is not degraded among them. `/healthz` alone does not show that: with all servers
 * healthy the meta group can still be growing, and creates then fail with error 10005.
 *
 * @throws `NotReady` after `unreachableMs` where no server answers (most likely none is running), else `deadlineMs`
 */
export async function waitUntilReady(
  regions: RegionMembers[],
  system: () => Promise<NatsConnection>,
  { unreachableMs, deadlineMs }: { unreachableMs: number; deadlineMs: number },
  logProgress: (line: string) => void,
): Promise<void> {
  const started = Date.now();
  let nextLine = started + logAfterMs;
  for (;;) {
    let reachable = true;
    let lacks: string[];
    try {
      lacks = missing(await readMetaGroup(await system()), regions);
    } catch (error) {
      reachable = false;
      lacks = [`no server answers (${(error as Error).message})`];
    }
    if (lacks.length === 0) return;
    const now = Date.now();
    if (now - started > (reachable ? deadlineMs : unreachableMs)) throw new NotReady(lacks, now - started);
    if (now > nextLine) {
      logProgress(`waiting for JetStream: ${lacks.join("; ")}`);
      nextLine = now + logEveryMs;
    }
    await sleep(250);
  }
}

/** JetStream was not ready in time; nothing was changed. */
export class NotReady extends Error {
  constructor(
    readonly lacks: string[],
    waitedMs: number,
  ) {
    super(
      `JetStream is not ready after ${Math.round(waitedMs / 1000)} s: ${lacks.join("; ")}. Nothing was changed. ` +
        "Bring the region stacks up first; when a region is lost for longer, name it in supercluster:degraded.",
    );
    this.name = "NotReady";
  }
}
