import pLimit from "p-limit";
import type { Account } from "./account";
import type { Info } from "./info";
import { type AssetKind, idOf } from "./kinds";
import { pollMs, readInfo } from "./observe";
import { pollUntil } from "../config/poll-until";
import type { Args } from "./wire";

/** How long copying to other servers is waited for. It goes on without this program. */
const copyMs = 30 * 60_000;
const logEveryMs = 10_000;

const oneAtATime = pLimit(1);

/**
 * Runs what makes servers copy a stream, when no other does: servers copy one stream after another, so moves and scalings that
 * run at once only slow each other and the clients.
 */
export const withCopySlot = <T>(run: () => Promise<T>): Promise<T> => oneAtATime(run);

/**
 * Waits until `leftOf` finds nothing that is still to be copied, logging progress every 10 s; returns what the server then
 * answers. Throws when the stream is gone, and after 30 minutes.
 */
export async function waitForCopies(
  kind: AssetKind,
  args: Args,
  account: Account,
  leftOf: (info: Info) => string[],
): Promise<Info> {
  const started = Date.now();
  let nextLine = started + logEveryMs;
  let left: string[] = [];
  const done = await pollUntil(
    async () => {
      const info = await readInfo(kind, args, account);
      left = info ? leftOf(info) : ["it does not exist any more"];
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
    `stream ${idOf(kind, args)} is not where it belongs: ${left.join("; ")}. ` +
      "The servers go on copying; run this again to wait for them.",
  );
}
