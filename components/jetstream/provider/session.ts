import { setTimeout as sleep } from "node:timers/promises";
import type { Args } from "../wire";
import { Connections } from "./connections";
import { readServerFacts, type ServerFacts } from "./facts";
import { waitUntilReady } from "./gate";
import type { Account } from "./reconcile";
import type { ConnectionSettings } from "./settings";

/** How long a change waits for JetStream. */
export const waits = { unreachableMs: 15_000, deadlineMs: 120_000 };
/** A refresh or check may be part of a preview on a machine that sees no servers: it only looks. */
export const look = { unreachableMs: 3_000, deadlineMs: 15_000 };

export const say = (line: string) => process.stderr.write(`${line}\n`);

/** What all resources of one provider process share: connections, the readiness gate, what the servers can do. */
export class Session {
  private readonly connections: Connections;
  private ready: Promise<void> | undefined;
  private known: Promise<ServerFacts | undefined> | undefined;
  private warned = false;

  constructor(private readonly settings: ConnectionSettings) {
    this.connections = new Connections(settings);
  }

  async account(args: Args, patience = waits): Promise<Account> {
    const region = this.settings.regions.find(({ name }) => name === args.region);
    if (region?.degraded) throw new Error(`region ${region.name} is named in supercluster:degraded; what lives there is left alone`);
    await this.whenReady(patience);
    return { connection: await this.connections.account(args.account as string), owner: this.settings.owner, say };
  }

  /** What the servers can do; undefined where none can be asked. */
  async facts(): Promise<ServerFacts | undefined> {
    const servers = this.settings.regions.filter(({ degraded }) => !degraded).flatMap((region) => region.servers).length;
    this.known ??= this.connections.system().then((system) => readServerFacts(system, servers));
    const facts = await this.known.catch(() => undefined);
    if (!facts) this.known = undefined;
    return facts;
  }

  /** The account, or undefined with one warning a process where no server can be asked: then only what needs none is checked. */
  async accountIfReachable(args: Args): Promise<Account | undefined> {
    try {
      return await this.account(args, look);
    } catch (error) {
      if (!this.warned) say(`warning: servers cannot be asked, so what a change would cost is only checked by \`up\`: ${(error as Error).message}`);
      this.warned = true;
      return undefined;
    }
  }

  /** The gate stands before the first request of the process; a failed wait is not remembered, so that a later one may succeed. */
  private whenReady(patience: typeof waits): Promise<void> {
    this.ready ??= waitUntilReady(this.settings.regions, () => this.connections.system(), patience, say).catch(async (error: unknown) => {
      // Whoever waits beside gets the same answer; the next one tries again.
      await sleep(0);
      this.ready = undefined;
      throw error;
    });
    return this.ready;
  }
}
