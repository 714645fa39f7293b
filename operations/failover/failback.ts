import { setTimeout as sleep } from "node:timers/promises";
import { keepsMore } from "../../config/assets/failover";
import { streamArgs } from "../../jetstream/asset-args";
import { streamFields } from "../../jetstream/fields";
import { write } from "../../jetstream/api";
import { ApiError } from "../../jetstream/errors";
import { streamKind } from "../../jetstream/kinds";
import { resetLevel } from "../../jetstream/reconcile";
import { remove } from "../../jetstream/remove";
import { toWire } from "../../jetstream/wire";
import { pollUntil } from "../../config/poll-until";
import { Failure } from "../../engine/failure";
import { type ConsumerInfo, requiredStream, type StreamInfo } from "../stream/stack-account";
import { plural } from "../../engine/terminal";
import { cleared, collecting, opened, parked, type Returning, returningOf } from "./configurations";
import { commonEnd, countAfter, firstReturnedAfter, hasNothingAfter, lastReturned } from "./messages";
import { type Position, resumeAt, startOf } from "./positions";
import type { Site } from "./failover-pair";
import { type FailbackStep, fewEnough, nextFailbackStep, type StreamView } from "./steps";

export interface FailbackOptions {
  /** How many messages of the mirror may go with it although they are not at home. */
  maxLoss: number;
}

/** Goes step by step until there is nothing left to do; returns whether there was anything. */
export async function runFailback(site: Site, options: FailbackOptions): Promise<boolean> {
  for (let isDone = false; ; isDone = true) {
    const facts = await site.facts();
    const collected = facts.mirrors.find(
      ({ name }) => typeof facts.home === "object" && facts.home.sources.includes(name),
    );
    const isThere = typeof collected?.found === "object" && !collected.found.isMirror;
    const next = nextFailbackStep({
      ...facts,
      left: isThere ? await leftOf(site, collected.name, collected.found as StreamView) : undefined,
    });
    if ("refuse" in next) throw new Failure(next.refuse);
    if (next.step === "nothing") return isDone;
    if (next.step === "mirror") await makeMirror(site, next.mirror.name);
    else await steps[next.step](site, options, next.mirror?.name ?? "");
  }
}

const steps: Record<FailbackStep, (site: Site, options: FailbackOptions, mirror: string) => Promise<void>> = {
  async source(site, _, mirror) {
    await pauseDurables(site);
    const { name } = site.stream;
    const [stream, copy] = [await required(site, name), await required(site, mirror)];
    const ask = askOf(site);
    // A run before this one may have begun already.
    const before = returningOf(stream.config);
    const last = before && (await lastReturned(ask, name, mirror, before.own));
    const returning =
      last === undefined
        ? {
            common: await commonEnd(ask, { name, info: stream }, { name: mirror, info: copy }),
            own: stream.state.last_seq,
          }
        : before!;
    const from = (last ?? returning.common) + 1;
    site.account.say(
      `${name} and ${mirror} are the same up to ${returning.common}; ${name} has ${plural(returning.own - returning.common, "message")} of its own behind that`,
    );
    site.account.say(
      `${name} collects what ${mirror} has from ${from} on: ${plural(await countAfter(ask, mirror, from - 1), "message")} now`,
    );
    await site.update(name, (config) => collecting(config, mirror, from, returning));
  },

  async wait(site, _, mirror) {
    await caughtUp(site, mirror);
  },

  async undeclare(site) {
    site.setting.write(undefined);
    site.account.say(`taken out of ${site.setting.file}: ${site.stream.name} is at home again`);
  },

  async swap(site, options, mirror) {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      if (await swapped(site, options, mirror)) return;
      await caughtUp(site, mirror);
    }
    throw new Failure(
      `${site.stream.name} did not get the last messages of ${mirror} in time, so ${mirror} has its subjects back. Run the command again, at a quieter time.`,
    );
  },

  async close(site, options, mirror) {
    const returning = await verify(site, options, mirror);
    await moveDurables(site, mirror, returning);
    const { account } = site.stream;
    const removal = await remove(streamKind, { account, name: mirror }, site.account);
    if (removal !== "deleted") throw new Failure(`${mirror} is ${removal}; it stays`);
    site.account.say(`${mirror} is deleted`);
  },

  async unsource(site) {
    await site.update(site.stream.name, cleared);
    site.account.say(`${site.stream.name} collects from nobody any more`);
  },

  /** A failover that went no further. */
  async open(site) {
    const { name } = site.stream;
    await site.update(name, (config) => opened(config, specified(site), undefined));
    site.account.say(`${name} has its subjects back`);
  },
};

