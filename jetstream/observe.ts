import { pollUntil } from "../config/poll-until";
import type { Account } from "./account";
import { read } from "./api";
import { ApiError, NoAnswer } from "./errors";
import { hasLeader, type Info } from "./info";
import type { AssetKind } from "./kinds";
import { timeouts } from "./timeouts";
import type { AssetName } from "./schemas";

/** How often a state is read that is being waited for, in ms. */
export const pollMs = 500;

/**
 * What the asset's leader answers, or `undefined` where a meta leader answers that it does not exist (error 10059,
 * 10014). A leader is waited for until `deadline` ms have passed (default: `timeouts.deadlineMs`).
 *
 * Throws `NoAnswer` or what the API answered in every other case (no answer, no leader, a region that is down): unknown
 * is not missing.
 */
export async function observe(
  kind: AssetKind,
  asset: AssetName,
  account: Account,
  deadline = timeouts.deadlineMs,
): Promise<Info | undefined> {
  const answer = await pollUntil(
    async () => {
      const info = await readInfo(kind, asset, account, deadline);
      return (!info || hasLeader(info)) && { info };
    },
    deadline,
    pollMs,
  );
  if (answer) return answer.info;
  const cause = new Error(`${kind.what} ${asset.name} has no leader`);
  throw new NoAnswer(kind.subject("INFO", asset), deadline / 1000, cause);
}

/** As `observe`, but the answer of any of the asset's servers, leader or not: it may be old. */
export async function readInfo(
  kind: AssetKind,
  asset: AssetName,
  { connection }: Account,
  deadline?: number,
): Promise<Info | undefined> {
  try {
    return await read<Info>(connection, kind.subject("INFO", asset), undefined, deadline);
  } catch (error) {
    if (error instanceof ApiError && error.isNotFound) return undefined;
    throw error;
  }
}
