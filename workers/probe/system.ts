import type { NatsConnection } from "@nats-io/transport-node";
import type * as z from "zod";
import type { Logger } from "../messaging";
import { type Answer, answerOf, jsz, varz } from "./answers";
import type { Answers } from "./readings";

/** The least time within which servers answer, in milliseconds, and how long the last one is waited for. */
const waits = { stall: 1_000, maxWait: 5_000 };

/** Asks all servers of a region. */
export async function askServers(system: NatsConnection, region: string, log: Logger): Promise<Answers> {
  const ask = async <S extends z.ZodType>(what: string, schema: S, options: object = {}) => {
    const body = JSON.stringify({ cluster: region, exact_match: true, ...options });
    const replies = await system.requestMany(`$SYS.REQ.SERVER.PING.${what}`, body, { strategy: "stall", ...waits });
    const answers: Answer<z.output<S>>[] = [];
    for await (const reply of replies) {
      const { data: answer, error: wrong } = answerOf(schema).safeParse(reply.json());
      const data = answer?.data;
      if (data !== undefined) answers.push({ server: answer!.server.name, data });
      else log.warn({ what, err: wrong ?? answer?.error }, "an answer of a server cannot be read");
    }
    return answers;
  };
  const [ofVarz, ofJsz] = await Promise.all([
    ask("VARZ", varz),
    ask("JSZ", jsz, { accounts: true, streams: true, consumer: true, raft: true }),
  ]);
  return { varz: ofVarz, jsz: ofJsz };
}