const specified = (site: Site) => toWire(streamFields, streamArgs(site.stream));
const askOf =
  (site: Site) =>
  <T>(subject: string, payload: unknown): Promise<T> =>
    site.request<T>(subject, payload);

const required = (site: Site, name: string): Promise<StreamInfo> => requiredStream(site.account, name);

/** What is noted in the stream since it has begun to collect. */
async function requiredNote(site: Site): Promise<Returning> {
  const { name } = site.stream;
  const returning = returningOf((await required(site, name)).config);
  if (!returning)
    throw new Failure(
      `the note of what came back is gone from the metadata of ${name}. Nothing was deleted; compare the two streams by hand.`,
    );
  return returning;
}

/** Last sequence of the mirror that is at home. */
async function returnedUpTo(site: Site, mirror: string): Promise<number> {
  const { common, own } = await requiredNote(site);
  return (await lastReturned(askOf(site), site.stream.name, mirror, own)) ?? common;
}

/** Roughly how many messages are still to come. As long as the stream has not heard of the mirror, nobody can say how long that takes. */
async function leftOf(site: Site, mirror: string, { lastSeq }: Pick<StreamView, "lastSeq">): Promise<number> {
  const { sources = [] } = await required(site, site.stream.name);
  const isHeard = sources.some(({ name, active }) => name === mirror && active >= 0);
  return isHeard ? lastSeq - (await returnedUpTo(site, mirror)) : Infinity;
}

const progressMs = 60_000;
const sayEveryMs = 5_000;
/** Waits until only a few messages are left; fails when nothing has come for a minute. */
async function caughtUp(site: Site, mirror: string): Promise<void> {
  let [best, since, said] = [Infinity, Date.now(), 0];
  for (;;) {
    const left = await leftOf(site, mirror, { lastSeq: (await required(site, mirror)).state.last_seq });
    if (left <= fewEnough) return;
    if (left < best) [best, since] = [left, Date.now()];
    if (Date.now() - since > progressMs)
      throw new Failure(
        `${site.stream.name} gets nothing more from ${mirror}, and does not have all. See the servers' logs, then run the command again.`,
      );
    if (Date.now() - said > sayEveryMs) {
      if (left < Infinity) site.account.say(`${plural(left, "message")} left to collect`);
      said = Date.now();
    }
    await sleep(300);
  }
}

const attempts = 3;
const drainMs = 2_000;

/** Takes the mirror's subjects away, waits for the last messages, gives the stream its own; or the mirror its own again, if they do not come. */
async function swapped(site: Site, { maxLoss }: FailbackOptions, mirror: string): Promise<boolean> {
  const { name, spec } = site.stream;
  const isServing = (await site.holders()).includes(mirror);
  const started = performance.now();
  if (isServing) await site.update(mirror, parked);
  for (const deadline = Date.now() + drainMs; Date.now() < deadline; await sleep(10)) {
    // A run that was killed may have sent it.
    if ((await requiredNote(site)).end !== undefined) return true;
    const upTo = await returnedUpTo(site, mirror);
    const isDrained =
      (await hasNothingAfter(askOf(site), mirror, upTo)) ||
      (maxLoss > 0 && (await countAfter(askOf(site), mirror, upTo)) <= maxLoss);
    if (!isDrained) continue;
    const { config, state } = await required(site, name);
    await site.update(name, () => opened(config, specified(site), { ...returningOf(config)!, end: state.last_seq }));
    const seconds = ((performance.now() - started) / 1000).toFixed(3);
    site.account.say(`${spec.subjects.join(", ")} belong to ${name} again; nobody could publish for ${seconds} s`);
    return true;
  }
  await site.update(mirror, (config) => ({ ...config, subjects: specified(site).subjects }));
  return false;
}

