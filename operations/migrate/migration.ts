import { setTimeout as sleep } from "node:timers/promises";
import { isInterrupted, onInterrupt } from "../../engine/interrupt";
import { Failure, Interrupted } from "../../engine/failure";
import type { ConsumerInfo, StreamInfo } from "../stream/stack-account";
import { plural, seconds } from "../../engine/terminal";
import {
  beginningOf,
  type Beginning,
  collecting,
  collectingNothing,
  copying,
  finished,
  isLifted,
  isParked,
  lifted,
  opened,
  parked,
} from "./configurations";
import { type Found, hindrances, isCopier } from "./preconditions";
import { lateMessages } from "./stragglers";
import { Gone, type Queue } from "./queue";
import { fewEnough, nextStep, type Step, type StepName, type StreamView } from "./steps";

/** What there is now. */
export interface Seen {
  home?: StreamInfo;
  shadow?: StreamInfo;
  consumers: ConsumerInfo[];
}

export async function look(queue: Queue): Promise<Seen> {
  const [home, shadow] = await Promise.all([queue.find(queue.name), queue.find(queue.shadow)]);
  return { home, shadow, consumers: home?.state.consumer_count ? await queue.consumers() : [] };
}

/** The next step, from what was seen. Before the first one everything that stands against it is refused, with every reason. */
export async function nextOf(queue: Queue, seen: Seen): Promise<Step> {
  const { home, shadow, consumers } = seen;
  const durables = consumers.filter(({ config }) => !isCopier(config)).map(({ name }) => name);
  const step = nextStep({
    stream: queue.name,
    home: home && viewOf(home),
    shadow: shadow && viewOf(shadow),
    wanted: queue.specified.retention as string,
    durables,
    missing: queue.durables.map(({ name }) => name).filter((name) => !durables.includes(name)),
    behind: home && shadow ? behindOf(home, shadow) : 0,
    late: await countLate(queue, seen),
  });
  if (shadow || !("step" in step) || !["lift", "release", "shadow"].includes(step.step)) return step;
  const against = hindrances(await foundBy(queue, seen), {
    owner: queue.account.owner,
    args: queue.args,
    durables: queue.durables,
  });
  return against.length
    ? { refuse: `${queue.name} stays as it is:\n${against.map((reason) => `  ${reason}`).join("\n")}` }
    : step;
}

async function foundBy(queue: Queue, { home, consumers }: Seen): Promise<Found> {
  return {
    config: home!.config,
    bytes: home!.state.bytes,
    mirrors: (home!.alternates ?? []).map(({ name }) => name).filter((name) => name !== queue.name),
    consumers: consumers.map(({ config, name }) => ({ ...config, name })),
    servers: await queue.facts(),
    room: await queue.room(),
  };
}

function viewOf({ config }: StreamInfo): StreamView {
  return {
    retention: config.retention as string,
    mirrorOf: (config.mirror as { name: string } | undefined)?.name,
    isCollecting: config.sources !== undefined,
    isLifted: isLifted(config),
    isMarked: beginningOf(config) !== undefined,
  };
}

/** Messages that the mirror of the two still lacks: counted, because a queue that is copied lets go what has been copied. */
function behindOf(home: StreamInfo, shadow: StreamInfo): number {
  const ofQueue = (shadow.config.mirror as { name: string } | undefined)?.name === home.config.name;
  return ofQueue ? expected(home, shadow) - shadow.state.messages : shadow.state.messages - home.state.messages;
}

/** Messages of the queue that its shadow has to have. */
function expected(home: StreamInfo, shadow: StreamInfo): number {
  const beginning = beginningOf(shadow.config);
  if (!beginning)
    throw new Failure(
      `the note of what ${String(home.config.name)} held at the beginning is gone from the metadata of ${String(shadow.config.name)}. Nothing was changed; compare the two by hand.`,
    );
  return beginning.messages + home.state.last_seq - beginning.lastSeq;
}

/** Of the two streams, the one that was left and the one that is in its place. */
function leftOf({ home, shadow }: Seen): { left: StreamInfo; successor: StreamInfo } | undefined {
  if (!home || !shadow || home.config.mirror || shadow.config.mirror) return undefined;
  return home.config.retention === "workqueue" ? { left: home, successor: shadow } : { left: shadow, successor: home };
}

async function countLate(queue: Queue, seen: Seen): Promise<number> {
  const left = leftOf(seen);
  return left ? (await lateMessages(queue.ask, left)).sequences.length : 0;
}

