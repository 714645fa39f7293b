import { setTimeout as sleep } from "node:timers/promises";
import { isInterrupted, onInterrupt } from "../../engine/interrupt";
import { Failure, Interrupted } from "../../engine/failure";
import { pollUntil } from "../../config/poll-until";
import { plural } from "../../config/plural";
import {
  collecting,
  collectingNothing,
  copying,
  finished,
  type InitialCount,
  initialCountOf,
  isParked,
  lifted,
} from "./configurations";
import { handOver, waitForMirror } from "./hand-over";
import {
  behindOf,
  countStragglers,
  expectedInShadow,
  handoverOf,
  type MigrationState,
  observeMigration,
  progressOf,
} from "./observe";
import { copierOf, isCopier } from "../stream/copiers";
import { type ObservedQueue, unmetPreconditions } from "./preconditions";
import { type Queue, ShadowNotSeen, StreamGone } from "./queue";
import { type MigrationDecision, type MigrationStep, nextMigrationStep } from "./steps";
import { findStragglers } from "./stragglers";

/**
 * Decides the next step from what was observed. Before the first step every unmet precondition is refused at once.
 * @throws {ShadowNotSeen} if the queue is copied by its own shadow, which was not found: observe again.
 */
export async function decideMigration(queue: Queue, state: MigrationState): Promise<MigrationDecision> {
  const { home, shadow, consumers } = state;
  const durables = consumers.filter(({ config }) => !isCopier(config)).map(({ name }) => name);
  const next = nextMigrationStep({
    stream: queue.name,
    home: home && progressOf(home),
    shadow: shadow && progressOf(shadow),
    wanted: queue.specified.retention!,
    durables,
    missing: queue.durables.map(({ name }) => name).filter((name) => !durables.includes(name)),
    behind: home && shadow ? behindOf(home, shadow) : 0,
    stragglers: await countStragglers(queue, state),
  });
  if (shadow || !("step" in next) || !["lift", "release", "shadow"].includes(next.step)) return next;
  const observed = await observedQueue(queue, state);
  if ([...observed.mirrors, ...consumers.filter(({ config }) => isCopier(config)).map(copier)].includes(queue.shadow))
    throw new ShadowNotSeen(
      `${queue.name} is copied by ${queue.shadow}, which was not found. An interrupted run may just have created it: ` +
        `run the command again. If this remains, check whether ${queue.shadow} has a leader.`,
    );
  const unmet = unmetPreconditions(observed, {
    owner: queue.account.owner,
    args: queue.args,
    durables: queue.durables,
  });
  return unmet.length
    ? { refuse: `${queue.name} was not changed:\n${unmet.map((reason) => `  ${reason}`).join("\n")}` }
    : next;
}

const copier = ({ config, name }: MigrationState["consumers"][number]): string => copierOf({ ...config, name });

async function observedQueue(queue: Queue, { home, consumers }: MigrationState): Promise<ObservedQueue> {
  return {
    config: home!.config,
    bytes: home!.state.bytes,
    mirrors: (home!.alternates ?? []).map(({ name }) => name).filter((name) => name !== queue.name),
    consumers: consumers.map(({ config, name }) => ({ ...config, name })),
    servers: await queue.facts(),
    room: await queue.room(),
  };
}

/**
 * Runs step by step until nothing is left to do; returns whether there was anything. Safe to repeat after any
 * interruption.
 */
export async function runMigration(queue: Queue): Promise<boolean> {
  return onInterrupt(
    (press) => press > 1 && process.exit(130),
    async () => {
      for (let isDone = false; ; isDone = true) {
        const step = await runNextStep(queue);
        if (step === "nothing") return isDone;
        if (isInterrupted())
          throw new Interrupted(`stopped after the step "${step}"; run the command again to continue`);
      }
    },
  );
}

const observations = 5;

/** The last request of an interrupted run may still be carried out while this one observes: then it observes again. */
export async function observingAgain<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof StreamGone || error instanceof ShadowNotSeen;
      if (!isPassing || attempt === observations) throw error;
      await sleep(settleMs);
    }
  }
}

/** Observes and decides. @throws {Failure} for what is refused. */
export async function observeNextStep(
  queue: Queue,
): Promise<{ state: MigrationState; step: MigrationStep | "nothing" }> {
  const state = await observeMigration(queue);
  const next = await decideMigration(queue, state);
  if ("refuse" in next) throw new Failure(next.refuse);
  return { state, step: next.step };
}

const runNextStep = (queue: Queue): Promise<MigrationStep | "nothing"> =>
  observingAgain(async () => {
    const { state, step } = await observeNextStep(queue);
    if (step !== "nothing") await steps[step](queue, state);
    return step;
  });

