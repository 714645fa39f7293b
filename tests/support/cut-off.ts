import type { NatsConnection } from "@nats-io/transport-node";

/** `before`: the request is not sent; `after`: it is, and its answer is never heard. */
export type Moment = "before" | "after";

const changes = /^\$JS\.API\.(STREAM\.(CREATE|UPDATE|DELETE)|CONSUMER\.(CREATE|DELETE|PAUSE|RESET))\./;

/** What runs by it does nothing more from a certain change on, as a process that was killed there. */
export interface CutOff {
  connection: NatsConnection;
  /** Changes that were begun. */
  changes(): string[];
  /** Resolves with the subject of the change at which it was cut off. */
  reached: Promise<string>;
}

/** A connection that is cut off at the change of that number, from 1 on. */
export function cutOff(connection: NatsConnection, number: number, moment: Moment): CutOff {
  const begun: string[] = [];
  const never = new Promise<never>(() => undefined);
  let isCut = false;
  let reach!: (subject: string) => void;
  const reached = new Promise<string>((resolve) => (reach = resolve));
  const request: NatsConnection["request"] = (subject, ...rest) => {
    if (isCut) return never;
    if (!changes.test(subject)) return connection.request(subject, ...rest);
    begun.push(subject.replace("$JS.API.", ""));
    if (begun.length < number) return connection.request(subject, ...rest);
    isCut = true;
    if (moment === "after") void connection.request(subject, ...rest).catch(() => undefined);
    reach(begun.at(-1)!);
    return never;
  };
  return { connection: requesting(connection, request), changes: () => begun, reached };
}

/** A connection by which every change is carried out, and its answer is lost. */
export const unheard = (connection: NatsConnection): NatsConnection =>
  requesting(connection, async (subject, ...rest) => {
    const answer = await connection.request(subject, ...rest);
    if (changes.test(subject)) throw new Error("its answer was lost");
    return answer;
  });

/** The connection with another way to make requests. */
const requesting = (connection: NatsConnection, request: NatsConnection["request"]): NatsConnection =>
  new Proxy(connection, {
    get: (target, key) => {
      if (key === "request") return request;
      const value = Reflect.get(target, key) as unknown;
      return typeof value === "function" ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
