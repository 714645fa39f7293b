import type { AccountAccess } from "./backup";
import type { Entry, Manifest } from "./manifest";
import { sendSnapshot, type StreamBackup, type StreamCounts } from "./protocol";
import type { Store } from "./store/store";
import { loadFile } from "./stored";

export interface RestoreOptions {
  store: Store;
  manifest: Manifest;
  accounts: readonly AccountAccess[];
  identities: readonly string[];
  log: (line: string) => void;
  /** What is created instead of what was copied. Default: the same. */
  configured?: (config: StreamBackup["config"]) => StreamBackup["config"];
}

/** What became of a stream. */
export interface Restored {
  account: string;
  stream: string;
  /** `restored`: with equal counts; `exists`: it has messages already and was not touched; `failed`: see `problem`. */
  result: "restored" | "exists" | "failed";
  messages: number;
  problem?: string;
}

/**
 * Brings the streams of a backup back: those that do not exist, and those that never had a message, which are replaced.
 * A stream with messages is not touched. Run again, it does what is left. Mirrors come first: while their origin is
 * empty, nothing is copied into them.
 *
 * A stream that never had a message when it was copied is created by its configuration, without its snapshot: servers
 * refuse that where the stream had been restored before (error 10077, seen with 2.14.9). Its durables have no position
 * that could be lost; a deployment makes them.
 */
export async function restoreAll({
  store,
  manifest,
  accounts,
  identities,
  log,
  configured = (config) => config,
}: RestoreOptions): Promise<Restored[]> {
  const results: Restored[] = [];
  const isMirror = ({ config }: Entry) => config.mirror !== undefined && config.mirror !== null;
  const ordered = [...manifest.entries].sort((one, other) => Number(isMirror(other)) - Number(isMirror(one)));
  for (const entry of ordered) {
    const { account, stream, state } = entry;
    const access = accounts.find((one) => one.account === account);
    const done = (result: Restored["result"], messages: number, problem?: string) => {
      results.push({ account, stream, result, messages, ...(problem !== undefined && { problem }) });
      const what = result === "exists" ? "are there already" : "restored";
      log(`${account}/${stream}: ${problem ?? `${messages} messages ${what}`}`);
    };
    if (!access) {
      done("failed", 0, "its account is not deployed");
      continue;
    }
    try {
      const present = await presentIn(access, stream);
      if (present && (present.last_seq > 0 || state.last_seq === 0)) {
        done("exists", present.messages);
        continue;
      }
      if (state.last_seq === 0) {
        await access.ask(`STREAM.CREATE.${stream}`, configured(entry.config));
        done("restored", 0);
        continue;
      }
      const chunks = await loadFile(store, entry.file, identities);
      if (present) await access.ask(`STREAM.DELETE.${stream}`, undefined);
      const counts = await sendSnapshot(
        access.connection,
        access.ask,
        { config: configured(entry.config), state },
        chunks,
      );
      const problem = differenceOf(state, counts);
      done(problem === undefined ? "restored" : "failed", counts.messages, problem);
    } catch (error) {
      done("failed", 0, (error as Error).message);
    }
  }
  return results;
}

/** In what a restored stream differs from the one that was copied; undefined: in nothing. Pure. */
function differenceOf(before: StreamCounts, after: StreamCounts): string | undefined {
  const differing = (["messages", "first_seq", "last_seq", "consumer_count"] as const).filter(
    (key) => key in before && key in after && before[key] !== after[key],
  );
  return differing.length
    ? `is not what was copied: ${differing.map((key) => `${key} ${after[key]} instead of ${before[key]}`).join(", ")}`
    : undefined;
}

/** Counts of a stream; undefined where it does not exist. */
async function presentIn({ ask }: AccountAccess, stream: string): Promise<StreamCounts | undefined> {
  try {
    return (await ask<{ state: StreamCounts }>(`STREAM.INFO.${stream}`, undefined)).state;
  } catch (error) {
    if ((error as { code?: number; errCode?: number }).errCode === noSuchStream) return undefined;
    throw error;
  }
}

/** Error code of the server. */
const noSuchStream = 10059;
