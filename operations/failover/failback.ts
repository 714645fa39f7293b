import { setTimeout as sleep } from "node:timers/promises";
import { streamArgs } from "../../jetstream/asset-args";
import { streamFields } from "../../jetstream/fields";
import { streamKind } from "../../jetstream/kinds";
import { remove } from "../../jetstream/remove";
import { toWire } from "../../jetstream/wire";
import { Failure } from "../../engine/failure";
import { plural } from "../../config/plural";
import { requiredStream, type StreamInfo } from "../stream/stack-account";
import { commonEnd, countAfter, hasNothingAfter, lastReturned } from "../stream/messages";
import { waitForCopy } from "../stream/wait-for-copy";
import { cleared, collecting, type FailbackNote, failbackNoteOf, opened, parked } from "./configurations";
import { decideSettled } from "./decide";
import { pauseDurables, resumeDurables } from "./durables";
import type { FailoverPair } from "./failover-pair";
import { assertNothingLost } from "./loss-check";
import { recreateMirror } from "./recreate-mirror";
import { type FailbackStep, nextFailbackStep, type StreamSummary } from "./steps";

export interface FailbackOptions {
  /** How many messages of the mirror may be deleted with it although the home stream does not have them. */
  maxLoss: number;
}

function decideFailback(pair: FailoverPair) {
  return decideSettled(async () => {
    const facts = await pair.facts();
    const collected = facts.mirrors.find(
      ({ name }) => typeof facts.home === "object" && facts.home.sources.includes(name),
    );
    const isThere = typeof collected?.found === "object" && !collected.found.isMirror;
    const left = isThere ? await leftOf(pair, collected.name, collected.found as StreamSummary) : undefined;
    return nextFailbackStep({ ...facts, left });
  });
}

/**
 * Runs step by step until nothing is left to do; returns whether there was anything. Safe to repeat after any
 * interruption.
 */
export async function runFailback(pair: FailoverPair, options: FailbackOptions): Promise<boolean> {
  for (let isDone = false; ; isDone = true) {
    const next = await decideFailback(pair);
    if (next.step === "nothing") return isDone;
    if (next.step === "mirror") await recreateMirror(pair, next.mirror.name);
    else await steps[next.step](pair, options, next.mirror?.name ?? "");
  }
}

const steps: Record<FailbackStep, (pair: FailoverPair, options: FailbackOptions, mirror: string) => Promise<void>> = {
  async source(pair, _, mirror) {
    await pauseDurables(pair);
    const { name } = pair.stream;
    const [stream, copy] = [await required(pair, name), await required(pair, mirror)];
    // An interrupted run may have begun already.
    const before = failbackNoteOf(stream.config);
    const last = before && (await lastReturned(pair.ask, name, mirror, before.own));
    const note =
      last === undefined
        ? {
            common: await commonEnd(pair.ask, { name, info: stream }, { name: mirror, info: copy }),
            own: stream.state.last_seq,
          }
        : before!;
    const from = (last ?? note.common) + 1;
    const messages = await countAfter(pair.ask, mirror, from - 1);
    pair.account.logProgress(
      `${name} and ${mirror} are the same up to ${note.common}; ` +
        `${name} has ${plural(note.own - note.common, "message")} of its own after that`,
    );
    pair.account.logProgress(`${name} collects what ${mirror} has from ${from} on: ${plural(messages, "message")} now`);
    await pair.update(name, (config) => collecting(config, mirror, from, note));
  },

  wait: (pair, _, mirror) => waitForMessages(pair, mirror),

  async undeclare(pair) {
    pair.setting.write(undefined);
    pair.account.logProgress(`removed from ${pair.setting.file}: ${pair.stream.name} is at home again`);
  },

  async swap(pair, options, mirror) {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      if (await trySwap(pair, options, mirror)) return;
      await waitForMessages(pair, mirror);
    }
    throw new Failure(
      `${pair.stream.name} did not get the last messages of ${mirror} in time, so ${mirror} has its subjects back. ` +
        "Run the command again when fewer messages are published.",
    );
  },

  async close(pair, options, mirror) {
    const note = await assertNothingLost(pair, await requiredNote(pair), mirror, options.maxLoss);
    await resumeDurables(pair, mirror, note);
    const { account } = pair.stream;
    const removal = await remove(streamKind, { account, name: mirror }, pair.account);
    if (removal !== "deleted") throw new Failure(`${mirror} was not deleted: it is ${removal}`);
    pair.account.logProgress(`${mirror} is deleted`);
  },

  async unsource(pair) {
    await pair.update(pair.stream.name, cleared);
    pair.account.logProgress(`${pair.stream.name} has no sources any more`);
  },

  /** A failover that went no further than parking the stream. */
  async open(pair) {
    const { name } = pair.stream;
    await pair.update(name, (config) => opened(config, specified(pair), undefined));
    pair.account.logProgress(`${name} has its subjects back`);
  },
};

