import { createWriteStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { jetstream } from "@nats-io/jetstream";
import {
  closeConnection,
  connect,
  connectionSettings,
  createLogger,
  createPublisher,
  type Publisher,
  secretsOf,
  SettingsError,
} from "./messaging";
import type { Recorded } from "./messaging/contract";

/** A sample, and where it is published. */
export interface Sample<Kind extends string> {
  kind: Kind;
  subject: string;
  message: { id: string };
  /** `Nats-Msg-Id`. Default: the message's id. */
  messageId?: string;
}

/** Sample messages of a system, which `workers/<system>/traffic.ts` publishes. */
export interface Samples<Kind extends string> {
  system: string;
  /** What is published, and what comes of it: the middle of `--help`. */
  about: string;
  kinds: readonly Kind[];
  /** The sample with a number, from 0 on. */
  sample: (number: number) => Sample<Kind>;
}

const usage = ({
  system,
  about,
}: Samples<string>) => `usage: traffic.ts [--rate <messages a second>] [--count <messages>] [--record <file>]

${about}
--record writes a line of JSON for each message that was acknowledged (Acknowledged) or refused ({ id, error }).
It goes on until --count or Ctrl-C, and connects by NATS_URL, NATS_USER, NATS_PASSWORD, NATS_CA and NATS_INBOX_PREFIX;
npm run traffic -- --account ${system} sets them.`;

/** How long what was published last may take to be acknowledged. */
const lastMs = 15_000;

const reportEveryMs = 1_000;

/** What became of messages so far. */
export interface Counts<Kind extends string = string> {
  published: Record<Kind, number>;
  acknowledged: number;
  failed: number;
}

/**
 * Publishes samples at a rate until the count is reached or the signal aborts, then waits until each is acknowledged or
 * has failed.
 *
 * @param rate messages a second; what the streams do not take in time is published later
 */
export async function publishSamples<Kind extends string>(
  publisher: Publisher,
  sample: Samples<Kind>["sample"],
  { rate, count, signal }: { rate: number; count: number; signal: AbortSignal },
  counts: Counts<Kind>,
  onFailure: (error: Error) => void,
  record: (message: Recorded) => void = () => undefined,
): Promise<void> {
  const started = performance.now();
  for (let number = 0; number < count && !signal.aborted; number++) {
    const early = started + (number * 1_000) / rate - performance.now();
    if (early > 0) await sleep(early, undefined, { signal }).catch(() => undefined);
    await publisher.ready();
    if (signal.aborted) break;
    const { kind, subject, message, messageId = message.id } = sample(number);
    counts.published[kind]++;
    const from = performance.now();
    publisher.publish(subject, message, { id: messageId }).then(
      ({ stream, seq }) => {
        counts.acknowledged++;
        record({ id: messageId, subject, stream, seq, ms: performance.now() - from });
      },
      (error: Error) => {
        counts.failed++;
        record({ id: messageId, error: error.message });
        onFailure(error);
      },
    );
  }
  await publisher.flush();
}

/** `"12.0 s: 300 sms, 180 email, 120 webhook published; 600 acknowledged, 0 failed"` */
export function summary({ published, acknowledged, failed }: Counts, ms: number): string {
  const each = Object.entries(published).map(([kind, number]) => `${number} ${kind}`);
  return `${(ms / 1_000).toFixed(1)} s: ${each.join(", ")} published; ${acknowledged} acknowledged, ${failed} failed`;
}

async function run<Kind extends string>(samples: Samples<Kind>, args: string[]): Promise<number> {
  const { system, kinds, sample } = samples;
  const name = `${system}-traffic`;
  const number = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: { rate: number, count: number, record: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help) return print(usage(samples), 0);
  const { rate = "10", count = "Infinity" } = values;
  if (!(Number(rate) > 0 && Number(rate) <= 100_000)) return print(`--rate "${rate}": expected a number above 0`, 2);
  if (!(Number(count) >= 1)) return print(`--count "${count}": expected a whole number from 1 on`, 2);

  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => (stop.signal.aborted ? process.exit(130) : stop.abort()));
  const log = createLogger({ name, level: "warn", secrets: secretsOf(process.env) });
  const nc = await connect(connectionSettings(process.env), { name, log, signal: stop.signal });
  const none = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  const counts: Counts<Kind> = { published: none, acknowledged: 0, failed: 0 };
  const started = performance.now();
  const report = () => summary(counts, performance.now() - started);
  const timer = setInterval(() => console.error(report()), reportEveryMs);
  let reason: string | undefined;
  const file = values.record === undefined ? undefined : createWriteStream(values.record, { mode: 0o600 });
  try {
    const publisher = createPublisher(jetstream(nc), { duplicateWindow: lastMs });
    const limits = { rate: Number(rate), count: Number(count), signal: stop.signal };
    const onFailure = (error: Error) => {
      if (reason !== error.message) console.error((reason = error.message));
    };
    const record = (message: Recorded) => file?.write(`${JSON.stringify(message)}\n`);
    await publishSamples(publisher, sample, limits, counts, onFailure, record);
  } finally {
    if (file) await new Promise((resolve) => file.end(resolve));
    clearInterval(timer);
    await closeConnection(nc);
  }
  return print(report(), counts.failed > 0 ? 1 : 0);
}

/** Results go to standard output, mistakes to standard error. */
function print(line: string, code: number): number {
  if (code === 2) console.error(line);
  else console.log(line);
  return code;
}

/**
 * Publishes samples as the arguments of this process say, and ends it: with 0, with 1 if not all were published, with 2
 * if arguments or variables are wrong.
 */
export function runTraffic<Kind extends string>(samples: Samples<Kind>): void {
  run(samples, process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error: Error) => {
      console.error(error.message);
      process.exit(error instanceof SettingsError || error instanceof TypeError ? 2 : 1);
    },
  );
}