const steps: Record<MigrationStep, (queue: Queue, state: MigrationState) => Promise<void>> = {
  async lift(queue) {
    await queue.update(queue.name, lifted);
    queue.account.logProgress(`${queue.name}: its limits are suspended until the migration is done`);
  },

  async release(queue, { consumers }) {
    for (const { name, config, num_ack_pending = 0 } of consumers) {
      if (isCopier(config)) continue;
      await queue.deleteConsumer(name);
      queue.account.logProgress(
        `durable ${name} is deleted; messages it had not acknowledged stay in the queue` +
          (num_ack_pending ? `, ${plural(num_ack_pending, "delivered message")} among them` : ""),
      );
    }
  },

  async shadow(queue) {
    const initial = await settledCount(queue);
    const { config } = await queue.required(queue.name);
    await queue.createMirror(copying(config, queue.shadow, initial));
    queue.account.logProgress(
      `${queue.shadow} copies ${queue.name}: ${plural(initial.messages, "message")} up to sequence ` +
        `${initial.lastSeq}, and what is published meanwhile`,
    );
  },

  drain: waitForMirror,

  "hand-over": (queue) => handOver(queue, queue.name, queue.shadow),

  async stragglers(queue, state) {
    const { predecessor, successor } = handoverOf(state)!;
    const [from, to] = [predecessor.config.name!, successor.config.name!];
    const { common, sequences } = await findStragglers(queue.ask, { predecessor, successor });
    if (sequences.length)
      queue.account.logProgress(
        `${from} stored ${plural(sequences.length, "message")} after it had lost its subjects; ` +
          `${to} collects ${sequences.length > 1 ? "them" : "it"}, after newer messages`,
      );
    if (!successor.config.sources) await queue.update(to, (config) => collecting(config, from, common + 1));
    const hasAll = async () => {
      const now = { predecessor: await queue.required(from), successor: await queue.required(to) };
      return (await findStragglers(queue.ask, now)).sequences.length === 0;
    };
    if (await pollUntil(hasAll, stragglersMs, 200)) return queue.update(to, collectingNothing);
    throw new Failure(
      `${to} does not receive the last messages of ${from}. Nothing was deleted; ` +
        "check the servers' logs, then run the command again.",
    );
  },

  async delete(queue) {
    const state = await stateBeforeDeletion(queue);
    if (!state) return;
    const { home, shadow } = state;
    const expected = expectedInShadow(home, shadow);
    const lost = expected - shadow.state.messages;
    if (!isParked(home.config) || lost > 0)
      throw new Failure(
        `${queue.shadow} has ${plural(Math.max(0, lost), "message")} less than expected, ` +
          `or ${queue.name} has subjects again: nothing was deleted`,
      );
    await queue.delete(queue.name);
    queue.account.logProgress(
      `${queue.name}, a work queue, is deleted: ${queue.shadow} has its ${plural(expected, "message")}`,
    );
  },

  async recreate(queue) {
    const { config } = await queue.required(queue.shadow);
    await queue.createMirror(copying(config, queue.name, initialCountOf(config)!));
    queue.account.logProgress(`${queue.name} is recreated, as a mirror of ${queue.shadow}`);
  },

  fill: waitForMirror,

  "hand-back": (queue) => handOver(queue, queue.shadow, queue.name),

  async durables(queue, { consumers }) {
    for (const asset of queue.durables.filter(({ name }) => !consumers.some((consumer) => consumer.name === name))) {
      await queue.ensureConsumer(asset);
      queue.account.logProgress(`durable ${asset.name} is recreated, and delivers everything that is left to do`);
    }
  },

  async "clean-up"(queue) {
    const state = await stateBeforeDeletion(queue);
    if (!state) return;
    const { home, shadow } = state;
    if (!isParked(shadow.config) || home.state.messages < shadow.state.messages) {
      throw new Failure(
        `${queue.name} has ${plural(home.state.messages, "message")}, ${queue.shadow} ${shadow.state.messages}: ` +
          "nothing was deleted",
      );
    }
    await queue.delete(queue.shadow);
    queue.account.logProgress(
      `${queue.shadow} is deleted: ${queue.name} has its ${plural(shadow.state.messages, "message")}`,
    );
  },

  async finish(queue) {
    await queue.update(queue.name, (config) => finished(config, queue.specified));
    queue.account.logProgress(`${queue.name}: its limits are in force again`);
    // To interest: messages that no durable waits for are deleted, and that is counted.
    await queue.ensureStream();
  },
};

const arrivalMs = 1_000;
const settleMs = 500;
const stragglersMs = 60_000;

/**
 * What there is once a message that was in flight when the subjects were taken away has been stored. Undefined if
 * there are stragglers, or an interrupted run has deleted a stream meanwhile: the next decision handles that.
 */
async function stateBeforeDeletion(queue: Queue): Promise<Required<MigrationState> | undefined> {
  await sleep(arrivalMs);
  const state = await observeMigration(queue);
  const { home, shadow, consumers } = state;
  if (!home || !shadow || (await countStragglers(queue, state)) > 0) return undefined;
  return { home, shadow, consumers };
}

/** What the queue holds, once the last acknowledgements of its deleted durables have taken effect. */
async function settledCount(queue: Queue): Promise<InitialCount> {
  let removed = -1;
  for (;;) {
    const { messages, last_seq: lastSeq } = (await queue.required(queue.name)).state;
    if (removed === lastSeq - messages) return { messages, lastSeq };
    removed = lastSeq - messages;
    await sleep(settleMs);
  }
}
