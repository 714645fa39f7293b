import type { Answer, DurableDetail, Jsz, RaftGroup, StreamDetail, Varz } from "./answers";
import { Backlog, type Position } from "./backlog";
import type { DurableLabels, Reading } from "./metrics";

/** What the servers of a region have answered; each may be missing in one of the lists. */
export interface Answers {
  varz: readonly Answer<Varz>[];
  jsz: readonly Answer<Jsz>[];
}

/** A stream or durable as one server has it. */
interface View<T> {
  server: string;
  detail: T;
}

/** Makes series of answers, and remembers since when messages wait. */
export class Readings {
  private backlogs = new Map<string, Backlog>();
  /** Servers, streams and durables of the region, as of the last reading; streams as `<account>/<stream>`. */
  servers: ReadonlySet<string> = new Set();
  streams: ReadonlySet<string> = new Set();
  durables: readonly DurableLabels[] = [];

  /** @param at milliseconds, rising from one call to the next */
  read({ varz, jsz }: Answers, at: number): Reading[] {
    const streams = viewsOf(jsz);
    this.servers = new Set([...varz, ...jsz].map(({ server }) => server));
    this.streams = new Set(streams.keys());
    this.durables = [...streams].flatMap(([key, views]) => {
      const names = new Set(views.flatMap(({ detail }) => detail.consumer_detail.map(({ name }) => name)));
      return [...names].map((consumer_name) => ({ ...streamOf(key), consumer_name }));
    });
    const before = this.backlogs;
    this.backlogs = new Map();
    const ageOf = (key: string, position: Position): number => {
      const backlog = before.get(key) ?? new Backlog();
      this.backlogs.set(key, backlog);
      return backlog.age(at, position) / 1000;
    };
    return [
      ...varz.flatMap(certificates),
      ...jsz.flatMap(metaPeers),
      ...[...streams].flatMap(([key, views]) => ofStream(key, views, ageOf)),
    ];
  }
}

type AgeOf = (key: string, position: Position) => number;

function certificates({ server, data }: Answer<Varz>): Reading[] {
  const listeners = { client: data, cluster: data.cluster, gateway: data.gateway };
  return Object.entries(listeners).flatMap(([listener, found]) => {
    const until = found?.tls_cert_not_after;
    if (until === undefined) return [];
    const value = Date.parse(until) / 1000;
    return [{ name: "probe_certificate_expiry_timestamp_seconds", labels: { server, listener }, value }];
  });
}

/** Whether it is the meta leader that answers. */
export const leadsMeta = ({ server, data }: Answer<Jsz>): boolean => data.meta_cluster?.leader === server;

/** Only the meta leader knows them. */
function metaPeers(answer: Answer<Jsz>): Reading[] {
  if (!leadsMeta(answer)) return [];
  return answer.data.meta_cluster!.replicas.flatMap(({ name: peer, current, offline }): Reading[] => [
    { name: "probe_meta_peer_behind", labels: { peer }, value: Number(!current && !offline) },
    { name: "probe_meta_peer_offline", labels: { peer }, value: Number(offline) },
  ]);
}

/** Every stream by `<account>/<stream>`, as each server has it. */
function viewsOf(jsz: readonly Answer<Jsz>[]): Map<string, View<StreamDetail>[]> {
  const all = jsz.flatMap(({ server, data }) =>
    data.account_details.flatMap(({ name: account, stream_detail }) =>
      stream_detail.map((detail) => ({ key: `${account}/${detail.name}`, server, detail })),
    ),
  );
  return Map.groupBy(all, ({ key }) => key);
}

function streamOf(key: string): { tenant: string; stream_name: string } {
  const [tenant, stream_name] = key.split("/") as [string, string];
  return { tenant, stream_name };
}

/** The leader's view; without replication there is one alone. */
const leading = <T extends { cluster?: RaftGroup }>(views: readonly View<T>[]): T | undefined =>
  views.find(({ server, detail }) => detail.cluster === undefined || detail.cluster.leader === server)?.detail;

interface Group {
  quorum: number;
  /** Of replicas only the leader knows. */
  behind?: number;
  offline?: number;
}

function groupOf(leader: { cluster?: RaftGroup } | undefined): Group {
  if (!leader) return { quorum: 0 };
  const replicas = leader.cluster?.replicas ?? [];
  const offline = replicas.filter((replica) => replica.offline).length;
  const behind = replicas.filter((replica) => !replica.current && !replica.offline).length;
  const all = replicas.length + 1;
  return { quorum: Number((all - offline) * 2 > all), behind, offline };
}

function ofStream(key: string, views: readonly View<StreamDetail>[], ageOf: AgeOf): Reading[] {
  const labels = streamOf(key);
  const leader = leading(views);
  const { quorum, behind, offline } = groupOf(leader);
  const durables = Map.groupBy(
    views.flatMap(({ server, detail }) => detail.consumer_detail.map((durable) => ({ server, detail: durable }))),
    ({ detail }) => detail.name,
  );
  return [
    { name: "probe_stream_quorum", labels, value: quorum },
    ...some("probe_stream_replicas_behind", labels, behind),
    ...some("probe_stream_replicas_offline", labels, offline),
    ...(leader?.mirror
      ? some("probe_mirror_lag_seconds", labels, ageOf(key, mirrored(leader.state.last_seq, leader.mirror.lag)))
      : []),
    ...[...durables].flatMap(([name, own]) => ofDurable({ ...labels, consumer_name: name }, own, views, ageOf)),
  ];
}

/** Messages of a mirror have the sequences of its origin. */
const mirrored = (last: number, lag: number): Position => ({ head: last + lag, floor: last, waiting: lag });

function ofDurable(
  labels: { tenant: string; stream_name: string; consumer_name: string },
  views: readonly View<DurableDetail>[],
  streams: readonly View<StreamDetail>[],
  ageOf: AgeOf,
): Reading[] {
  const leader = leading(views);
  const { quorum, behind } = groupOf(leader);
  const head = Math.max(...streams.map(({ detail }) => detail.state.last_seq));
  return [
    { name: "probe_consumer_quorum", labels, value: quorum },
    ...some("probe_consumer_replicas_behind", labels, behind),
    ...(leader
      ? some(
          "probe_consumer_oldest_seconds",
          labels,
          ageOf(Object.values(labels).join("/"), {
            head,
            floor: leader.ack_floor.stream_seq,
            waiting: leader.num_pending + leader.num_ack_pending,
          }),
        )
      : []),
  ];
}

const some = (name: Reading["name"], labels: Reading["labels"], value: number | undefined): Reading[] =>
  value === undefined ? [] : [{ name, labels, value }];