/** Goes step by step until there is nothing left to do; returns whether there was anything. */
export async function runMigration(queue: Queue): Promise<boolean> {
  return onInterrupt(
    (press) => press > 1 && process.exit(130),
    async () => {
      for (let isDone = false; ; isDone = true) {
        const step = await oneStep(queue);
        if (step === "nothing") return isDone;
        if (isInterrupted()) throw new Interrupted(`stopped after the step "${step}"; run the command again to go on`);
      }
    },
  );
}

const looks = 5;

/** Looks and does what is next. What a killed run had sent last may still be carried out while this one looks: then it looks again. */
async function oneStep(queue: Queue): Promise<StepName | "nothing"> {
  for (let attempt = 1; ; attempt++) {
    try {
      const seen = await look(queue);
      const next = await nextOf(queue, seen);
      if ("refuse" in next) throw new Failure(next.refuse);
      if (next.step !== "nothing") await steps[next.step](queue, seen);
      return next.step;
    } catch (error) {
      if (!(error instanceof Gone) || attempt === looks) throw error;
      await sleep(settleMs);
    }
  }
}

const steps: Record<StepName, (queue: Queue, seen: Seen) => Promise<void>> = {
  async lift(queue) {
    await queue.update(queue.name, lifted);
    queue.account.say(`${queue.name}: its limits are suspended until it is done`);
  },

  async release(queue, { consumers }) {
    for (const { name, config, num_ack_pending = 0 } of consumers) {
      if (isCopier(config)) continue;
      await queue.deleteConsumer(name);
      queue.account.say(
        `durable ${name} is deleted; what it had not acknowledged stays${num_ack_pending ? `, ${plural(num_ack_pending, "message")} that it had delivered among it` : ""}`,
      );
    }
  },

  async shadow(queue) {
    const beginning = await settledCount(queue);
    const { config } = await queue.required(queue.name);
    await queue.createMirror(copying(config, queue.shadow, beginning));
    queue.account.say(
      `${queue.shadow} takes over what ${queue.name} holds: ${plural(beginning.messages, "message")} up to sequence ${beginning.lastSeq}, and what is published meanwhile`,
    );
  },

  drain: (queue) => caughtUp(queue),

  "hand-over": (queue) => swap(queue, queue.name, queue.shadow),

  async late(queue, seen) {
    const { left, successor } = leftOf(seen)!;
    const [from, to] = [left.config.name as string, successor.config.name as string];
    const { common, sequences } = await lateMessages(queue.ask, { left, successor });
    if (sequences.length)
      queue.account.say(
        `${from} stored ${plural(sequences.length, "message")} after its subjects had gone; ${to} collects ${sequences.length > 1 ? "them" : "it"}, behind newer ones`,
      );
    if (!successor.config.sources) await queue.update(to, (config) => collecting(config, from, common + 1));
    for (const deadline = Date.now() + progressMs; Date.now() < deadline; await sleep(200)) {
      const now = { left: await queue.required(from), successor: await queue.required(to) };
      if ((await lateMessages(queue.ask, now)).sequences.length) continue;
      return queue.update(to, collectingNothing);
    }
    throw new Failure(
      `${to} does not get the last messages of ${from}. Nothing was deleted; see the servers' logs, then run the command again.`,
    );
  },

  async delete(queue) {
    // A message that was on its way when the subjects went is stored by then.
    await sleep(arrivalMs);
    const seen = await look(queue);
    const { home, shadow } = seen;
    // A run that was killed may have sent the deletion.
    if (!home || !shadow || (await countLate(queue, seen)) > 0) return;
    const lost = expected(home, shadow) - shadow.state.messages;
    if (!isParked(home.config) || lost > 0)
      throw new Failure(
        `${queue.shadow} has ${plural(Math.max(0, lost), "message")} less than it should have, or ${queue.name} has subjects again: nothing was deleted`,
      );
    await queue.delete(queue.name);
    queue.account.say(
      `${queue.name}, a work queue, is deleted: ${queue.shadow} has its ${plural(expected(home, shadow), "message")}`,
    );
  },

  async anew(queue) {
    const { config } = await queue.required(queue.shadow);
    await queue.createMirror(copying(config, queue.name, beginningOf(config)!));
    queue.account.say(`${queue.name} is made anew, as a mirror of ${queue.shadow}`);
  },

  fill: (queue) => caughtUp(queue),

  "hand-back": (queue) => swap(queue, queue.shadow, queue.name),

  async durables(queue, { consumers }) {
    for (const asset of queue.durables.filter(({ name }) => !consumers.some((consumer) => consumer.name === name))) {
      await queue.ensureConsumer(asset);
      queue.account.say(`durable ${asset.name} is there again, and gets all that is left to do`);
    }
  },

  async "clean-up"(queue) {
    await sleep(arrivalMs);
    const seen = await look(queue);
    const { home, shadow } = seen;
    // A run that was killed may have sent the deletion.
    if (!home || !shadow || (await countLate(queue, seen)) > 0) return;
    if (!isParked(shadow.config) || home.state.messages < shadow.state.messages) {
      throw new Failure(
        `${queue.name} has ${plural(home.state.messages, "message")}, ${queue.shadow} ${shadow.state.messages}: nothing was deleted`,
      );
    }
    await queue.delete(queue.shadow);
    queue.account.say(`${queue.shadow} is deleted: ${queue.name} has its ${plural(shadow.state.messages, "message")}`);
  },

  async finish(queue) {
    await queue.update(queue.name, (config) => finished(config, queue.specified));
    queue.account.say(`${queue.name}: its limits are in force again`);
    // To interest: what no durable waits for goes, and that is counted.
    await queue.ensureStream();
  },
};

