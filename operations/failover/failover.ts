import { Failure } from "../../engine/failure";
import { pollUntil } from "../../config/poll-until";
import type { Start } from "../../config/schema/failover";
import { decideSettled } from "./decide";
import { durableStarts, missingDurables } from "./durable-starts";
import type { FailoverPair } from "./failover-pair";
import { park } from "./park";
import { startOf, startText } from "./positions";
import { type FailoverStep, nextFailoverStep, type StreamSummary } from "./steps";

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

/** Runs step by step until nothing is left to do. Safe to repeat after any interruption. */
export async function runFailover(pair: FailoverPair, options: FailoverOptions): Promise<void> {
  for (;;) {
    const next = await decideFailover(pair, options);
    if (next.step === "nothing" || next.step === "mirror") return;
    await steps[next.step](pair, options, next.mirror!);
  }
}

type Mirror = { name: string; region: string; found: StreamSummary };

const steps: Record<FailoverStep, (pair: FailoverPair, options: FailoverOptions, mirror: Mirror) => Promise<void>> = {
  async park(pair) {
    const { name, spec } = pair.stream;
    pair.account.logProgress(`taking ${spec.subjects.join(", ")} away from ${name}`);
    await park(pair);
  },

  async "catch-up"(pair, _, { name, found }) {
    const { name: stream } = pair.stream;
    pair.account.logProgress(`${stream} answers: waiting until ${name} has all of it (now up to ${found.lastSeq})`);
    await waitForLastMessage(pair, name);
  },

  async declare(pair, { to, start }, { name }) {
    pair.setting.write({ to, consumers: await durableStarts(pair, to, start) });
    pair.account.logProgress(`written to ${pair.setting.file}: ${pair.stream.name} is in ${to}, as ${name}`);
  },

  async promote(pair, { to }, { name }) {
    pair.account.logProgress(`making ${name} a stream of its own, with the subjects of ${pair.stream.name}`);
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

/** The stream stores nothing more: when the mirror has its last message, it has all. */
async function waitForLastMessage(pair: FailoverPair, mirror: string): Promise<void> {
  const hasAll = async () => {
    const [home, copy] = await Promise.all([pair.look(pair.stream.name), pair.look(mirror)]);
    return typeof home !== "object" || typeof copy !== "object" || copy.lastSeq >= home.lastSeq;
  };
  if (await pollUntil(hasAll, catchUpMs, 200)) return;
  throw new Failure(
    `${mirror} did not receive all of ${pair.stream.name} within ${catchUpMs / 1000} s; ` +
      "publishers are refused meanwhile. Run the command again to keep waiting, " +
      "or give the subjects back: npm run failback",
  );
}
