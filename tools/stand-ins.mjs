// Stand-ins for the plugins "random" and "tls" make keys, certificates and passwords: their use is reported, and can be
// refused (docs/adr/0018).
import { readRecord } from "./record.mjs";

/** Set to anything but 1, it refuses stand-ins: commands then fail where an official plugin is missing. */
export const STAND_INS_VARIABLE = "SUPERCLUSTER_STAND_INS";

/** Whether stand-ins may be used. A value that is not understood refuses them. */
export const standInsAllowed = (env = process.env) => (env[STAND_INS_VARIABLE] || "1") === "1";

/** Names of the plugins that a stand-in serves, because the official ones could not be downloaded. */
export function standIns(cache) {
  return Object.values(readRecord(cache))
    .filter(({ how }) => how === "offline stand-in")
    .map(({ name }) => name);
}

/** What a start of a local environment prints first and last; undefined where the official plugins are in use. */
export function standInNotice(names) {
  if (names.length === 0) return undefined;
  const plugins = names.map((name) => name.replace("pulumi-resource-", "")).join(" and ");
  return [
    `keys, certificates and passwords of this local environment are made by stand-ins in tools/offline, because the`,
    `  official Pulumi plugins ${plugins} could not be downloaded. To get those instead, or to refuse stand-ins`,
    `  (${STAND_INS_VARIABLE}=0): docs/stand-ins.md`,
  ].join("\n");
}
