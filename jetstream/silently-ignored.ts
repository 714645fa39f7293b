import type { Wire } from "./fields";
import type { Info } from "./info";
import { type AssetKind, idOf } from "./kinds";
import { differences } from "./wire";
import type { AssetArgs } from "./schemas";

/**
 * Fields of a stream that servers accept and return although they have no effect: how to detect that, and the reason.
 */
const silentlyIgnored: { field: string; reason(info: Info): string | false }[] = [
  {
    // In an update, by servers of 2.12; those of 2.14.9 and later refuse it, as every server does at creation (10074).
    field: "replicas",
    reason: ({ config, cluster }) =>
      !cluster && config.num_replicas! > 1 && "this server is not part of a cluster, so there is only one copy",
  },
  {
    field: "firstSeq",
    reason: ({ config, state }) =>
      state !== undefined &&
      (config.first_seq ?? 0) > state.last_seq + 1 &&
      `its next message has sequence ${state.last_seq + 1}`,
  },
];

/**
 * The configuration that the server holds after a write, if it is what the arguments ask for. Throws with every field
 * that the server accepted but did not apply. Fields with a request of their own are not compared.
 */
export function assertApplied(kind: AssetKind, args: AssetArgs, info: Info): Wire {
  const left = [
    ...differences(kind.fields, args, info.config)
      .filter(({ field }) => !kind.ownRequests[field])
      .map(
        ({ field, expected, found }) => `${field}: asked for ${JSON.stringify(expected)}, is ${JSON.stringify(found)}`,
      ),
    ...silentlyIgnored.flatMap(({ field, reason }) => {
      const why = kind.what === "stream" && reason(info);
      return why ? [`${field}: asked for ${JSON.stringify(args[field])}, but ${why}`] : [];
    }),
  ];
  if (left.length === 0) return info.config;
  throw new Error(
    `${kind.what} ${idOf(kind, args)}: the server accepted the change but did not apply all of it: ${left.join("; ")}`,
  );
}
