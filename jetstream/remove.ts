import { setTimeout as sleep } from "node:timers/promises";
import { parkedSubject } from "../config/assets/standard";
import { pollUntil } from "../config/poll-until";
import { toWire } from "./wire";
import type { AssetArgs } from "./schemas";
import { write } from "./api";
import { allowance, costOfReplacement, deletion, excess, waiting } from "./costs";
import { ApiError, Refused } from "./errors";
import type { Info } from "./info";
import { keepSnapshot } from "./snapshot";
import { type AssetKind, idOf } from "./kinds";
import { claimOf, isOwn, nonceKey } from "./ownership";
import type { Account } from "./account";
import { confirmWrite } from "./confirm-write";
import { apply } from "./ensure";
import { observe, pollMs } from "./observe";
import { timeouts } from "./timeouts";

/** What became of a removal: the asset does not exist (any more), or it belongs to another stack and was left there. */
export type Removal = "deleted" | "not owned";

/** How long another server may still list a copy that was just deleted. */
const copiesMs = 5_000;

/**
 * Deletes an asset marked `absent`: a stream with at most as many messages as `allowDataLoss` allows for `delete`
 * (default: none). Throws as `remove`.
 */
export function removeAbsent(
  kind: AssetKind,
  args: AssetArgs,
  account: Account,
  last: AssetArgs = args,
): Promise<Removal> {
  const allowed = kind.what === "stream" ? allowance(args, deletion) : undefined;
  const deletionPolicy = kind.what === "stream" ? "delete-if-empty" : "delete";
  return remove(kind, { ...args, deletionPolicy, [nonceKey]: last[nonceKey] }, account, allowed);
}

/**
 * Deletes the asset if it exists and belongs to this stack. `approved` is how many messages it may cost; without it,
 * with `delete-if-empty` only an empty one is deleted.
 *
 * @throws `Refused` where it has more messages or is still copied by a mirror; nothing was changed then
 */
export async function remove(kind: AssetKind, last: AssetArgs, account: Account, approved?: number): Promise<Removal> {
  const found = await observe(kind, last, account);
  if (!found) return "deleted";
  if (!isOwn(found.config, claimOf(last, account))) return "not owned";
  await refuseIfCopied(kind, last, found, account);
  if (approved !== undefined) await refuseAbove(approved, kind, last, found, account);
  else if (last.deletionPolicy === "delete-if-empty") await refuseUnlessEmpty(kind, last, found, account);
  if (kind.what === "stream" && found.state!.messages > 0) await keepSnapshot(last, account);
  await confirmWrite(
    write<Info>(account.connection, kind.subject("DELETE", last)).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.isNotFound)) throw error;
      return undefined;
    }),
    () => observe(kind, last, account),
    (info) => info === undefined,
    `deletion of ${kind.what} ${idOf(kind, last)}`,
  );
  return "deleted";
}

async function refuseIfCopied(kind: AssetKind, last: AssetArgs, found: Info, account: Account): Promise<void> {
  const copiesOf = ({ alternates = [] }: Info) =>
    alternates.map(({ name }) => name).filter((name) => name !== last.name);
  let copies = copiesOf(found);
  if (copies.length)
    await pollUntil(
      async () => {
        copies = copiesOf((await observe(kind, last, account)) ?? found);
        return copies.length === 0;
      },
      copiesMs,
      pollMs,
    );
  // Servers tell an account nothing of copies in others.
  const across = kind.what === "stream" ? (account.moves?.declared.copied?.[last.name] ?? []) : [];
  if (copies.length || across.length) {
    throw new Refused(
      `stream ${idOf(kind, last)} is copied by ${[...copies, ...across].join(", ")}: ` +
        "without it they would receive nothing more, and " +
        "stop at the first message of a recreated one. Nothing was changed; remove them first.",
    );
  }
}

async function refuseAbove(
  approved: number,
  kind: AssetKind,
  last: AssetArgs,
  found: Info,
  account: Account,
): Promise<void> {
  const reason = excess(await costOfReplacement(kind, found, last, account), approved);
  if (reason)
    throw new Refused(
      `${idOf(kind, last)}: ${last.absent ? "deleting it" : "recreating it"} ${reason}. Nothing was changed.`,
    );
}

async function refuseUnlessEmpty(kind: AssetKind, last: AssetArgs, found: Info, account: Account): Promise<void> {
  const parked = [parkedSubject(last.name)];
  const isParked = String(found.config.subjects) === String(parked);
  if (!isParked) refuseIfFilled(kind, last, found);
  // A mirror has no subjects, a consumer none of its own.
  if (kind.what === "consumer" || found.config.mirror !== undefined) return;
  if (!isParked) await apply(kind, { ...found.config, subjects: parked }, last, account);
  await sleep(timeouts.arrivalMs);
  const now = await observe(kind, last, account);
  if (!now?.state?.messages) return;
  // Parked by an interrupted run: its own subjects are only in the state.
  await apply(
    kind,
    { ...now.config, subjects: (isParked ? toWire(kind.fields, last) : found.config).subjects },
    last,
    account,
  );
  refuseIfFilled(kind, last, now);
}

function refuseIfFilled(kind: AssetKind, last: AssetArgs, info: Info): void {
  const messages = info.state?.messages ?? waiting(info);
  if (messages === 0) return;
  const what = kind.what === "stream" ? "messages" : "unacknowledged messages";
  const because = last.absent
    ? `allowDataLoss does not allow losing them (change: "${deletion}")`
    : "its deletionPolicy is delete-if-empty";
  throw new Refused(`${kind.what} ${idOf(kind, last)} has ${messages} ${what}, and ${because}. It was kept.`);
}
