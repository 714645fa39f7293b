import type { NatsConnection } from "@nats-io/transport-node";

/** What one server answers to a request of the system account. Source: nats-server's server/monitor.go. */
export interface Answer<T> {
  server: { name: string; cluster: string; ver: string };
  data?: T;
  error?: { description: string };
}

/** The answers of all servers to `$SYS.REQ.SERVER.PING.<what>`; ends after `expected` answers, or `maxWait` ms. */
export async function askAll<T>(
  system: NatsConnection,
  what: string,
  options: object,
  expected: number,
  maxWait: number,
): Promise<Answer<T>[]> {
  const answers: Answer<T>[] = [];
  try {
    const replies = await system.requestMany(`$SYS.REQ.SERVER.PING.${what}`, JSON.stringify(options), {
      strategy: "count",
      maxMessages: expected,
      maxWait,
    });
    for await (const reply of replies) answers.push(reply.json<Answer<T>>());
  } catch {
    // No server answered in time: callers report which are missing.
  }
  return answers;
}

interface Jsz {
  account_details?: { name: string; stream_detail?: { name: string }[] }[];
}

/**
 * Names of the streams of every account that the servers hold, whether this program manages them or not; and the names
 * of `servers` that did not answer within `maxWait` ms, whose streams may be missing.
 */
export async function heldStreams(
  system: NatsConnection,
  servers: string[],
  maxWait = 2_000,
): Promise<{ streams: Map<string, string[]>; silent: string[] }> {
  const answers = await askAll<Jsz>(
    system,
    "JSZ",
    { accounts: true, streams: true, limit: 100_000 },
    servers.length,
    maxWait,
  );
  const streams = new Map<string, string[]>();
  for (const { name, stream_detail = [] } of answers.flatMap(({ data }) => data?.account_details ?? [])) {
    streams.set(
      name,
      [...new Set([...(streams.get(name) ?? []), ...stream_detail.map((stream) => stream.name)])].sort(),
    );
  }
  const answered = answers.filter(({ data }) => data).map(({ server }) => server.name);
  return { streams, silent: servers.filter((server) => !answered.includes(server)) };
}
