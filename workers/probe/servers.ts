import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import {
  closeConnection,
  connect,
  type ConnectionSettings,
  type ConsumerStatus,
  type Logger,
  type WorkerPart,
} from "../messaging";
import { accountReadings } from "./accounts";
import { type Advisory, advisory } from "./answers";
import { type AdvisoryKind, advisoryKinds, type ProbeMetrics, type Reading } from "./metrics";
import { leadsMeta, Readings } from "./readings";
import { askAccounts, askServers } from "./system";

export interface ServersOptions {
  /** Whose servers are read. */
  region: string;
  /** With the login of the system account. */
  system: ConnectionSettings;
  /** Milliseconds between two readings. */
  every: number;
  /** The least milliseconds between two of all accounts, which servers of all regions answer. */
  accountsEvery: number;
  log: Logger;
  metrics: ProbeMetrics;
}

/**
 * Reads what the servers of a region know of themselves, and counts what they tell. It
 * connects again whatever becomes of its connection: that the password of the system account was replaced is no reason
 * to stop the rest of the process.
 */
export class Servers implements WorkerPart {
  readonly name = "servers";
  private readonly stopping = new AbortController();
  private readonly readings = new Readings();
  private running?: Promise<void>;
  private connection?: NatsConnection;
  /** The last reading of accounts; absent where this is not its region. */
  private accounts?: { at: number; readings: Reading[] };
  private count = { processed: 0, errored: 0 };
  private problem?: string;

  constructor(private readonly options: ServersOptions) {}

  get status(): ConsumerStatus {
    return { running: true, ...this.count, unavailable: this.problem };
  }

  /** Whether a stream is of the region, as far as the last reading knows. */
  hasStream(account: string, stream: string): boolean {
    return this.readings.streams.has(`${account}/${stream}`);
  }

  start(): Promise<void> {
    this.running = this.run();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    if (this.connection) await closeConnection(this.connection);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.read().catch((error: unknown) => this.failed(error));
      await sleep(this.options.every, undefined, { signal }).catch(() => undefined);
    }
  }

  private async read(): Promise<void> {
    const { log, metrics, region } = this.options;
    const system = await this.connected();
    const answers = await askServers(system, region, log);
    const servers = new Set([...answers.varz, ...answers.jsz].map(({ server }) => server)).size;
    if (servers === 0) throw new Error(`no server of ${region} answers the system account`);
    const at = Date.now();
    const readings = this.readings.read(answers, at);
    this.accounts = answers.jsz.some(leadsMeta) ? await this.readAccounts(system, at) : undefined;
    const { durables } = this.readings;
    metrics.show({ servers, durables, readings: [...readings, ...(this.accounts?.readings ?? [])] });
    if (this.problem !== undefined) log.info({ servers }, "servers are read again");
    this.problem = undefined;
    this.count.processed++;
  }

  /** They are the same for all regions, so one of them reads them: that of the meta leader. */
  private async readAccounts(system: NatsConnection, at: number): Promise<typeof this.accounts> {
    const { accountsEvery, log } = this.options;
    if (this.accounts && at - this.accounts.at < accountsEvery) return this.accounts;
    const readings = await askAccounts(system, log).then(accountReadings, (error: unknown): Reading[] => {
      log.warn({ err: error }, "accounts cannot be read; trying again");
      return [];
    });
    return { at, readings };
  }

  private failed(error: unknown): void {
    if (this.stopping.signal.aborted) return;
    const problem = error instanceof Error ? error.message : String(error);
    if (this.problem !== problem) this.options.log.error({ err: error }, "servers cannot be read; trying again");
    this.problem = problem;
    this.count.processed++;
    this.count.errored++;
    this.options.metrics.show(undefined);
  }

  private async connected(): Promise<NatsConnection> {
    if (this.connection && !this.connection.isClosed()) return this.connection;
    const { log, system } = this.options;
    const connection = await connect(system, { name: "probe system", log, signal: this.stopping.signal });
    for (const [subject, kind] of Object.entries(advisoryKinds))
      connection.subscribe(subject, {
        callback: (error, message) => {
          if (!error) this.advised(kind, message.string());
        },
      });
    return (this.connection = connection);
  }

  /** Every probe gets those of all regions, and counts its own region's. */
  private advised(kind: AdvisoryKind, text: string): void {
    const found = parsed(text);
    if (!found) return this.options.log.warn({ kind }, "an advisory cannot be read");
    const { account, stream, leader } = found;
    const isOurs = leader === undefined ? this.hasStream(account ?? "", stream ?? "") : this.isServer(leader);
    if (!isOurs) return;
    this.options.metrics.advisories.inc({ kind });
    this.options.log.debug({ kind, ...found }, "advisory");
  }

  private isServer = (name: string): boolean => this.readings.servers.has(name);
}

function parsed(text: string): Advisory | undefined {
  try {
    return advisory.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
