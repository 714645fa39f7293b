import { setTimeout as sleep } from "node:timers/promises";
import {
  type ConsumerInfo,
  type JetStreamClient,
  jetstreamManager,
  type JetStreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import {
  clientOf,
  createDeadLetterWriter,
  type DeadLetterCopier,
  deadLetterNames,
  type Logger,
  type WorkerPart,
} from "../messaging";
import { copiedMessage, stored } from "./given-up-message";
import type { CollectorMetrics } from "./metrics";
import { floorOf, isForgotten } from "./stuck";
import { remove, sweptIn } from "./swept";

export interface SweepOptions {
  /** Milliseconds between two sweeps. */
  every: number;
  log: Logger;
  metrics: CollectorMetrics;
}

/** Messages of one stream that one sweep looks at. */
const mostLooked = 10_000;

/**
 * Finds messages that were given up without an advisory about them, which is lost when the leader of the stream of
 * advisories is: in a work queue or interest stream they are what no durable has pending any more. (In a limits stream
 * nothing shows them.) A message is copied at the second sweep in a row that finds it: what was just acknowledged is
 * deleted a moment later.
 */
export class Sweep implements WorkerPart {
  readonly name = "sweep";
  private readonly stopping = new AbortController();
  private readonly found = new Map<string, ReadonlySet<number>>();
  private leader?: string;
  private running?: Promise<void>;

  constructor(private readonly options: SweepOptions) {}

  async start(js: JetStreamClient): Promise<void> {
    const connection = clientOf(js).getConnection();
    const manager = await jetstreamManager(connection, { checkAPI: false });
    this.running = this.run({ connection, manager, writer: createDeadLetterWriter(js) });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(tools: Tools): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.sweep(tools).catch((error: unknown) =>
        this.options.log.error({ err: error }, "the sweep failed; the next one does it again"),
      );
      await sleep(this.options.every, undefined, { signal }).catch(() => undefined);
    }
  }

  private async sweep(tools: Tools): Promise<void> {
    const events = await tools.manager.streams.info(deadLetterNames.events);
    this.watchLeader(events.cluster?.leader);
    for (const stream of sweptIn(events)) {
      if (this.stopping.signal.aborted) return;
      await this.sweepStream(tools, stream);
    }
    this.options.metrics.swept.setToCurrentTime();
  }

  private watchLeader(leader: string | undefined): void {
    if (this.leader !== undefined && leader !== this.leader) {
      this.options.metrics.leaderChanges.inc();
      this.options.log.warn(
        { stream: deadLetterNames.events, before: this.leader, now: leader },
        "advisories of this moment may be lost; of limits streams nothing else shows what was given up",
      );
    }
    this.leader = leader ?? this.leader;
  }

  private async sweepStream(tools: Tools, stream: string): Promise<void> {
    const consumers: ConsumerInfo[] = [];
    for await (const info of tools.manager.consumers.list(stream)) consumers.push(info);
    const durables = consumers.filter(({ config }) => config.ack_policy === "explicit");
    const forgotten = await forgottenIn(tools.manager, stream, durables);
    this.options.metrics.stuck.set({ stream }, forgotten.length);
    const before = this.found.get(stream);
    this.found.set(stream, new Set(forgotten.map(({ message }) => message.seq)));
    for (const { message, by } of forgotten) if (before?.has(message.seq)) await this.copy(tools, stream, message, by);
  }

  private async copy({ writer, connection }: Tools, stream: string, message: StoredMsg, by: ConsumerInfo[]) {
    const durables = by.map(({ name }) => name);
    const error = new Error(
      by.length === 1
        ? "found by a sweep: no durable has it pending"
        : `found by a sweep: one of ${durables.join(", ")} gave it up, and the others have processed it`,
    );
    for (const { name: durable, config } of by) {
      const at = { stream, durable, sequence: message.seq, deliveries: Math.max(0, config.max_deliver ?? 0) };
      const outcome = await writer.copy(copiedMessage(at, message), { reason: "deliveries", error });
      this.options.metrics.collected.inc({ seen: "sweep", outcome });
      this.options.log.warn({ ...at, outcome }, "a message was given up, and no advisory was seen");
    }
    // When all are copied: each acknowledgement may be the one that deletes the message.
    for (const durable of durables) await remove(connection, { stream, durable, sequence: message.seq });
  }
}

interface Tools {
  connection: NatsConnection;
  manager: JetStreamManager;
  writer: DeadLetterCopier;
}

/** Messages that are in the stream although none of the durables that want them will deliver them again. */
async function forgottenIn(
  manager: JetStreamManager,
  stream: string,
  durables: readonly ConsumerInfo[],
): Promise<{ message: StoredMsg; by: ConsumerInfo[] }[]> {
  const last = Math.max(0, ...durables.map(floorOf));
  const forgotten: { message: StoredMsg; by: ConsumerInfo[] }[] = [];
  let next = 1;
  for (let looked = 0; looked < mostLooked && next <= last; looked++) {
    const message = await stored(manager, stream, { seq: next, next_by_subj: ">" });
    if (!message || message.seq > last) break;
    const by = isForgotten(message, durables);
    if (by.length) forgotten.push({ message, by });
    next = message.seq + 1;
  }
  return forgotten;
}
