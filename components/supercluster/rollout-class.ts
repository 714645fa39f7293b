import { plural } from "../../config/plural";
import type { CertificatesInForce } from "../security/certificates-in-force";
import { changedParts, type Parts } from "./pod-parts";
import { classify, type ServerState } from "./reload";

/** What a deployment does to the pods of one region's servers. */
interface Rolled {
  region: string;
  servers: number;
  state: ServerState;
  /** Fingerprint of the accounts file. */
  accounts: string;
  certificates?: CertificatesInForce;
  parts: Parts;
  release: string;
}

/** States of earlier releases have less. */
type Before = Omit<Rolled, "parts" | "servers" | "accounts"> & Partial<Rolled>;

/** The line that says it, before it is done; undefined where nothing changes. Pure. */
export function announcementOf(before: Before | undefined, after: Rolled): string | undefined {
  const { region, servers } = after;
  if (!before) return `${region}: new region: ${plural(servers, "pod")} start at the same time`;
  const { action, causes } = classify(
    withFiles(before.state, before.accounts ?? after.accounts, before.certificates ?? after.certificates),
    withFiles(after.state, after.accounts, after.certificates),
  );
  const parts = before.parts ? changedParts(before.parts, after.parts) : [];
  // The image is a part too.
  const settings = action === "restart" ? causes.filter((cause) => !before.parts || cause !== "version") : [];
  const all = [...settings, ...parts];
  if (all.length > 0) return `${region}: ${restartText(all, Math.min(before.servers ?? servers, servers))}`;
  if (action === "reload") return `${region}: ${causes.join(", ")} changed: its servers reload it, none is restarted`;
  if (before.release === after.release) return undefined;
  return before.parts
    ? `${region}: the chart's values changed beside the servers' pods: no server is restarted`
    : `${region}: the chart's values changed, and the deployed state does not show whether pods are restarted by ` +
        "that; from the next deployment on it does";
}

/** The files that servers have, by what tells them from earlier ones. */
const withFiles = (
  { files, ...state }: ServerState,
  accounts: string,
  certificates?: CertificatesInForce,
): ServerState => ({
  ...state,
  files: { ...files, "accounts.conf": accounts, "tls/certificates": certificates?.fingerprint ?? "" },
});

/** What a change of these does to a number of pods of a region. */
const restartText = (causes: string[], servers: number): string =>
  `${causes.join(", ")} changed: rolling restart of its ${plural(servers, "pod")}, one after another, ` +
  "each when the previous one is current";
