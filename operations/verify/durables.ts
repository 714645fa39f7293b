import { randomUUID } from "node:crypto";
import { plural } from "../../config/plural";
import { pollUntil } from "../../config/poll-until";
import type { ConsumerDetail } from "../../jetstream/monitoring";
import type { Snapshot } from "../supercluster/snapshot";
import type { Proof } from "./canary";
import type { Connections } from "./connections";
import type { Leftovers } from "./leftovers";
import { type Delivery, listen, publish, pull } from "./messages";
import { type DurablePlan, type StreamPlan, takes } from "./plan";

const deadlineMs = 10_000;

/** Messages of others come first. */
const workerDeadlineMs = 20_000;

/** What proofs through durables need. */
export interface ProofContext {
  connections: Connections;
  snapshot: Snapshot;
  leftovers: Leftovers;
  /** Durables that a worker of this program reads, as `<account>/<stream>/<name>`. */
  worked: ReadonlySet<string>;
  /** What servers report now. */
  observe(): Promise<Snapshot>;
  /** Number of clients that subscribe to a subject. */
  subscribers(account: string, subject: string): Promise<number>;
}

/**
 * Sends marked messages through a stream and all its durables, with the tenant's own users. Only where no other client
 * works: one durable with a client, or with messages of other publishers, excludes the whole stream, because a delivery
 * cannot be undone. Never throws: an error makes the proofs of all durables fail.
 */
export async function proveStream(plan: StreamPlan, context: ProofContext): Promise<Proof[]> {
  const forEach = (result: "failed" | "skipped", detail: string): Proof[] =>
    plan.durables.map((durable) => ({ name: nameOf(durable), result, detail }));
  for (const durable of plan.durables)
    context.leftovers.limit(keyOf(durable), unacknowledged(durable, context.snapshot));
  try {
    const others = plan.durables.filter((durable) => !isWorked(durable, context));
    const reasons = (await Promise.all(others.map((durable) => reasonsToSkip(durable, context)))).flat();
    return reasons.length > 0
      ? forEach("skipped", `nothing was published: ${reasons.join("; ")}`)
      : await sendThrough(plan, context);
  } catch (error) {
    return forEach("failed", `${plan.from} -> ${plan.to}: ${(error as Error).message}`);
  } finally {
    context.leftovers.save();
  }
}

async function sendThrough(plan: StreamPlan, context: ProofContext): Promise<Proof[]> {
  const { connections, leftovers } = context;
  const id = randomUUID();
  const started = new Map<string, number>();
  const stored = new Map<string, number>();
  const taken = plan.durables.filter((durable) => !isWorked(durable, context));
  const runs = await Promise.all(taken.map((durable) => startTaking(plan, durable, context, id, started)));
  try {
    for (const { durable } of runs) leftovers.add(keyOf(durable), durable.messages);
    leftovers.save();
    await Promise.all(
      plan.messages.map(async ({ subject, publisher }) => {
        const connection = await connections.get(plan.from, plan.account, publisher);
        started.set(subject, performance.now());
        stored.set(subject, await publish(connection, subject, id));
      }),
    );
    const results = await Promise.all([
      ...runs.map(({ durable, takes }) => resultOf(plan, durable, takes, leftovers)),
      ...plan.durables
        .filter((durable) => isWorked(durable, context))
        .map((durable) => resultOfWorker(plan, durable, { started, stored }, context)),
    ]);
    const order = plan.durables.map(nameOf);
    return results.toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
  } finally {
    for (const { takes, end } of runs) {
      takes.stop();
      end();
    }
  }
}

async function startTaking(
  { account, stream, to }: StreamPlan,
  durable: DurablePlan,
  { connections, snapshot }: ProofContext,
  id: string,
  started: Map<string, number>,
) {
  const { consumer, messages, user } = durable;
  const before = waiting(durable, snapshot);
  const connection = await connections.get(to, account, user);
  const takes = new Taking(messages, before, id, started);
  if (consumer.spec.mode === "pull") {
    const request = {
      stream,
      durable: consumer.name,
      count: messages + before,
      expiresMs: deadlineMs,
      inbox: connections.inbox(account, user),
    };
    const end = pull(connection, request, takes.take);
    return { durable, takes, end };
  }
  const end = await listen(connection, consumer.spec.deliverSubject, (delivery) => {
    // Durables of several streams may share a deliver subject; each proof takes the messages of its own durable.
    if (delivery.stream === stream && delivery.durable === consumer.name) takes.take(delivery);
  });
  return { durable, takes, end };
}

async function resultOf(
  { from, to }: StreamPlan,
  durable: DurablePlan,
  takes: Taking,
  leftovers: Leftovers,
): Promise<Proof> {
  const { took, acknowledged, found } = await takes.done;
  leftovers.add(keyOf(durable), -acknowledged);
  const place = { name: nameOf(durable), from, to };
  return found < durable.messages
    ? {
        ...place,
        result: "failed",
        detail: `${from} -> ${to}: ${found} of ${durable.messages} messages arrived within ${deadlineMs / 1000} s`,
      }
    : { ...place, result: "ok", detail: `${from} -> ${to}, ${took.toFixed(1)} ms`, roundTripMs: took };
}

