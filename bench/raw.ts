import pLimit from "p-limit";
import { consumerFields, streamFields } from "../jetstream/fields";
import { toWire } from "../jetstream/wire";
import type { Supercluster } from "../tests/support/nats";
import type { LoggedRequest } from "../tests/support/request-log";
import { type Assets, benchConsumer, benchStream } from "./assets";
import type { Measured } from "./project";

const inFlight = 4;
const page = 256;

/**
 * The same work without engine and provider: create, read and delete each stream and its consumer, with a read before
 * each change, which is needed to not overwrite what another owner has.
 */
export async function rawRun(
  cluster: Supercluster,
  { streams, replicas }: Assets,
): Promise<Record<"create" | "refresh" | "destroy", Measured>> {
  const nats = await cluster.connect("app");
  const timed = async (
    count: number,
    work: (index: number, ask: (subject: string, body?: unknown) => Promise<void>) => Promise<void>,
  ): Promise<Measured> => {
    const requests: LoggedRequest[] = [];
    const ask = async (subject: string, body?: unknown) => {
      const started = performance.now();
      const answer = (await nats.request(`$JS.API.${subject}`, JSON.stringify(body ?? {}), { timeout: 30_000 })).json<{
        error?: unknown;
      }>();
      requests.push({ subject, ms: performance.now() - started });
      if (answer.error && !subject.includes(".INFO.")) throw new Error(`${subject}: ${JSON.stringify(answer.error)}`);
    };
    const started = performance.now();
    await pLimit(inFlight).map(
      Array.from({ length: count }, (_, index) => index),
      (index) => work(index, ask),
    );
    return { seconds: (performance.now() - started) / 1000, requests };
  };
  try {
    const create = await timed(streams, async (index, ask) => {
      await ask(`STREAM.INFO.S${index}`);
      await ask(`STREAM.CREATE.S${index}`, toWire(streamFields, benchStream(index, replicas)));
      await ask(`CONSUMER.INFO.S${index}.worker`);
      await ask(`CONSUMER.CREATE.S${index}.worker`, {
        stream_name: `S${index}`,
        config: toWire(consumerFields, benchConsumer(index)),
        action: "create",
      });
    });
    const pages = Math.ceil(streams / page);
    const refresh = await timed(pages + streams, (index, ask) =>
      index < pages ? ask("STREAM.LIST", { offset: index * page }) : ask(`CONSUMER.LIST.S${index - pages}`),
    );
    const destroy = await timed(streams, async (index, ask) => {
      await ask(`CONSUMER.INFO.S${index}.worker`);
      await ask(`CONSUMER.DELETE.S${index}.worker`);
      await ask(`STREAM.INFO.S${index}`);
      await ask(`STREAM.DELETE.S${index}`);
    });
    return { create, refresh, destroy };
  } finally {
    await nats.close();
  }
}
