import { streamFields, type Wire } from "../../jetstream/fields";
import { isEmpty } from "../../jetstream/fields/conversions";
import type { ServerFacts } from "../../jetstream/facts";
import { ownerOf } from "../../jetstream/ownership";
import { type Args, differences, toWire } from "../../jetstream/wire";
import type { ConsumerAsset } from "../../config/assets/asset";
import { isLifted, limitedAs } from "./configurations";

/** Why a work queue cannot be given another retention without a doubt. Asked before anything is done. Pure. */

export interface ObservedQueue {
  config: Wire;
  bytes: number;
  /** Other streams that mirror it. */
  mirrors: string[];
  consumers: Wire[];
  servers: ServerFacts | undefined;
  /** Bytes that the account may still store, of the stream's kind. */
  room: number;
}

export interface SpecifiedQueue {
  owner: string;
  args: Args;
  durables: ConsumerAsset[];
}

/** What a work queue cannot have on the way. */
const fields: { field: string; reason: string }[] = [
  { field: "sources", reason: "what its sources hold would be collected again" },
  { field: "subject_transform", reason: "what is renamed already would be renamed again" },
  { field: "republish", reason: "what is published already would be published again" },
  { field: "allow_msg_ttl", reason: "messages that run out on the way could not be told from lost ones" },
  { field: "allow_msg_schedules", reason: "servers copy no schedules (error 10186)" },
  { field: "no_ack", reason: "nobody knows which messages were stored" },
];

/** API level from which on a server removes a work queue's message only when its copy is stored. Before, it does when it sends the message. */
export const safeCopyLevel = 4;

export function unmetPreconditions(
  { config, bytes, mirrors, consumers, servers, room }: ObservedQueue,
  { owner, args, durables }: SpecifiedQueue,
): string[] {
  const name = config.name as string;
  const named = durables.map((durable) => durable.name);
  const foreign = consumers.filter(
    (consumer) => !isCopier(consumer) && !named.includes(consumer.name as string) && ownerOf(consumer) !== owner,
  );
  const skipping = durables.filter(({ spec }) => spec.deliverPolicy !== "all");
  const asItIs = { ...args, retention: config.retention };
  const before = isLifted(config) ? limitedAs(config, toWire(streamFields, args)) : config;
  const others = differences(streamFields, asItIs, before).map(({ field }) => field);
  const copiers = [...mirrors, ...consumers.filter(isCopier).map(copierOf)];
  const needed = bytes * (config.num_replicas as number);
  return [
    ...(servers && servers.level >= safeCopyLevel
      ? []
      : [
          `servers before 2.14 forget a work queue's message when they send it to its copy, so one could be lost; ${servers ? `the oldest here is ${servers.version}` : "no server said which version it is"}`,
        ]),
    ...fields.filter(({ field }) => !isEmpty(config[field])).map(({ field, reason }) => `it has ${field}: ${reason}`),
    ...(others.length
      ? [
          `${others.join(", ")} ${others.length > 1 ? "differ" : "differs"} from what is specified; bring that up to date before, with the old retention`,
        ]
      : []),
    ...(copiers.length
      ? [`it is copied by ${copiers.join(", ")}, which would take messages away; take that out first`]
      : []),
    ...(foreign.length
      ? [
          `its durables ${foreign.map((consumer) => consumer.name as string).join(", ")} are in no specification, so nobody would make them again; declare or delete them first`,
        ]
      : []),
    ...skipping.map(
      (durable) =>
        `durable ${durable.name} is to begin with "${durable.spec.deliverPolicy}", so it would skip what is left to do; specify "all"`,
    ),
    ...(room >= needed
      ? []
      : [`the account of ${name} has room for ${room} bytes more, and a second copy takes ${needed}`]),
  ];
}

/** A consumer by which a server copies the stream into another one. */
export const isCopier = ({ sourcing }: Wire): boolean => sourcing === true;

/** The stream that it copies into. */
export const copierOf = ({ metadata, name }: Wire): string => {
  const labels = (metadata as Record<string, string> | undefined) ?? {};
  return labels["_nats.src.stream"] ?? labels["_nats.mirror.stream"] ?? (name as string);
};
