import type { NatsConnection } from "@nats-io/transport-node";
import { byVersion } from "../config/versions";

/**
 * What the servers of the supercluster support: the lowest of all that answer, because any of them may become leader.
 */
export interface ServerFacts {
  version: string;
  /** JetStream API level. */
  level: number;
  /** Each server that answered, with the tags that streams are placed by. */
  servers: { cluster: string; tags: string[] }[];
}

interface Answer {
  server?: { ver?: string; cluster?: string; tags?: string[] };
  data?: { api?: { level?: number } };
}

/** Asks every server, until all have answered or `maxWait` ms have passed; undefined when none answered. */
export async function readServerFacts(
  system: NatsConnection,
  servers: number,
  maxWait = 2_000,
): Promise<ServerFacts | undefined> {
  const answers: (Pick<ServerFacts, "version" | "level"> & ServerFacts["servers"][number])[] = [];
  const iterator = await system.requestMany("$SYS.REQ.SERVER.PING.JSZ", "{}", {
    strategy: "count",
    maxMessages: servers,
    maxWait,
  });
  try {
    for await (const message of iterator) {
      const { server, data } = message.json<Answer>();
      if (!server?.ver) continue;
      const { ver: version, cluster = "", tags = [] } = server;
      answers.push({ version, level: data?.api?.level ?? 0, cluster, tags });
    }
  } catch {
    // None or not all of them answered in time: those that did count.
  }
  if (answers.length === 0) return undefined;
  const versions = answers.map(({ version }) => version).sort(byVersion);
  return {
    version: versions[0]!,
    level: Math.min(...answers.map(({ level }) => level)),
    servers: answers.map(({ cluster, tags }) => ({ cluster, tags })),
  };
}
