import { streamArgs } from "../../jetstream/asset-args";
import { streamFields } from "../../jetstream/fields";
import { streamKind } from "../../jetstream/kinds";
import { remove } from "../../jetstream/remove";
import { toWire } from "../../jetstream/wire";
import { Failure } from "../../engine/failure";
import { plural } from "../../config/plural";
import { requiredStream, type StreamInfo } from "../stream/stack-account";
import { commonEnd, countAfter, identitiesAfter, lastReturned, returnedAt } from "../stream/messages";
import { waitForCopy } from "../stream/wait-for-copy";
import { cleared, collecting, type FailbackNote, failbackNoteOf, opened } from "./configurations";
import { patientMs } from "./answers";
import { decideSettled } from "./decide";
import { closeMirror } from "./close-mirror";
import { pauseDurables, resumeDurables } from "./durables";
import type { FailoverPair } from "./failover-pair";
import { assertNothingLost } from "./loss-check";
import { recreateMirror } from "./recreate-mirror";
import { type FailbackStep, nextFailbackStep, type StreamSummary } from "./steps";
import type { Reload } from "./together";

export interface FailbackOptions {
  /** How many messages of the mirror may be deleted with it although the home stream does not have them. */
  maxLoss: number;
  /** Also to servers before 2.14: durables may get processed messages again. Default: that is refused. */
  acceptsOld?: boolean;
}

function decideFailback(pair: FailoverPair, { acceptsOld }: FailbackOptions) {
  return decideSettled(async () => {
    // Its own region has to be up, so what answers late is not lost.
    const facts = await pair.facts(patientMs);
    const collected = facts.mirrors.find(
      ({ name }) => typeof facts.home === "object" && facts.home.sources.includes(name),
    );
    const isThere = typeof collected?.found === "object" && !collected.found.isMirror;
    const left = isThere ? await leftOf(pair, collected.name, collected.found as StreamSummary) : undefined;
    return nextFailbackStep({ ...facts, left, acceptsOld });
  });
}

/**
 * Runs step by step until servers have to be reloaded, which it returns, or nothing is left to do. Safe to repeat after
 * any interruption.
 *
 * @param onStep called before each
 */
export async function advanceFailback(
  pair: FailoverPair,
  options: FailbackOptions,
  onStep: () => void = () => undefined,
): Promise<Reload | undefined> {
  for (;;) {
    const next = await decideFailback(pair, options);
    if (next.step === "nothing") return undefined;
    onStep();
    if (next.step === "map") return pair.toMap();
    if (next.step === "unmap") return pair.toUnmap();
    if (next.step === "mirror") await recreateMirror(pair, next.mirror.name);
    else await steps[next.step](pair, options, next.mirror?.name ?? "");
  }
}

type OwnStep = Exclude<FailbackStep, "map" | "unmap">;

const steps: Record<OwnStep, (pair: FailoverPair, options: FailbackOptions, mirror: string) => Promise<void>> = {
  async source(pair, _, mirror) {
    await pauseDurables(pair);
    const { name } = pair.stream;
    const [stream, copy] = [await required(pair, name), await required(pair, mirror)];
    // An interrupted run may have begun already.
    const before = failbackNoteOf(stream.config);
    const last = before && (await lastAtHome(pair, mirror, before));
    const note =
      before && last !== undefined
        ? before
        : {
            common: await commonEnd(pair.ask, { name, info: stream }, { name: mirror, info: copy }),
            own: stream.state.last_seq,
          };
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

  async open(pair, _, mirror) {
    const { name } = pair.stream;
    const { state } = await required(pair, name);
    const note = await requiredNote(pair);
    const last = await returnedAt(pair.ask, name, mirror, state.last_seq);
    const open = { last: state.last_seq, upTo: last ?? note.common };
    await pair.update(name, (config) => opened(config, specified(pair), { ...note, open }));
  },

  async undeclare(pair) {
    pair.setting.write(undefined);
    pair.account.logProgress(`removed from ${pair.setting.file}: ${pair.stream.name} is at home again`);
  },

  async close(pair, options, mirror) {
    const note = await requiredNote(pair);
    if (!note.open) throw new Failure(withoutNote(pair));
    const isOpen = { ...note, open: note.open };
    await closeMirror(pair, mirror);
    const tail = await assertNothingLost(pair, isOpen, mirror, options.maxLoss);
    await resumeDurables(pair, mirror, isOpen, tail);
    const { account } = pair.stream;
    const removal = await remove(streamKind, { account, name: mirror }, pair.account);
    if (removal !== "deleted") throw new Failure(`${mirror} was not deleted: it is ${removal}`);
    pair.account.logProgress(`${mirror} is deleted`);
  },

  async unsource(pair) {
    const { name } = pair.stream;
    await pair.update(name, (config) => cleared(config, specified(pair)));
    pair.account.logProgress(`${name} has no sources any more`);
  },
};

const specified = (pair: FailoverPair) => toWire(streamFields, streamArgs(pair.stream));

const required = (pair: FailoverPair, name: string): Promise<StreamInfo> => requiredStream(pair.account, name);

const withoutNote = ({ stream }: FailoverPair): string =>
  `the failback note is missing from the metadata of ${stream.name}. ` +
  "Nothing was deleted; compare the two streams by hand.";

/** The note in the home stream's metadata, which is there from the first step of a failback to the last. */
async function requiredNote(pair: FailoverPair): Promise<FailbackNote> {
  const note = failbackNoteOf((await required(pair, pair.stream.name)).config);
  if (!note) throw new Failure(withoutNote(pair));
  return note;
}

/** Last sequence of the mirror that the home stream has got back; undefined when it has none. */
async function lastAtHome(
  pair: FailoverPair,
  mirror: string,
  { own, open }: FailbackNote,
): Promise<number | undefined> {
  const { name } = pair.stream;
  if (!open) return lastReturned(pair.ask, name, mirror, own);
  // Among them is what was published there since.
  const tail = await identitiesAfter(pair.ask, name, open.last, mirror);
  return tail.reduce((last, { origin = 0 }) => Math.max(last, origin), open.upTo);
}

/** Roughly how many messages are still to come; `Infinity` until the home stream has received from the mirror. */
async function leftOf(
  pair: FailoverPair,
  mirror: string,
  { lastSeq }: Pick<StreamSummary, "lastSeq">,
): Promise<number> {
  const { config, sources = [] } = await required(pair, pair.stream.name);
  const isHeard = sources.some(({ name, active }) => name === mirror && active >= 0);
  const note = failbackNoteOf(config);
  if (!note) throw new Failure(withoutNote(pair));
  return isHeard ? lastSeq - ((await lastAtHome(pair, mirror, note)) ?? note.common) : Infinity;
}

const waitForMessages = (pair: FailoverPair, mirror: string): Promise<void> =>
  waitForCopy({
    left: async () => leftOf(pair, mirror, { lastSeq: (await required(pair, mirror)).state.last_seq }),
    report: (line) => pair.account.logProgress(line),
    stalled: () =>
      `${pair.stream.name} has received nothing from ${mirror} for a minute, and does not have all its messages. ` +
      "Check the servers' logs, then run the command again.",
  });
