import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { jetstream } from "@nats-io/jetstream";
import {
  closeConnection,
  connect,
  connectionSettings,
  createLogger,
  createMessage,
  createPublisher,
  type Publisher,
  secretsOf,
  SettingsError,
} from "../messaging";
import type { Channel } from "./deliveries/delivery";
import { outgoing } from "./messages";
import { sample } from "./samples";

const usage = `usage: traffic.ts [--rate <messages a second>] [--count <messages>]

Publishes sample SMS, e-mails and webhooks to irisx's streams, as its API would, until --count or Ctrl-C. It connects
by NATS_URL, NATS_USER, NATS_PASSWORD, NATS_CA and NATS_INBOX_PREFIX; npm run traffic -- --account irisx sets them.
Recipients belong to nobody (example.com, 555-0100, .invalid), but workers with real providers do try to send.`;

/** How long what was published last may take to be acknowledged. */
const lastMs = 15_000;

const reportEveryMs = 1_000;

/** What became of messages so far. */
export interface Counts {
  published: Record<Channel, number>;
  acknowledged: number;
  failed: number;
}

/**
 * Publishes samples at a rate until the count is reached or the signal aborts, then waits until each is acknowledged or
 * has failed.
 *
 * @param rate messages a second; what the streams do not take in time is published later
 */
export async function publishSamples(
  publisher: Publisher,
  { rate, count, signal }: { rate: number; count: number; signal: AbortSignal },
  counts: Counts,
  onFailure: (error: Error) => void,
): Promise<void> {
  const started = performance.now();
  for (let number = 0; number < count && !signal.aborted; number++) {
    const early = started + (number * 1_000) / rate - performance.now();
    if (early > 0) await sleep(early, undefined, { signal }).catch(() => undefined);
    await publisher.ready();
    if (signal.aborted) break;
    const { channel, tenantId, content } = sample(number);
    const { subject, schema } = outgoing[channel];
    const message = createMessage(schema, { source: "irisx-traffic", id: randomUUID(), tenantId, ...content });
    counts.published[channel]++;
    publisher.publish(subject, message, { id: message.id }).then(
      () => counts.acknowledged++,
      (error: Error) => {
        counts.failed++;
        onFailure(error);
      },
    );
  }
  await publisher.flush();
}

/** `"12.0 s: 300 sms, 180 email, 120 webhook published; 600 acknowledged, 0 failed"` */
export function summary({ published, acknowledged, failed }: Counts, ms: number): string {
  const each = Object.entries(published).map(([channel, number]) => `${number} ${channel}`);
  return `${(ms / 1_000).toFixed(1)} s: ${each.join(", ")} published; ${acknowledged} acknowledged, ${failed} failed`;
}

async function main(args: string[]): Promise<number> {
  const number = { type: "string" } as const;
  const { values } = parseArgs({ args, options: { rate: number, count: number, help: { type: "boolean" } } });
  if (values.help) return print(usage, 0);
  const { rate = "10", count = "Infinity" } = values;
  if (!(Number(rate) > 0 && Number(rate) <= 100_000)) return print(`--rate "${rate}": expected a number above 0`, 2);
  if (!(Number(count) >= 1)) return print(`--count "${count}": expected a whole number from 1 on`, 2);

  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => (stop.signal.aborted ? process.exit(130) : stop.abort()));
  const log = createLogger({ name: "irisx-traffic", level: "warn", secrets: secretsOf(process.env) });
  const nc = await connect(connectionSettings(process.env), { name: "irisx-traffic", log, signal: stop.signal });
  const counts: Counts = { published: { sms: 0, email: 0, webhook: 0 }, acknowledged: 0, failed: 0 };
  const started = performance.now();
  const report = () => summary(counts, performance.now() - started);
  const timer = setInterval(() => console.error(report()), reportEveryMs);
  let reason: string | undefined;
  try {
    const publisher = createPublisher(jetstream(nc), { duplicateWindow: lastMs });
    const limits = { rate: Number(rate), count: Number(count), signal: stop.signal };
    await publishSamples(publisher, limits, counts, (error) => {
      if (reason !== error.message) console.error((reason = error.message));
    });
  } finally {
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

if (require.main === module)
  main(process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error: Error) => {
      console.error(error.message);
      process.exit(error instanceof SettingsError || error instanceof TypeError ? 2 : 1);
    },
  );
