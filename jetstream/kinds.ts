import type { NatsConnection } from "@nats-io/transport-node";
import type * as z from "zod";
import { type Finding, findingsOf } from "../config/rules/arguments/argument-rule";
import { consumerArgumentRules } from "../config/rules/arguments/consumer";
import { streamArgumentRules } from "../config/rules/arguments/stream";
import { consumerFields, type Field, streamFields, type Wire } from "./fields";
import {
  type AssetArgs,
  type AssetKey,
  type AssetName,
  type ConsumerConfig,
  consumerSchemaOf,
  type StreamConfig,
  streamSchema,
} from "./schemas";
import { write } from "./api";

/**
 * What the reconcile logic knows of streams and of consumers: their fields, and the API's requests. `A`: what the
 * schema makes of arguments, which the rules take.
 */
export interface AssetKind<A = AssetArgs> {
  what: "stream" | "consumer";
  fields: Field[];
  schema(args: Record<string, unknown>): z.ZodType<A>;
  /** What the rules find in arguments that have passed the schema. */
  findings(args: A): Finding[];
  /** Arguments that are the asset's identity; a different value is a different asset. */
  identity: (keyof AssetKey)[];
  subject(verb: "INFO" | "CREATE" | "UPDATE" | "DELETE", asset: AssetName): string;
  /** Fields that updates leave as they are, and the requests that set them. */
  ownRequests: Record<string, (connection: NatsConnection, args: AssetArgs) => Promise<unknown>>;
  /** Body of a create or update. Pedantic: the server refuses what it would otherwise silently change. */
  body(verb: "create" | "update", config: Wire, asset: AssetName): unknown;
}

export const streamKind: AssetKind<StreamConfig> = {
  what: "stream",
  fields: streamFields,
  schema: () => streamSchema,
  findings: (args) => findingsOf(streamArgumentRules, args),
  identity: ["account", "name"],
  ownRequests: {},
  subject: (verb, { name }) => `STREAM.${verb}.${name}`,
  body: (_verb, config) => ({ ...config, pedantic: true }),
};

export const consumerKind: AssetKind<ConsumerConfig> = {
  what: "consumer",
  fields: consumerFields,
  schema: consumerSchemaOf,
  findings: (args) => findingsOf(consumerArgumentRules, args),
  identity: ["account", "stream", "name"],
  ownRequests: {
    // Without a time the consumer resumes at once.
    pauseUntil: (connection, { stream, name, pauseUntil }) =>
      write(connection, `CONSUMER.PAUSE.${stream}.${name}`, { pause_until: pauseUntil }),
  },
  subject: (verb, { stream, name }) => `CONSUMER.${verb === "UPDATE" ? "CREATE" : verb}.${stream}.${name}`,
  body: (verb, config, { stream }) => ({ stream_name: stream, config, action: verb, pedantic: true }),
};

/** An asset's name in messages, and its resource's id: `<account>/<stream>`, `<account>/<stream>/<consumer>`. */
export const idOf = (kind: Pick<AssetKind, "identity">, key: Partial<AssetKey>): string =>
  kind.identity.map((part) => key[part]).join("/");
