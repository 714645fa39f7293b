import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { systemAccount } from "../../config/standard";
import { type Access, connectTo } from "../access";
import { Failure } from "../failure";
import type { Answer, Gatewayz, Healthz, Jsz, StreamDetail, Varz } from "./wire";

/** What all servers said within a moment. */
export interface Snapshot {
  /** By server name. */
  servers: Record<string, ServerState>;
  meta?: NonNullable<Jsz["meta_cluster"]>;
  /** Each stream as its leader has it, by account and name. A stream without a leader is not among them. */
  streams: Record<string, Record<string, StreamDetail>>;
}

export interface ServerState {
  region: string;
  version: string;
  varz?: Varz;
  gateways?: Gatewayz;
  health?: Healthz;
  /** Streams it leads. */
  leads: number;
}

/** The first server of any region that lets the system account in; a lost region must not keep the others from being seen. */
export async function connectToSystem(access: Access): Promise<NatsConnection> {
  const failures: string[] = [];
  for (const region of access.environment.regions) {
    try {
      return await connectTo(access, region, systemAccount.name, systemAccount.user);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Failure(`no region answers; are its servers running? Start them: npm start\n${failures.join("\n")}`);
}

/** Asks every server by the system account. Ends as soon as all `expected` servers have answered, or after `maxWait` ms. */
export async function takeSnapshot(system: NatsConnection, expected: number, maxWait = 2_000): Promise<Snapshot> {
  const ask = <T>(what: string, options: object = {}) => askAll<T>(system, what, options, expected, maxWait);
  const [varz, gateways, health, jetstream] = await Promise.all([
    ask<Varz>("VARZ"),
    ask<Gatewayz>("GATEWAYZ"),
    ask<Healthz>("HEALTHZ"),
    ask<Jsz>("JSZ", { accounts: true, streams: true, consumer: true, config: true, stream_leader_only: true, limit: 100_000 }),
  ]);
  const snapshot: Snapshot = { servers: {}, streams: {} };
  const server = ({ server: { name, cluster, ver } }: Answer<unknown>): ServerState => (snapshot.servers[name] ??= { region: cluster, version: ver, leads: 0 });
  for (const answer of varz) server(answer).varz = answer.data;
  for (const answer of gateways) server(answer).gateways = answer.data;
  for (const answer of health) server(answer).health = answer.data;
  for (const answer of jetstream) {
    const state = server(answer);
    const meta = answer.data?.meta_cluster;
    // Only the leader lists its peers.
    if (meta?.leader && meta.leader === answer.server.name) snapshot.meta = meta;
    for (const { name, stream_detail = [] } of answer.data?.account_details ?? []) {
      for (const stream of stream_detail) {
        if (stream.cluster?.leader !== undefined && stream.cluster.leader !== answer.server.name) continue;
        (snapshot.streams[name] ??= {})[stream.name] = stream;
        state.leads++;
      }
    }
  }
  return snapshot;
}

async function askAll<T>(system: NatsConnection, what: string, options: object, expected: number, maxWait: number): Promise<Answer<T>[]> {
  const answers: Answer<T>[] = [];
  try {
    const replies = await system.requestMany(`$SYS.REQ.SERVER.PING.${what}`, JSON.stringify(options), {
      strategy: "count",
      maxMessages: expected,
      maxWait,
    });
    for await (const reply of replies) answers.push(reply.json<Answer<T>>());
  } catch {
    // Nobody answered in time: the checks say who is missing.
  }
  return answers;
}

/** Takes snapshots until one is as it should be, or the deadline has passed; returns the last. */
export async function snapshotUntil(
  take: () => Promise<Snapshot>,
  isGood: (snapshot: Snapshot) => boolean,
  deadlineMs: number,
  pauseMs = 500,
): Promise<Snapshot> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const snapshot = await take();
    if (isGood(snapshot) || Date.now() + pauseMs > deadline) return snapshot;
    await sleep(pauseMs);
  }
}
