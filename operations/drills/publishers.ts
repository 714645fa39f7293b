import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { connect, headers, type NatsConnection, nkeyAuthenticator } from "@nats-io/transport-node";
import type { Tenants } from "../../config/assets/asset";
import { withLanes } from "../../config/assets/lanes";
import { type Acknowledged, deliveryCheckHeader, type Recorded } from "../../workers/messaging/contract";
import { type Access, clientVariables } from "../access/access";
import { subjectInAll } from "../verify/concrete-subject";

/** One publisher: a user of a tenant, connected to the servers of one region. */
export interface PublisherSpec {
  account: string;
  stream: string;
  subject: string;
  user: string;
  /** Region whose servers it is connected to. */
  region: string;
  /** Milliseconds from one publish to the next, while they are acknowledged. */
  interval: number;
}

/** Milliseconds between two publishes of a publisher: in the region of the drill, and elsewhere. */
export const intervals = { home: 200, elsewhere: 500 } as const;

/** As docs/clients.md has it; an id is used until it is acknowledged. */
const throughRestarts = { retries: 10, timeout: 2_000 } as const;
/** Between two attempts with ten retries each, in milliseconds. */
const pauseMs = 100;
/** For what is on its way when the publishing ends, in milliseconds. */
const lastMs = 10_000;

/**
 * A publisher of each stream that a user of its tenant may publish to, in each of these regions; and the streams that
 * have none. Pure.
 */
export function publishersOf(
  tenants: Tenants,
  regions: readonly { region: string; interval: number }[],
): { publishers: PublisherSpec[]; without: string[] } {
  const publishers: PublisherSpec[] = [];
  const without: string[] = [];
  for (const tenant of Object.values(tenants).map(withLanes))
    for (const [stream, { subjects }] of Object.entries(tenant.streams)) {
      const found = Object.entries(tenant.users)
        .map(([user, { publishes = [] }]) => ({ user, subject: subjectInAll(publishes, subjects) }))
        .find(({ subject }) => subject !== undefined);
      if (!found?.subject) without.push(`${tenant.name}/${stream}`);
      else
        for (const { region, interval } of regions)
          publishers.push({
            account: tenant.name,
            stream,
            subject: found.subject,
            user: found.user,
            region,
            interval,
          });
    }
  return { publishers, without };
}

/** What a publisher did. */
export interface Publishings {
  spec: PublisherSpec;
  /** Acknowledged messages and those without an answer, in their order. */
  recorded: Recorded[];
  /** When each acknowledgement came, in milliseconds since the epoch. */
  acknowledgedAt: number[];
}

/**
 * Publishers that run until `stop`, whatever happens to servers. Their messages have the header by which workers
 * acknowledge them without processing them.
 */
export class Publishing {
  readonly all: Publishings[];
  private readonly connections = new Map<string, Promise<NatsConnection>>();
  private running: Promise<void>[] = [];
  private isStopped = false;

  private constructor(
    private readonly access: Access,
    specs: readonly PublisherSpec[],
    /** First part of every id: no other run's. */
    private readonly run: string,
  ) {
    this.all = specs.map((spec) => ({ spec, recorded: [], acknowledgedAt: [] }));
  }

  /** Starts them. Throws what keeps a publisher from connecting. */
  static async start(access: Access, specs: readonly PublisherSpec[], run: string): Promise<Publishing> {
    const publishing = new Publishing(access, specs, run);
    try {
      const connections = await Promise.all(publishing.all.map(({ spec }) => publishing.connection(spec)));
      publishing.running = publishing.all.map((one, index) => publishing.publish(one, connections[index]!, index));
      return publishing;
    } catch (error) {
      await publishing.stop();
      throw error;
    }
  }

  /** One of a user and region, which comes back whatever happens to servers. */
  private connection({ account, user, region }: PublisherSpec): Promise<NatsConnection> {
    const key = [account, user, region].join();
    const known = this.connections.get(key) ?? this.connect(account, user, region);
    this.connections.set(key, known);
    return known;
  }

  private async connect(account: string, user: string, region: string): Promise<NatsConnection> {
    const variables = await clientVariables(this.access, region, account, user);
    return connect({
      servers: variables.NATS_URL.split(","),
      ...(variables.NATS_NKEY_SEED === undefined
        ? { user: variables.NATS_USER, pass: variables.NATS_PASSWORD }
        : { authenticator: nkeyAuthenticator(new TextEncoder().encode(variables.NATS_NKEY_SEED)) }),
      inboxPrefix: variables.NATS_INBOX_PREFIX,
      tls: { ca: variables.NATS_CA },
      name: "supercluster drill",
      timeout: 10_000,
      maxReconnectAttempts: -1,
      ignoreClusterUpdates: true,
      // As workers have it: a server that no longer answers is left after half a minute.
      pingInterval: 10_000,
      maxPingOut: 2,
    });
  }

  private async publish(own: Publishings, connection: NatsConnection, index: number): Promise<void> {
    const { subject, interval } = own.spec;
    const client = jetstream(connection);
    // Not all at the same moment.
    await sleep((index * 37) % interval);
    for (let count = 0; !this.isStopped; count++) {
      const id = `${this.run}-${index}-${count}`;
      const from = Date.now();
      const sent = await this.untilAcknowledged(client, subject, id, from);
      own.recorded.push(sent);
      if ("seq" in sent) own.acknowledgedAt.push(from + sent.ms);
      await sleep(Math.max(0, from + interval - Date.now()));
    }
  }

  private async untilAcknowledged(
    client: ReturnType<typeof jetstream>,
    subject: string,
    id: string,
    from: number,
  ): Promise<Acknowledged | { id: string; error: string }> {
    for (;;)
      try {
        const marked = headers();
        marked.set(deliveryCheckHeader, id);
        const { stream, seq } = await client.publish(subject, JSON.stringify({ drill: id }), {
          ...throughRestarts,
          msgID: id,
          headers: marked,
        });
        return { id, subject, stream, seq, ms: Date.now() - from };
      } catch (error) {
        if (this.isStopped) return { id, error: (error as Error).message };
        await sleep(pauseMs);
      }
  }

  /** Resolves when each publisher has had an acknowledgement since a time; false where one had none within `ms`. */
  async allSince(time: number, ms: number, signal: AbortSignal): Promise<boolean> {
    for (const deadline = Date.now() + ms; Date.now() < deadline && !signal.aborted; await sleep(pauseMs))
      if (this.all.every(({ acknowledgedAt }) => (acknowledgedAt.at(-1) ?? 0) >= time)) return true;
    return false;
  }

  /** Ends them; what is on its way has ten seconds. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const end = new AbortController();
    const patience = sleep(lastMs, undefined, { signal: end.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.running), patience]);
    end.abort();
    for (const made of this.connections.values())
      await made.then(
        (connection) => connection.close(),
        () => undefined,
      );
    await Promise.all(this.running);
  }
}
