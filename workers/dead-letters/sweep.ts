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
  stored,
  type WorkerPart,
} from "../messaging";
import { copiedMessage } from "./given-up-message";
import type { CollectorMetrics } from "./metrics";
import { isForgotten, placesToLook } from "./stuck";
import { remove, type SweptStreams } from "./swept";

export interface SweepOptions {
  /** Milliseconds between two sweeps. */
  every: number;
  /** Read again at each sweep. */
  swept: SweptStreams;
  log: Logger;
  metrics: CollectorMetrics;
}

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
    // Before a first deployment it is missing: the worker says so once, and starts its parts again.
    await this.options.swept.read(manager);
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
    const { swept } = this.options;
    const { cluster } = await swept.read(tools.manager);
    this.watchLeader(cluster?.leader);
    for (const stream of swept.names) {
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
    const before = this.found.get(stream);
    const found = new Set<number>();
    for await (const { message, by } of forgottenIn(tools.manager, stream, consumers)) {
      if (this.stopping.signal.aborted) return;
      if (found.has(message.seq)) continue;
      found.add(message.seq);
      if (before?.has(message.seq)) await this.copy(tools, stream, message, by);
    }
    this.found.set(stream, found);
    this.options.metrics.stuck.set({ stream }, found.size);
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

/**
 * Messages that are in the stream although no consumer that wants them will deliver them again, one after another: all
 * of them are more than memory has. One may come twice.
 */
async function* forgottenIn(
  manager: JetStreamManager,
  stream: string,
  consumers: readonly ConsumerInfo[],
): AsyncGenerator<{ message: StoredMsg; by: ConsumerInfo[] }> {
  for (const { filter, upTo } of placesToLook(consumers))
    for (let next = 1; next <= upTo;) {
      const message = await stored(manager, stream, { seq: next, next_by_subj: filter });
      if (!message || message.seq > upTo) break;
      const by = isForgotten(message, consumers);
      if (by.length) yield { message, by };
      next = message.seq + 1;
    }
}