/** A worker has the message of a proof: it acknowledges it without running its handler. */
async function resultOfWorker(
  { from }: StreamPlan,
  durable: DurablePlan,
  { started, stored }: Record<"started" | "stored", ReadonlyMap<string, number>>,
  { observe, snapshot }: ProofContext,
): Promise<Proof> {
  const own = [...stored.keys()].filter((subject) => takes(durable.consumer, subject));
  const last = Math.max(...own.map((subject) => stored.get(subject)!));
  const place = { name: nameOf(durable), from };
  const before = detailOf(durable, snapshot)?.num_ack_pending ?? 0;
  const settled = await pollUntil(
    async () => (isSettled(detailOf(durable, await observe()), last, before) ? performance.now() : undefined),
    workerDeadlineMs,
  );
  const took = (settled ?? 0) - Math.min(...own.map((subject) => started.get(subject)!));
  return settled === undefined
    ? {
        ...place,
        result: "failed",
        detail: `${from} -> its worker: not acknowledged within ${workerDeadlineMs / 1000} s`,
      }
    : { ...place, result: "ok", detail: `${from} -> its worker, acknowledged within ${took.toFixed(0)} ms` };
}

/**
 * Whether a worker has acknowledged the messages of a proof up to a sequence number. The floor of acknowledgements
 * stays below an older message that waits for its retry: then they were delivered, and no more are unacknowledged than
 * before.
 *
 * @param before messages that were unacknowledged before the proof
 */
export function isSettled(
  found: Pick<ConsumerDetail, "ack_floor" | "delivered" | "num_ack_pending"> | undefined,
  last: number,
  before: number,
): boolean {
  if ((found?.ack_floor?.stream_seq ?? 0) >= last) return true;
  const delivered = found?.delivered?.stream_seq ?? 0;
  return before > 0 && delivered >= last && found!.num_ack_pending <= before;
}

const isWorked = (durable: DurablePlan, { worked }: ProofContext): boolean => worked.has(keyOf(durable));

const nameOf = (durable: DurablePlan): string => `durable ${keyOf(durable)}`;

const keyOf = ({ consumer: { account, stream, name } }: DurablePlan): string => `${account}/${stream}/${name}`;

const detailOf = ({ consumer: { account, stream, name } }: DurablePlan, snapshot: Snapshot) =>
  snapshot.streams[account]?.[stream]?.consumer_detail?.find((consumer) => consumer.name === name);

/** Messages that are delivered at once on request. */
const waiting = (durable: DurablePlan, snapshot: Snapshot): number => detailOf(durable, snapshot)?.num_pending ?? 0;

const unacknowledged = (durable: DurablePlan, snapshot: Snapshot): number =>
  waiting(durable, snapshot) + (detailOf(durable, snapshot)?.num_ack_pending ?? 0);

async function reasonsToSkip(
  durable: DurablePlan,
  { snapshot, leftovers, subscribers }: ProofContext,
): Promise<string[]> {
  const { account, name, spec } = durable.consumer;
  const detail = detailOf(durable, snapshot);
  if (!detail) return [`${name} does not exist`];
  const clients = spec.mode === "push" ? await subscribers(account, spec.deliverSubject) : detail.num_waiting;
  const others = unacknowledged(durable, snapshot) - leftovers.of(keyOf(durable));
  return [
    ...(clients > 0 ? [`a client uses ${name}`] : []),
    ...(others > 0 ? [`${plural(others, "message")} of other publishers in ${name}`] : []),
  ];
}

/** Receives what one durable delivers: acknowledges messages of proofs, and returns all others. */
class Taking {
  readonly done: Promise<{ took: number; acknowledged: number; found: number }>;
  private readonly acknowledgements: Promise<boolean>[] = [];
  private found = 0;
  private took = 0;
  private resolve!: () => void;

  constructor(
    private readonly expected: number,
    /** Number of messages of earlier proofs that are delivered first. */
    private readonly before: number,
    private readonly id: string,
    /** When each subject's message was published. */
    private readonly started: Map<string, number>,
  ) {
    const ended = new Promise<void>((resolve) => (this.resolve = resolve));
    const timer = setTimeout(this.resolve, deadlineMs);
    this.done = ended.then(async () => {
      clearTimeout(timer);
      const acknowledged = (await Promise.all(this.acknowledgements)).filter(Boolean).length;
      return { took: this.took, acknowledged, found: this.found };
    });
  }

  readonly take = (delivery: Delivery): void => {
    if (!delivery.id) return delivery.returnToServer();
    if (delivery.id === this.id) {
      this.found++;
      this.took = Math.max(this.took, delivery.at - this.started.get(delivery.subject)!);
    }
    this.acknowledgements.push(
      delivery.acknowledge().then(
        () => true,
        () => false,
      ),
    );
    if (this.found >= this.expected && this.acknowledgements.length >= this.expected + this.before) this.resolve();
  };

  stop(): void {
    this.resolve();
  }
}
