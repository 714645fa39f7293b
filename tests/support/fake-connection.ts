import type { NatsConnection } from "@nats-io/transport-node";

/** What a server answers to a request, by the subject without `$JS.API.`; a function sees the payload. */
export type Answer = object | ((payload: Record<string, unknown>) => object);
export type Answers = Record<string, Answer>;

/** The answer to this payload. */
const resolveAnswer = (answer: Answer, payload: Record<string, unknown>): object =>
  typeof answer === "function" ? (answer as (payload: Record<string, unknown>) => object)(payload) : answer;

/** An answer of the JetStream API that refuses. */
export const refusal = (errCode: number, description = "refused", code = 400) => ({
  error: { code, err_code: errCode, description },
});

/**
 * A connection without a server: requests are answered from a table, and noted. A request that is not in the table
 * throws, which for the code under test is a request without an answer.
 */
export function fakeConnection(answers: Answers = {}): { connection: NatsConnection; requests: string[] } {
  const requests: string[] = [];
  const find = (subject: string, text: string | undefined): object => {
    const name = subject
      .replace("$JS.API.", "")
      .replace("$SYS.REQ.SERVER.PING.", "")
      .replace("$SYS.REQ.ACCOUNT.PING.", "ACCOUNT.");
    requests.push(name);
    const answer = answers[name];
    if (answer === undefined) throw new Error(`no answer to ${name}`);
    return resolveAnswer(answer, JSON.parse(text || "{}") as Record<string, unknown>);
  };
  const connection = {
    request: (subject: string, text?: string) =>
      Promise.resolve().then(() => {
        const found = find(subject, text);
        return { json: () => found };
      }),
    /** Answers of all servers: a list. */
    requestMany: (subject: string, text?: string) =>
      Promise.resolve().then(() => (find(subject, text) as object[]).map((one) => ({ json: () => one }))),
    publish: (subject: string) => void requests.push(subject),
    flush: () => Promise.resolve(),
  };
  return { connection: connection as unknown as NatsConnection, requests };
}