const arrivalMs = 1_000;
const settleMs = 500;

/** What is in the queue, once the last acknowledgements of the durables that were deleted have had their effect. */
async function settledCount(queue: Queue): Promise<Beginning> {
  let removed = -1;
  for (;;) {
    const { messages, last_seq: lastSeq } = (await queue.required(queue.name)).state;
    if (removed === lastSeq - messages) return { messages, lastSeq };
    removed = lastSeq - messages;
    await sleep(settleMs);
  }
}

const progressMs = 60_000;
const sayEveryMs = 5_000;

/** Waits until only a few messages are left to copy; fails when nothing has come for a minute. */
async function caughtUp(queue: Queue): Promise<void> {
  let [best, since, said] = [Infinity, Date.now(), Date.now()];
  for (;;) {
    const [home, shadow] = [await queue.required(queue.name), await queue.required(queue.shadow)];
    const left = home.config.mirror || shadow.config.mirror ? behindOf(home, shadow) : 0;
    if (left <= fewEnough || isInterrupted()) return;
    if (left < best) [best, since] = [left, Date.now()];
    if (Date.now() - since > progressMs)
      throw new Failure(
        `nothing more is copied, and ${plural(left, "message")} are left: the counts do not agree. Nothing was deleted; see the servers' logs, then run the command again.`,
      );
    if (Date.now() - said > sayEveryMs) {
      queue.account.say(`${plural(left, "message")} left to copy`);
      said = Date.now();
    }
    await sleep(200);
  }
}

const attempts = 3;
const parkedMs = 2_000;
/** A queue of messages inside the server may still be worked off when the subjects have gone. */
const quietMs = 200;

/** Lets a mirror take its origin's place. Whoever publishes in between is told that nobody listens. */
async function swap(queue: Queue, from: string, to: string): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (await swapped(queue, from, to)) return;
    await caughtUp(queue);
  }
  throw new Failure(
    `${to} did not get the last messages of ${from} in time, so ${from} has its subjects back. Run the command again, at a quieter time.`,
  );
}

/** Takes the subjects away, waits for the last messages, gives them to the mirror; or back, if they do not come. */
async function swapped(queue: Queue, from: string, to: string): Promise<boolean> {
  const started = performance.now();
  if (!isParked((await queue.required(from)).config)) await queue.update(from, parked);
  let [last, since] = [-1, performance.now()];
  for (const deadline = Date.now() + parkedMs; Date.now() < deadline; await sleep(10)) {
    const [home, shadow] = [await queue.required(queue.name), await queue.required(queue.shadow)];
    // A run that was killed may have sent it.
    if (!(to === queue.name ? home : shadow).config.mirror) return true;
    const { last_seq } = (from === queue.name ? home : shadow).state;
    if (last_seq !== last) [last, since] = [last_seq, performance.now()];
    if (performance.now() - since < quietMs || behindOf(home, shadow) !== 0) continue;
    await queue.update(to, (config) => opened(config, queue.specified));
    queue.account.say(
      `${queue.stream.spec.subjects.join(", ")} belong to ${to} now; nobody could publish for ${seconds(performance.now() - started)}`,
    );
    return true;
  }
  await queue.update(from, (config) => ({ ...config, subjects: queue.specified.subjects }));
  return false;
}
