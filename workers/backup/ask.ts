import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Ask } from "./protocol";

const requestMs = 30_000;

/** Milliseconds until a request that changes nothing is sent again: servers that have just started elect leaders. */
const againAfter = [500, 1_000, 2_000, 4_000, 8_000] as const;

/** Requests to `$JS.API.`, of a process that is not Pulumi's. */
export const asking =
  (connection: NatsConnection): Ask =>
  async <Answer>(subject: string, payload: unknown): Promise<Answer> => {
    const waits = /^STREAM\.(INFO|LIST)/.test(subject) ? againAfter : [];
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask<Answer>(connection, subject, payload);
      } catch (error) {
        const wait = waits[attempt];
        if (wait === undefined || error instanceof Refused) throw error;
        await sleep(wait);
      }
    }
  };

/** A server's answer that is an error. */
class Refused extends Error {
  constructor(
    subject: string,
    readonly code: number,
    readonly errCode: number,
    description: string,
  ) {
    super(`${subject}: ${description} (error ${errCode})`);
  }
}

async function ask<Answer>(connection: NatsConnection, subject: string, payload: unknown): Promise<Answer> {
  const body = payload === undefined ? undefined : JSON.stringify(payload);
  const message = await connection.request(`$JS.API.${subject}`, body, { timeout: requestMs }).catch((error: Error) => {
    throw new Error(
      `${subject}: no answer (${error.message}); is the account's JetStream up, and may the user ask it?`,
    );
  });
  type Answered = Answer & { error?: { code: number; err_code?: number; description?: string } };
  const answer = message.json<Answered>();
  if (answer.error)
    throw new Refused(subject, answer.error.code, answer.error.err_code ?? 0, answer.error.description ?? "refused");
  return answer;
}
