import { setTimeout as sleep } from "node:timers/promises";
import type { Look, StatusReader } from "../../operations/supercluster/read-status";
import type { Answers } from "../../operations/supercluster/snapshot";
import type { HappenedEvent, Picture, Update } from "../picture";
import { changeOf } from "./changes";
import { differencesOf, type Happened } from "./events/differences";
import { listenTo } from "./events/listen";
import { History, sampleMs } from "./history";
import { LastAnswers } from "./last-answers";
import { pictureOf, type Shown } from "./picture";
import { Rates } from "./rates";

/** Milliseconds between two looks while a page is open. */
const paceMs = 2_000;

/** Events that are kept. */
const mostEvents = 500;

/** An update as text, made once for all pages. */
export interface Told {
  kind: Update["kind"];
  text: string;
}

export interface GathererOptions {
  /** Connects; called again after a connection has ended. `completed` is what stands for the answers of a look. */
  open: (completed: (answers: Answers) => Answers) => Promise<Pick<StatusReader, "look" | "close" | "system">>;
  paceMs?: number;
}

/**
 * Looks at a supercluster: every 2 s while pages are open, however many there are, and every 30 s for the last hour
 * while none is.
 */
export class Gatherer {
  private readonly pages = new Set<(told: Told) => void>();
  private readonly rates = new Rates();
  private readonly lastAnswers = new LastAnswers();
  readonly history = new History();
  private readonly events: HappenedEvent[] = [];
  private eventCount = 0;
  private picture?: Picture;
  private blind?: { since: string; reason: string };
  private pause = new AbortController();
  private isClosed = false;
  private reader?: Awaited<ReturnType<GathererOptions["open"]>>;
  private readonly ended: Promise<void>;

  constructor(
    private readonly checked: Shown,
    private readonly options: GathererOptions,
  ) {
    this.ended = this.run();
  }

  /** Tells a page what there is, and then what changes; returns what ends that. */
  subscribe(page: (told: Told) => void): () => void {
    this.pages.add(page);
    if (this.picture) page(asText({ kind: "picture", picture: this.picture, events: this.events }));
    if (this.blind) page(asText({ kind: "blind", ...this.blind }));
    this.pause.abort();
    return () => this.pages.delete(page);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.pause.abort();
    await this.ended;
  }

  private async run(): Promise<void> {
    while (!this.isClosed) {
      const began = Date.now();
      await this.lookOnce();
      await this.waitSince(began);
    }
    await this.reader?.close();
  }

  /** Until the next look is due; a page that is opened makes it due earlier. */
  private async waitSince(began: number): Promise<void> {
    const { paceMs: pace = paceMs } = this.options;
    for (;;) {
      const left = began + (this.pages.size > 0 ? pace : sampleMs) - Date.now();
      if (left <= 0 || this.isClosed) return;
      this.pause = new AbortController();
      await sleep(left, undefined, { signal: this.pause.signal }).catch(() => {});
    }
  }

  private async lookOnce(): Promise<void> {
    try {
      const look = await this.look();
      const usual = (gateway: string) => this.history.median(`gateway:${gateway}`, "roundTripMs");
      const picture = pictureOf(this.checked, look, this.rates, {
        ...{ usual, silentSince: this.lastAnswers.silentSince, before: this.picture?.head },
      });
      this.rates.next();
      const before = this.picture;
      const wasBlind = this.blind !== undefined;
      [this.picture, this.blind] = [picture, undefined];
      this.history.add(picture);
      const events = this.keep(before ? differencesOf(before, picture) : []);
      if (before && !wasBlind) this.tell({ kind: "change", change: changeOf(before, picture), events });
      else this.tell({ kind: "picture", picture, events: this.events });
    } catch (error) {
      this.blind ??= { since: new Date().toISOString(), reason: (error as Error).message };
      this.tell({ kind: "blind", ...this.blind });
    }
  }

  private async look(): Promise<Look> {
    const isNew = this.reader === undefined;
    try {
      this.reader ??= await this.connected();
      return await this.reader.look();
    } catch (error) {
      await this.reader?.close().catch(() => {});
      this.reader = undefined;
      if (isNew) throw error;
      // The server that it was connected to may be gone, which says nothing about the others.
      return this.look();
    }
  }

  private async connected() {
    const reader = await this.options.open((answers) => this.lastAnswers.completed(answers));
    listenTo(reader.system, (events) => this.tell({ kind: "events", events: this.keep(events) }));
    return reader;
  }

  private keep(events: Happened[]): HappenedEvent[] {
    const kept = events.map((event) => ({ ...event, id: ++this.eventCount }));
    this.events.push(...kept);
    this.events.splice(0, this.events.length - mostEvents);
    return kept;
  }

  private tell(update: Update): void {
    if (this.pages.size === 0) return;
    const told = asText(update);
    for (const page of this.pages) page(told);
  }
}

const asText = (update: Update): Told => ({ kind: update.kind, text: JSON.stringify(update) });
