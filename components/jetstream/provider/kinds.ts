import { consumerFields, type Field, streamFields, type Wire } from "../fields";
import type { Args } from "../wire";

/** What tells streams and consumers apart for the reconciler: their fields, and how the API is asked. */
export interface AssetKind {
  what: "stream" | "consumer";
  fields: Field[];
  /** Arguments that are the asset's identity; a different value is a different asset. */
  identity: string[];
  /** Arguments that are not part of the configuration. */
  addressing: string[];
  subject(verb: "INFO" | "CREATE" | "UPDATE" | "DELETE", args: Args): string;
  /** Body of a create or update. Pedantic: the server refuses what it would otherwise silently change. */
  body(verb: "create" | "update", config: Wire, args: Args): unknown;
}

export const streamKind: AssetKind = {
  what: "stream",
  fields: streamFields,
  identity: ["account", "name"],
  addressing: ["account"],
  subject: (verb, { name }) => `STREAM.${verb}.${name}`,
  body: (_verb, config) => ({ ...config, pedantic: true }),
};

export const consumerKind: AssetKind = {
  what: "consumer",
  fields: consumerFields,
  identity: ["account", "stream", "name"],
  addressing: ["account", "stream"],
  subject: (verb, { stream, name }) => `CONSUMER.${verb === "UPDATE" ? "CREATE" : verb}.${stream}.${name}`,
  body: (verb, config, { stream }) => ({ stream_name: stream, config, action: verb, pedantic: true }),
};

/** How an asset is called in messages and as the resource's id: `covenant/COVENANT_USERS/ANALYTICS`. */
export const idOf = (kind: AssetKind, args: Args): string => kind.identity.map((key) => args[key]).join("/");
