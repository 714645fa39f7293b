import pLimit from "p-limit";
import type { Account } from "./account";
import type { Info } from "./info";
import { type AssetKind, idOf } from "./kinds";
import { pollMs, readInfo } from "./observe";
import { pollUntil } from "../config/poll-until";
import type { AssetArgs } from "./schemas";

/** How long this program waits for servers to copy a stream. They continue without it. */
const copyMs = 30 * 60_000;
const logEveryMs = 10_000;

const oneAtATime = pLimit(1);

/**
 * Runs an operation that makes servers copy a stream, one at a time in this process: servers copy one stream after
 * another, so concurrent moves and scalings only slow each other and the clients.
 */
export const withCopySlot = <T>(run: () => Promise<T>): Promise<T> => oneAtATime(run);

/**
 * Waits until `leftOf` finds nothing left to copy, logging progress every 10 s; returns what the server then answers.
 * Throws when the stream no longer exists, and after 30 minutes.
 */
export async function waitForCopies(
  kind: AssetKind,
  args: AssetArgs,
  account: Account,
  leftOf: (info: Info) => string[],
): Promise<Info> {
  const started = Date.now();
  let nextLine = started + logEveryMs;
  let left: string[] = [];
  const done = await pollUntil(
    async () => {
      const info = await readInfo(kind, args, account);
      left = info ? leftOf(info) : ["it no longer exists"];
      if (!info || left.length === 0) return { info };
      if (Date.now() > nextLine) {
        const seconds = Math.round((Date.now() - started) / 1000);
        account.logProgress(`${idOf(kind, args)}: copying, ${seconds} s: ${left.join("; ")}`);
        nextLine = Date.now() + logEveryMs;
      }
      return undefined;
    },
    copyMs,
    pollMs,
  );
  if (done?.info) return done.info;
  throw new Error(
    `stream ${idOf(kind, args)} is not yet in its place: ${left.join("; ")}. ` +
      "The servers continue copying; run this again to wait for them.",
  );
}
