import type { NatsConnection } from "@nats-io/transport-node";
import { withReadSlot, readPages } from "../../jetstream/api";
import type { Info } from "../../jetstream/info";

/** An account's streams and consumers as its servers hold them. */
export interface LiveAccount {
  streams: LiveStream[];
  /** `STREAM` or `STREAM/consumer` of those that no server answered for: their configuration is unknown. */
  missing: string[];
}

export interface LiveStream {
  info: Info;
  consumers: Info[];
}

interface Page {
  total?: number;
  streams?: Info[];
  consumers?: Info[];
  missing?: string[];
}

/**
 * Reads all streams and consumers of an account, sorted by name, by its provisioner's connection.
 * @throws {ApiError | NoAnswer} when a list is refused or not answered
 */
export async function readLive(connection: NatsConnection): Promise<LiveAccount> {
  const missing: string[] = [];
  const list = async (subject: string, prefix: string): Promise<Info[]> => {
    const gone = new Set<string>();
    const entries = await withReadSlot(() =>
      readPages(connection, subject, {}, (page: Page) => {
        for (const name of page.missing ?? []) gone.add(name);
        return page.streams ?? page.consumers ?? [];
      }),
    );
    missing.push(...[...gone].map((name) => `${prefix}${name}`));
    return entries.filter(({ config }) => !gone.has((config.name ?? config.durable_name)!));
  };
  const infos = await list("STREAM.LIST", "");
  const streams = await Promise.all(
    infos.map(async (info) => ({
      info,
      consumers: await list(`CONSUMER.LIST.${info.config.name!}`, `${info.config.name!}/`),
    })),
  );
  const byName = (left: Info, right: Info) => nameOf(left).localeCompare(nameOf(right));
  return {
    streams: streams
      .map(({ info, consumers }) => ({ info, consumers: consumers.toSorted(byName) }))
      .toSorted((left, right) => byName(left.info, right.info)),
    missing: missing.toSorted(),
  };
}

/** Name of a stream or consumer. */
export const nameOf = ({ config }: Info): string => (config.name ?? config.durable_name)!;
