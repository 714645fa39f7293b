import { streamFields, type Wire } from "../../jetstream/fields";
import { isEmpty } from "../../jetstream/fields/conversions";
import type { ServerFacts } from "../../jetstream/facts";
import { ownerOf } from "../../jetstream/ownership";
import { type Args, differences, toWire } from "../../jetstream/wire";
import type { ConsumerAsset } from "../../config/assets/asset";
import { copierOf, isCopier } from "../stream/copiers";
import { isLifted, limitedAs } from "./configurations";

/** What a work queue must fulfil before a migration can change its retention without losing a message. Pure. */

export interface ObservedQueue {
  config: Wire;
  bytes: number;
  /** Other streams that mirror it. */
  mirrors: string[];
  consumers: Wire[];
  servers: ServerFacts | undefined;
  /** Bytes that a copy may take of the account's limit, every replica counted: see `roomOf`. */
  room: number;
}

/** What one stream of the queue's kind of storage takes of its account's limit. */
interface Held {
  config: Pick<Wire, "name" | "max_bytes" | "num_replicas">;
  state: { bytes: number };
}

/**
 * Bytes of an account's limit that are neither in use nor reserved by another stream: publishers of these must not be
 * refused because of the copy (error 10002). Pure.
 *
 * @param limit bytes, every replica counted; negative: none
 * @param used bytes in use now, every replica counted
 * @param streams all of the account with this kind of storage
 */
export function roomOf(limit: number, used: number, name: string, streams: Held[]): number {
  if (limit < 0) return Infinity;
  const taken = streams.reduce((sum, { config: { name: other, max_bytes = -1, num_replicas = 1 }, state }) => {
    const bytes = other === name ? state.bytes : Math.max(max_bytes, state.bytes);
    return sum + bytes * num_replicas;
  }, 0);
  return limit - Math.max(used, taken);
}

export interface SpecifiedQueue {
  owner: string;
  args: Args;
  durables: ConsumerAsset[];
}

/** Fields that a work queue must not have during a migration. */
const fields: { field: string; reason: string }[] = [
  { field: "sources", reason: "what its sources hold would be collected again" },
  { field: "subject_transform", reason: "what is renamed already would be renamed again" },
  { field: "republish", reason: "what is published already would be published again" },
  { field: "allow_msg_ttl", reason: "messages that expire during the migration could not be told from lost ones" },
  { field: "allow_msg_schedules", reason: "servers copy no schedules (error 10186)" },
  { field: "no_ack", reason: "publishers do not know which messages were stored" },
];

/**
 * API level from which on servers remove a work queue's message once its copy is stored; older ones when it is sent.
 */
export const safeCopyLevel = 4;

export function unmetPreconditions(
  { config, bytes, mirrors, consumers, servers, room }: ObservedQueue,
  { owner, args, durables }: SpecifiedQueue,
): string[] {
  const name = config.name!;
  const named = durables.map((durable) => durable.name);
  const foreign = consumers.filter(
    (consumer) => !isCopier(consumer) && !named.includes(consumer.name!) && ownerOf(consumer) !== owner,
  );
  const skipping = durables.filter(({ spec }) => spec.deliverPolicy !== "all");
  const asItIs = { ...args, retention: config.retention };
  const before = isLifted(config) ? limitedAs(config, toWire(streamFields, args)) : config;
  const others = differences(streamFields, asItIs, before).map(({ field }) => field);
  const copiers = [...mirrors, ...consumers.filter(isCopier).map(copierOf)];
  const needed = bytes * config.num_replicas!;
  return [
    ...(servers && servers.level >= safeCopyLevel
      ? []
      : [
          "servers before 2.14 remove a work queue's message when they send it to its copy, so one could be lost; " +
            (servers ? `the oldest here is ${servers.version}` : "no server reported its version"),
        ]),
    ...fields.filter(({ field }) => !isEmpty(config[field])).map(({ field, reason }) => `it has ${field}: ${reason}`),
    ...(others.length
      ? [
          `${others.join(", ")} ${others.length > 1 ? "differ" : "differs"} from what is specified; ` +
            "bring that up to date first, with the old retention",
        ]
      : []),
    ...(copiers.length
      ? [`it is copied by ${copiers.join(", ")}, which would take messages away; remove that first`]
      : []),
    ...(foreign.length
      ? [
          `its durables ${foreign.map((consumer) => consumer.name).join(", ")} are not specified, ` +
            "so they would not be recreated; declare or delete them first",
        ]
      : []),
    ...skipping.map(
      (durable) =>
        `durable ${durable.name} begins with "${durable.spec.deliverPolicy}", ` +
        'so it would skip what is left to do; specify "all"',
    ),
    ...(room >= needed
      ? []
      : [
          `the account of ${name} has room for ${room} more bytes beside what its other streams reserve, ` +
            `and a second copy takes ${needed}`,
        ]),
  ];
}