const specified = (pair: FailoverPair) => toWire(streamFields, streamArgs(pair.stream));

const required = (pair: FailoverPair, name: string): Promise<StreamInfo> => requiredStream(pair.account, name);

/** The note in the home stream's metadata, which is there from the first step of a failback to the last. */
async function requiredNote(pair: FailoverPair): Promise<FailbackNote> {
  const { name } = pair.stream;
  const note = failbackNoteOf((await required(pair, name)).config);
  if (!note)
    throw new Failure(
      `the failback note is missing from the metadata of ${name}. ` +
        "Nothing was deleted; compare the two streams by hand.",
    );
  return note;
}

/** Last sequence of the mirror that the home stream has. */
async function returnedUpTo(pair: FailoverPair, mirror: string): Promise<number> {
  const { common, own } = await requiredNote(pair);
  return (await lastReturned(pair.ask, pair.stream.name, mirror, own)) ?? common;
}

/** Roughly how many messages are still to come; `Infinity` until the home stream has received from the mirror. */
async function leftOf(
  pair: FailoverPair,
  mirror: string,
  { lastSeq }: Pick<StreamSummary, "lastSeq">,
): Promise<number> {
  const { sources = [] } = await required(pair, pair.stream.name);
  const isHeard = sources.some(({ name, active }) => name === mirror && active >= 0);
  return isHeard ? lastSeq - (await returnedUpTo(pair, mirror)) : Infinity;
}

const waitForMessages = (pair: FailoverPair, mirror: string): Promise<void> =>
  waitForCopy({
    left: async () => leftOf(pair, mirror, { lastSeq: (await required(pair, mirror)).state.last_seq }),
    report: (line) => pair.account.logProgress(line),
    stalled: () =>
      `${pair.stream.name} has received nothing from ${mirror} for a minute, and does not have all its messages. ` +
      "Check the servers' logs, then run the command again.",
  });

const attempts = 3;
const drainMs = 2_000;

/**
 * Takes the mirror's subjects away, waits for its last messages, and gives the home stream its subjects; if the
 * messages do not come within 2 s, the mirror gets its subjects back. Returns whether the home stream has them.
 */
async function trySwap(pair: FailoverPair, { maxLoss }: FailbackOptions, mirror: string): Promise<boolean> {
  const { name, spec } = pair.stream;
  const isServing = (await pair.holders()).includes(mirror);
  const started = performance.now();
  if (isServing) await pair.update(mirror, parked);
  for (const deadline = Date.now() + drainMs; Date.now() < deadline; await sleep(10)) {
    // An interrupted run may have sent it.
    if ((await requiredNote(pair)).end !== undefined) return true;
    const upTo = await returnedUpTo(pair, mirror);
    const isDrained =
      (await hasNothingAfter(pair.ask, mirror, upTo)) ||
      (maxLoss > 0 && (await countAfter(pair.ask, mirror, upTo)) <= maxLoss);
    if (!isDrained) continue;
    const { config, state } = await required(pair, name);
    await pair.update(name, () => opened(config, specified(pair), { ...failbackNoteOf(config)!, end: state.last_seq }));
    const seconds = ((performance.now() - started) / 1000).toFixed(3);
    pair.account.logProgress(`${name} has ${spec.subjects.join(", ")} again; publishers were refused for ${seconds} s`);
    return true;
  }
  await pair.update(mirror, (config) => ({ ...config, subjects: specified(pair).subjects }));
  return false;
}
