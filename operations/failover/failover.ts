import { Failure } from "../../engine/failure";
import { pollUntil } from "../../config/poll-until";
import type { Start } from "../../config/schema/failover";
import { fewEnough } from "../stream/wait-for-copy";
import { decideSettled } from "./decide";
import { durableStarts, missingDurables } from "./durable-starts";
import type { FailoverPair } from "./failover-pair";
import { startOf, startText } from "./positions";
import { type FailoverStep, nextFailoverStep, type StreamSummary } from "./steps";
import type { Reload } from "./together";

export interface FailoverOptions {
  /** Region of the mirror. */
  to: string;
  /** Where durables begin whose position is unknown. */
  start: Start;
}

/**
 * Reads the current state, and decides the next step. Changes nothing.
 * @throws {Failure} for what the current state does not allow.
 */
export function decideFailover(pair: FailoverPair, { to }: Pick<FailoverOptions, "to">) {
  return decideSettled(async () => {
    const facts = await pair.facts();
    const mirror = facts.mirrors.find(({ region }) => region === to)!;
    const isThere = typeof mirror.found === "object" && !mirror.found.isMirror;
    const missing = isThere ? (await missingDurables(pair, to)).map(({ name }) => name) : [];
    return nextFailoverStep({ ...facts, to, missing });
  });
}

/**
 * Runs step by step until servers have to be reloaded, which it returns, or nothing is left to do. Safe to repeat after
 * any interruption.
 */
export async function advanceFailover(pair: FailoverPair, options: FailoverOptions): Promise<Reload | undefined> {
  for (;;) {
    const next = await decideFailover(pair, options);
    if (next.step === "nothing" || next.step === "mirror") return undefined;
    if (next.step === "map") return pair.toMap();
    await steps[next.step](pair, options, next.mirror!);
  }
}

type Mirror = { name: string; region: string; found: StreamSummary };
type OwnStep = Exclude<FailoverStep, "map">;

const steps: Record<OwnStep, (pair: FailoverPair, options: FailoverOptions, mirror: Mirror) => Promise<void>> = {
  async "catch-up"(pair, _, { name, found }) {
    const { name: stream } = pair.stream;
    pair.account.logProgress(`${stream} answers: waiting until ${name} has nearly all of it (now ${found.lastSeq})`);
    await waitForMirror(pair, name);
  },

  async declare(pair, { to, start }, { name }) {
    pair.setting.write({ to, consumers: await durableStarts(pair, to, start) });
    pair.account.logProgress(`written to ${pair.setting.file}: ${pair.stream.name} is in ${to}, as ${name}`);
  },

  async promote(pair, { to }, { name }) {
    pair.account.logProgress(`making ${name} a stream of its own, in the place of ${pair.stream.name}`);
    const asset = pair.failedOver(pair.setting.read()!).streams.find((stream) => stream.name === name)!;
    await pair.ensureStream(asset);
    const found = await pair.look(name);
    if (typeof found === "object")
      pair.account.logProgress(`${name} takes messages in ${to} from sequence ${found.lastSeq + 1} on`);
  },

  async consumers(pair, { to }) {
    for (const asset of await missingDurables(pair, to)) {
      await pair.ensureConsumer(asset);
      const { deliverPolicy, optStartSeq, optStartTime } = asset.spec;
      const start = startOf({
        deliver_policy: deliverPolicy,
        opt_start_seq: optStartSeq,
        opt_start_time: optStartTime,
      });
      pair.account.logProgress(`durable ${asset.name} is on ${asset.stream}, from ${startText(start)}`);
    }
  },
};

const catchUpMs = 60_000;

async function waitForMirror(pair: FailoverPair, mirror: string): Promise<void> {
  const hasNearlyAll = async () => {
    const [home, copy] = await Promise.all([pair.look(pair.stream.name), pair.look(mirror)]);
    return typeof home !== "object" || typeof copy !== "object" || home.lastSeq - copy.lastSeq <= fewEnough;
  };
  if (await pollUntil(hasNearlyAll, catchUpMs, 200)) return;
  throw new Failure(
    `${mirror} did not receive all of ${pair.stream.name} within ${catchUpMs / 1000} s. Nothing was changed; ` +
      "run the command again to keep waiting",
  );
}
