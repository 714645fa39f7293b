import * as z from "zod";

/**
 * What servers answer to requests of the system account: only the fields that are read here. What a server of another
 * version leaves out is missing among the metrics, and no error. Source: nats-server 2.14.9, server/monitor.go.
 */

/** Nanoseconds without a sign of a peer, which sends one every second, after which it counts as offline. */
const silent = 10e9;

const peer = z
  .object({
    name: z.string(),
    current: z.boolean(),
    offline: z.boolean().default(false),
    /** Nanoseconds since its last sign; 0 without any since the leader was elected. */
    active: z.number().default(0),
  })
  .transform(({ name, current, offline, active }) => ({
    name,
    current,
    // The servers' own flag is there at once for a server that said goodbye, and minutes later for a killed one.
    offline: offline || active > silent || (active === 0 && !current),
  }));

/** As its leader knows it; other members list themselves and know nothing of the rest. */
const raftGroup = z.object({ leader: z.string().optional(), replicas: z.array(peer).default([]) });

const listener = z.object({ tls_cert_not_after: z.iso.datetime().optional() });

export const varz = z.object({
  /** Of the listener of clients. */
  tls_cert_not_after: z.iso.datetime().optional(),
  cluster: listener.optional(),
  gateway: listener.optional(),
});

const durable = z.object({
  name: z.string(),
  cluster: raftGroup.optional(),
  num_pending: z.number().default(0),
  num_ack_pending: z.number().default(0),
  /** All of the stream up to this sequence is acknowledged. */
  ack_floor: z.object({ stream_seq: z.number().default(0) }).prefault({}),
});

const stream = z.object({
  name: z.string(),
  cluster: raftGroup.optional(),
  state: z.object({ last_seq: z.number() }),
  /** Of a mirror: messages of its origin that it does not have yet. */
  mirror: z.object({ lag: z.number().default(0) }).optional(),
  consumer_detail: z.array(durable).default([]),
});

export const jsz = z.object({
  meta_cluster: raftGroup.optional(),
  account_details: z.array(z.object({ name: z.string(), stream_detail: z.array(stream).default([]) })).default([]),
});

export type Varz = z.output<typeof varz>;
export type Jsz = z.output<typeof jsz>;
export type Accountz = z.output<typeof accountz>;
export type RaftGroup = z.output<typeof raftGroup>;
export type StreamDetail = z.output<typeof stream>;
export type DurableDetail = z.output<typeof durable>;

/** Of one account where the request names it, else the names of all. */
export const accountz = z.object({
  accounts: z.array(z.string()).default([]),
  system_account: z.string().optional(),
  account_detail: z
    .object({
      account_name: z.string(),
      /** Of this server. */
      client_connections: z.number().default(0),
      /** What its clients' subjects become. */
      mappings: z.record(z.string(), z.array(z.object({ subject: z.string() }))).default({}),
    })
    .optional(),
});

/** One server's answer. */
export interface Answer<T> {
  server: string;
  region: string;
  data: T;
}

/** Answers carry who gives them, and what is wrong where there is no data. */
export const answerOf = <S extends z.ZodType>(data: S) =>
  z.object({
    server: z.object({ name: z.string(), cluster: z.string() }),
    data: data.optional(),
    error: z.object({ description: z.string() }).optional(),
  });

/** What servers tell the system account when a leader is elected, or a majority is lost. */
export const advisory = z.object({
  account: z.string().optional(),
  stream: z.string().optional(),
  leader: z.string().optional(),
});

export type Advisory = z.output<typeof advisory>;
