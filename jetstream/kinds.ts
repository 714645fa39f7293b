import type { NatsConnection } from "@nats-io/transport-node";
import type * as z from "zod";
import { type Finding, findingsOf } from "../config/rules/arguments/argument-rule";
import { type ConsumerArguments, consumerArgumentRules } from "../config/rules/arguments/consumer";
import type { StreamArguments } from "../config/rules/arguments/stream-rule";
import { streamArgumentRules } from "../config/rules/arguments/stream";
import { consumerFields, type Field, streamFields, type Wire } from "./fields";
import { consumerSchemaOf, streamSchema } from "./schemas";
import type { Args } from "./wire";
import { write } from "./api";

/** What the reconcile logic knows of streams and of consumers: their fields, and the API's requests. */
export interface AssetKind {
  what: "stream" | "consumer";
  fields: Field[];
  schema(args: Args): z.ZodType;
  /** What the rules find in arguments that have passed the schema. */
  findings(args: Args): Finding[];
  /** Arguments that are the asset's identity; a different value is a different asset. */
  identity: string[];
  subject(verb: "INFO" | "CREATE" | "UPDATE" | "DELETE", args: Args): string;
  /** Fields that updates leave as they are, and the requests that set them. */
  ownRequests: Record<string, (connection: NatsConnection, args: Args) => Promise<unknown>>;
  /** Body of a create or update. Pedantic: the server refuses what it would otherwise silently change. */
  body(verb: "create" | "update", config: Wire, args: Args): unknown;
}

export const streamKind: AssetKind = {
  what: "stream",
  fields: streamFields,
  schema: () => streamSchema,
  findings: (args) => findingsOf(streamArgumentRules, args as StreamArguments),
  identity: ["account", "name"],
  ownRequests: {},
  subject: (verb, { name }) => `STREAM.${verb}.${name}`,
  body: (_verb, config) => ({ ...config, pedantic: true }),
};

export const consumerKind: AssetKind = {
  what: "consumer",
  fields: consumerFields,
  schema: consumerSchemaOf,
  findings: (args) => findingsOf(consumerArgumentRules, args as ConsumerArguments),
  identity: ["account", "stream", "name"],
  ownRequests: {
    // Without a time the consumer resumes at once.
    pauseUntil: (connection, { stream, name, pauseUntil }) =>
      write(connection, `CONSUMER.PAUSE.${stream as string}.${name as string}`, { pause_until: pauseUntil }),
  },
  subject: (verb, { stream, name }) => `CONSUMER.${verb === "UPDATE" ? "CREATE" : verb}.${stream}.${name}`,
  body: (verb, config, { stream }) => ({ stream_name: stream, config, action: verb, pedantic: true }),
};

/** An asset's name in messages, and its resource's id: `<account>/<stream>`, `<account>/<stream>/<consumer>`. */
export const idOf = (kind: AssetKind, args: Args): string => kind.identity.map((key) => args[key]).join("/");
