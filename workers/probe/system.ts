import type { NatsConnection } from "@nats-io/transport-node";
import type * as z from "zod";
import type { Logger } from "../messaging";
import type { AccountAnswers } from "./accounts";
import { accountz, type Answer, answerOf, jsz, varz } from "./answers";
import type { Answers } from "./readings";

/** The least time within which servers answer, in milliseconds, and how long the last one is waited for. */
const waits = { stall: 1_000, maxWait: 5_000 };

/** Asks servers of the system account: all that a filter lets through. */
const asking =
  (system: NatsConnection, log: Logger, filter: object = {}) =>
  async <S extends z.ZodType>(what: string, schema: S, options: object = {}) => {
    const body = JSON.stringify({ ...filter, ...options });
    const replies = await system.requestMany(`$SYS.REQ.SERVER.PING.${what}`, body, { strategy: "stall", ...waits });
    const answers: Answer<z.output<S>>[] = [];
    for await (const reply of replies) {
      const { data: answer, error: wrong } = answerOf(schema).safeParse(reply.json());
      const data = answer?.data;
      if (data !== undefined) answers.push({ server: answer!.server.name, region: answer!.server.cluster, data });
      else log.warn({ what, err: wrong ?? answer?.error }, "an answer of a server cannot be read");
    }
    return answers;
  };

/** Asks all servers of a region. */
export async function askServers(system: NatsConnection, region: string, log: Logger): Promise<Answers> {
  const ask = asking(system, log, { cluster: region, exact_match: true });
  const [ofVarz, ofJsz] = await Promise.all([
    ask("VARZ", varz),
    ask("JSZ", jsz, { accounts: true, streams: true, consumer: true, raft: true }),
  ]);
  return { varz: ofVarz, jsz: ofJsz };
}

/** The account of clients that do not log in, which no server of this project lets in. */
const anonymous = "$G";

/** Asks all servers of all regions about all accounts but the system account. */
export async function askAccounts(system: NatsConnection, log: Logger): Promise<AccountAnswers> {
  const ask = asking(system, log);
  const named = await ask("ACCOUNTZ", accountz);
  const names = new Set(
    named.flatMap(({ data }) => data.accounts.filter((name) => ![anonymous, data.system_account].includes(name))),
  );
  const [accounts, streams] = await Promise.all([
    Promise.all([...names].map((account) => ask("ACCOUNTZ", accountz, { account }))),
    ask("JSZ", jsz, { accounts: true, streams: true, stream_leader_only: true }),
  ]);
  return { accounts: accounts.flat(), streams };
}
