import type { ConsumerAsset, StreamAsset } from "./asset";

type StreamKey = Pick<StreamAsset, "account" | "name">;
type ConsumerKey = Pick<ConsumerAsset, "account" | "stream" | "name">;

/**
 * The name of a resource, by which the engine knows it: the parts joined by dashes, or by slashes where a dash before
 * the last part would leave open where a part ends. No part has a slash, so no two assets share a name.
 */
const joined = (parts: string[]): string =>
  parts.join(parts.slice(0, -1).some((part) => part.includes("-")) ? "/" : "-");

/** `irisx-SMS`. */
export const streamResource = ({ account, name }: StreamKey): string => joined([account, name]);

/** `irisx-SMS-worker`; `irisx/SMS-eu/worker`. */
export const consumerResource = ({ account, stream, name }: ConsumerKey): string => joined([account, stream, name]);

/**
 * Former names, by the names now: aliases with which the engine finds what was deployed when all names were joined by
 * dashes. None for a former name that two assets shared: only one of them can have been deployed.
 */
export function formerNames(
  streams: StreamKey[],
  consumers: ConsumerKey[],
): { streams: Map<string, string>; consumers: Map<string, string> } {
  return {
    streams: former(streams.map((one) => [streamResource(one), `${one.account}-${one.name}`])),
    consumers: former(consumers.map((one) => [consumerResource(one), `${one.account}-${one.stream}-${one.name}`])),
  };
}

function former(names: [now: string, before: string][]): Map<string, string> {
  const count = new Map<string, number>();
  for (const [, before] of names) count.set(before, (count.get(before) ?? 0) + 1);
  return new Map(names.filter(([now, before]) => now !== before && count.get(before) === 1));
}
