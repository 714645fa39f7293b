import { setTimeout as sleep } from "node:timers/promises";
import type { Declared } from "../../../config/assets/declared";
import { diagnosticLine, diagnostics } from "../../../config/diagnostics";
import type { AssetArgs, AssetKey } from "../../../jetstream/schemas";
import { Connections } from "./connections";
import { readServerFacts, type ServerFacts } from "../../../jetstream/facts";
import { waitUntilReady } from "../../../jetstream/gate";
import type { Info } from "../../../jetstream/info";
import type { AssetKind } from "../../../jetstream/kinds";
import { Listing } from "./listing";
import type { Account } from "../../../jetstream/account";
import { SubjectMoves } from "../../../jetstream/subject-moves";
import type { ConnectionSettings } from "./settings";
import { untestedLine } from "./tested-servers";
import { timeouts } from "../../../jetstream/timeouts";

/** How long a change waits for JetStream to be ready, in ms, and that it waits for every server. */
export const waits = { unreachableMs: 15_000, deadlineMs: 120_000, everyServer: true };
/**
 * A refresh or check may be part of a preview on a machine that reaches no servers: it waits briefly. A meta leader is
 * enough for that; what lives on servers that are down is unknown then, and everything else is not.
 */
const look = { unreachableMs: 3_000, deadlineMs: 15_000, everyServer: false };
/** One attempt, for checks that every write repeats: a first deployment creates many streams before servers are up. */
const glance = { unreachableMs: 0, deadlineMs: 2_000, everyServer: false };

/** Prints one line to stderr, which Pulumi shows while it runs. */
export const logProgress = (line: string) => process.stderr.write(`${line}\n`);

/** What all resources of one provider process share: connections, the readiness gate, what the servers support. */
export class Session {
  private readonly connections: Connections;
  private readonly listings = new Map<string, Listing>();
  private readonly ready = new Map<typeof waits, Promise<void>>();
  private readonly moves: Map<string, SubjectMoves>;
  private known: Promise<ServerFacts | undefined> | undefined;
  private warned = false;
  private isSilent = false;
  private isNoted = false;

  /** @param declared what the stack declares, by account; without it subjects do not move between its streams */
  constructor(
    private readonly settings: ConnectionSettings,
    declared: Record<string, Declared> = {},
  ) {
    Object.assign(timeouts, settings.timeouts);
    this.moves = new Map(
      Object.entries(declared).map(([account, own]) => [account, new SubjectMoves(own, logProgress)]),
    );
    this.connections = new Connections(settings);
  }

  async account(args: AssetArgs, patience = waits): Promise<Account> {
    this.requireRegion(args);
    return this.open(args.account, patience);
  }

  /** What the server answers for an asset, as `Listing.find`. Only for reads: a write observes the asset itself. */
  async find(kind: AssetKind, args: AssetArgs): Promise<Info | undefined> {
    this.requireRegion(args);
    const name = args.account;
    const listing = this.listings.get(name) ?? new Listing(() => this.open(name, look));
    this.listings.set(name, listing);
    return listing.find(kind, args);
  }

  /** Drops the account's lists; must be called after a write. */
  forget({ account }: AssetKey): void {
    this.listings.delete(account);
  }

  /** What the servers support; undefined where none answers. */
  async facts(): Promise<ServerFacts | undefined> {
    const servers = this.settings.regions
      .filter(({ degraded }) => !degraded)
      .flatMap((region) => region.servers).length;
    this.known ??= this.connections.system().then((system) => readServerFacts(system, servers));
    const facts = await this.known.catch(() => undefined);
    if (!facts) this.known = undefined;
    return facts;
  }

  /**
   * The account, or undefined where it is not deployed yet, and so holds nothing, and, with one warning per process,
   * where no server answers: only the arguments are checked then.
   */
  async accountIfReachable(args: AssetArgs): Promise<Account | undefined> {
    if (this.isNew(args)) return undefined;
    try {
      return await this.account(args, look);
    } catch (error) {
      if (!this.warned)
        logProgress(diagnosticLine(diagnostics.jetstreamUnreachable, "JetStream", (error as Error).message));
      this.warned = true;
      return undefined;
    }
  }

  /** The account if its servers answer at once; undefined, without a warning, as soon as they did not once. */
  async accountAtOnce(args: AssetArgs): Promise<Account | undefined> {
    if (this.isSilent || this.isNew(args)) return undefined;
    try {
      return await this.account(args, glance);
    } catch {
      this.isSilent = true;
      return undefined;
    }
  }

  /** Whether the asset's account is not deployed yet: servers hold nothing of it. */
  private isNew({ account }: AssetKey): boolean {
    return !(account in this.settings.provisioners);
  }

  private requireRegion(args: AssetArgs): void {
    const region = this.settings.regions.find(({ name }) => name === args.region);
    if (region?.degraded)
      throw new Error(
        `region ${region.name} is named in supercluster:degraded; its streams and consumers are left as they are`,
      );
  }

  private async open(account: string, patience: typeof waits): Promise<Account> {
    await this.whenReady(patience);
    const connection = await this.connections.account(account);
    this.noteServers(connection.info?.version);
    return {
      connection,
      owner: this.settings.owner,
      inboxPrefix: this.settings.provisioners[account]!.inboxPrefix,
      moves: this.moves.get(account),
      logProgress,
    };
  }

  /** Warns once where the server that a connection reached is none that this program is tested with. */
  private noteServers(version: string | undefined): void {
    const line = this.isNoted ? undefined : untestedLine(version);
    if (line === undefined) return;
    this.isNoted = true;
    logProgress(line);
  }

  /** Waits for the gate once per process; a failed wait is not remembered, so that a later one may succeed. */
  private whenReady(patience: typeof waits): Promise<void> {
    let ready = this.ready.get(patience);
    if (!ready) {
      const regions = patience.everyServer ? this.settings.regions : [];
      ready = waitUntilReady(regions, () => this.connections.system(), patience, logProgress).catch(
        async (error: unknown) => {
          // Concurrent callers get the same error; the next call tries again.
          await sleep(0);
          this.ready.delete(patience);
          throw error;
        },
      );
      this.ready.set(patience, ready);
    }
    return ready;
  }
}