/** Refuses to delete the mirror while it has messages that are not at home. */
async function verify(site: Site, { maxLoss }: FailbackOptions, mirror: string): Promise<Required<Returning>> {
  const { name } = site.stream;
  const ask = askOf(site);
  const [{ state }, copy, { common, own, end }] = [
    await required(site, name),
    await required(site, mirror),
    await requiredNote(site),
  ];
  if (end === undefined)
    throw new Failure(
      `${name} has its subjects, but not by this command: nobody can tell whether all of ${mirror} came back. Nothing was deleted.`,
    );
  const [wanted, came] = [await countAfter(ask, mirror, common), end - own];
  // With the same limits both have let the same go.
  const asset = site.mirrors.find((one) => one.name === mirror)!;
  const older = keepsMore(asset, site.stream)
    ? copy.state.messages - (await countAfter(ask, mirror, Math.min(common, state.first_seq - 1)))
    : 0;
  const lost = Math.max(0, wanted - came) + older;
  site.account.say(
    `${name}: ${plural(state.messages, "message")}; ${mirror}: ${copy.state.messages}, of which ${wanted} are its own; ${came} came back${older ? `; ${older} are older than what ${name} keeps` : ""}`,
  );
  if (lost > maxLoss) {
    throw new Failure(
      `${plural(lost, "message")} of ${mirror} would be lost with it, so it stays: ${name} does not have them. Save them (npm run backup), or if that is meant: --max-loss ${lost}`,
    );
  }
  return { common, own, end };
}

const pauseMs = 3_600_000;

/** What comes back is mostly processed already: nobody gets it until the durables have been moved. */
async function pauseDurables(site: Site): Promise<void> {
  for (const { stream, name } of site.durables) {
    if ((await site.consumerInfo(stream, name)) === "missing") continue;
    await write(site.account.connection, `CONSUMER.PAUSE.${stream}.${name}`, {
      pause_until: new Date(Date.now() + pauseMs).toISOString(),
    });
  }
}

/** Moves each durable past what was processed on the mirror, and lets it go on. */
async function moveDurables(site: Site, mirror: string, sections: Required<Returning>): Promise<void> {
  const last = (await required(site, mirror)).state.last_seq;
  for (const { stream, name, spec } of site.durables) {
    const [home, there] = [await site.consumerInfo(stream, name), await site.consumerInfo(mirror, name)];
    if (typeof home !== "object") continue;
    const at =
      typeof there === "object"
        ? resumeAt(positionOf(home), { from: startOf(there.config), position: positionOf(there), last }, sections)
        : "where it was";
    if (at === "where it was")
      site.account.say(`durable ${name} goes on where it was, behind ${home.ack_floor.stream_seq}`);
    else
      await move(
        site,
        stream,
        name,
        "at" in at ? at.at : await firstReturnedAfter(askOf(site), stream, mirror, at.behind, sections),
      );
    if (home.paused)
      await write(site.account.connection, `CONSUMER.PAUSE.${stream}.${name}`, { pause_until: spec.pauseUntil });
  }
}

const positionOf = ({ ack_floor, num_pending, num_ack_pending }: ConsumerInfo): Position => ({
  floor: ack_floor.stream_seq,
  isDone: num_pending === 0 && num_ack_pending === 0,
});

async function move(site: Site, stream: string, name: string, seq: number): Promise<void> {
  try {
    await write(site.account.connection, `CONSUMER.RESET.${stream}.${name}`, { seq }, resetLevel);
    site.account.say(`durable ${name} goes on at ${seq}`);
  } catch (error) {
    // Not before server 2.14, and not for every deliver policy. It then gets again what was processed on the mirror.
    site.account.say(
      `durable ${name} could not be moved to ${seq} and goes on where it was: ${(error as Error).message}`,
    );
  }
}

const cycleMs = 10_000;

/** The server that makes the mirror may not have heard yet that the stream collects from it no more. */
const isCycle = (error: unknown): boolean =>
  error instanceof ApiError && error.errCode === 10052 && /cycle/.test(error.message);

async function makeMirror(site: Site, name: string): Promise<void> {
  const asset = site.mirrors.find((mirror) => mirror.name === name)!;
  const make = () =>
    site.ensureStream(asset).then(
      () => true,
      (error: unknown) => {
        if (isCycle(error)) return undefined;
        throw error;
      },
    );
  if (!(await pollUntil(make, cycleMs, 500)))
    throw new Failure(
      `${site.stream.name} collects from ${name} again, which cannot copy it then; run the command again`,
    );
  site.account.say(`${name} copies ${site.stream.name} anew`);
  for (const durable of site.durablesOfMirrors.filter(({ stream }) => stream === name)) {
    await site.ensureConsumer(durable);
    site.account.say(
      `durable ${durable.name} of ${name} is made anew, and begins as it is specified: ${durable.spec.deliverPolicy}`,
    );
  }
}
