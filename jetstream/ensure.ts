import type { Account } from "./account";
import { write } from "./api";
import { changesOf, levelsOf, reasonOf } from "./changes";
import { confirmWrite, untilDone } from "./confirm-write";
import { type Contest, contestOf, isUncontested } from "./contest";
import { waitForCopies, withCopySlot } from "./copying";
import { allowance, excess, lossesOf } from "./costs";
import { NoAnswer, Refused } from "./errors";
import type { Wire } from "./fields";
import type { Info } from "./info";
import { type AssetKind, idOf } from "./kinds";
import { observe } from "./observe";
import { assertOwn, marked, marker, nonceKey, nonceOf, ownerOf } from "./ownership";
import { resetConsumerIfRequested } from "./reset-consumer";
import { assertApplied } from "./silently-ignored";
import { keepSnapshot } from "./snapshot";
import { misplaced, needsSettling, stepDown, stepsOf, unfinished, unsettled } from "./steps";
import { differences, merge, toWire } from "./wire";
import type { AssetArgs, AssetName } from "./schemas";

/**
 * Makes the asset what the arguments ask for: observe, ensure it exists, sync what differs, return the state to store.
 * The same for a create, an update (with the `last` state) and a re-run after an interrupted one. What is equal is not
 * written; what exists is never CREATEd (an idempotent create has lost data: nats-server#8449).
 *
 * @throws `Refused` where it is not this stack's own or the change is not allowed (nothing was changed); `ApiError`,
 * `NoAnswer` or `Error` where a server refused or did not confirm a write
 */
export async function ensure(kind: AssetKind, args: AssetArgs, account: Account, last?: AssetArgs): Promise<AssetArgs> {
  const found = await observe(kind, args, account);
  const contest = await contestOf(kind, args, found, account);
  const now = contest ? { ...args, subjects: contest.standing } : args;
  let info = found ?? (await create(kind, now, account));
  assertOwn(kind, args, info.config, account, last);
  const applied = stepDown(kind.fields, now, info.config);
  const left = differences(kind.fields, applied, info.config, last);
  // A missing mark, or that of another stack, is replaced with the first change.
  const isToMark = last !== undefined && ownerOf(info.config) !== account.owner;
  if (isToMark || left.some(({ field }) => !kind.ownRequests[field]))
    info = await update(kind, applied, info, account, last);
  // An interrupted run may have started the copying.
  else if (kind.what === "stream" && misplaced(info).length)
    info = await withCopySlot(() => waitForCopies(kind, args, account, unsettled));
  for (const { field } of left)
    if (kind.ownRequests[field]) info = await updateField(kind, field, applied, account, last);
  await resetConsumerIfRequested(args, account, last);
  for (const key of Object.keys(now))
    if (applied[key] !== now[key])
      account.logProgress(
        `${idOf(kind, args)}: ${key} is at ${String(applied[key])}; the next up continues to ${String(args[key])}`,
      );
  const state = stateOf(applied, assertApplied(kind, applied, info));
  if (contest) await joinMove(kind, { ...applied, subjects: args.subjects }, contest, info, account);
  return state;
}

/** Its subjects change together with those of the other streams, once these are ready too. */
async function joinMove(
  kind: AssetKind,
  args: AssetArgs,
  contest: Contest,
  info: Info,
  account: Account,
): Promise<void> {
  await assertChangeAllowed(kind, args, info, { ...info.config, subjects: contest.wanted }, account);
  let { config } = info;
  account.moves!.join({
    ...contest,
    isFree: () => isUncontested(contest, account),
    setSubjects: async (subjects) => ({ config } = await apply(kind, { ...config, subjects }, args, account)),
  });
}

/** The state to store: the arguments as they were applied, and the mark's nonce. */
const stateOf = (args: AssetArgs, config: Wire): AssetArgs => ({
  ...args,
  ...(nonceOf(config) && { [nonceKey]: nonceOf(config) }),
});

/** Creates the asset; if another stack created it at the same moment, returns that one. */
async function create(kind: AssetKind, args: AssetArgs, account: Account): Promise<Info> {
  const config = toWire(kind.fields, args);
  const wanted: Wire = { ...config, metadata: { ...config.metadata, ...marker(account.owner) } };
  const made = await confirmWrite(
    send(kind, "create", wanted, args, account),
    () => observe(kind, args, account),
    (info) => info !== undefined,
    `creation of ${kind.what} ${idOf(kind, args)}`,
  );
  if (nonceOf(made!.config) === nonceOf(wanted)) assertApplied(kind, args, made!);
  return made!;
}

/** Updates what exists, in as many requests as the change needs. */
async function update(
  kind: AssetKind,
  args: AssetArgs,
  found: Info,
  account: Account,
  last: AssetArgs | undefined,
): Promise<Info> {
  const wantedBy = ({ config }: Info): Wire => {
    const wanted = marked(merge(kind.fields, toWire(kind.fields, args), config, last), account.owner);
    for (const { wire, ownRequest } of kind.fields) if (ownRequest) wanted[wire] = config[wire];
    return wanted;
  };
  const isCopied = kind.what === "stream" && needsSettling(found.config, wantedBy(found));
  if (!isCopied) {
    await assertChangeAllowed(kind, args, found, wantedBy(found), account);
    return apply(kind, wantedBy(found), args, account);
  }
  return withCopySlot(async () => {
    const wanted = wantedBy(found);
    // It may have waited long for its turn and for earlier copying: what exists by then counts.
    let info = await waitForCopies(kind, args, account, (now) => unfinished(now, wanted));
    await assertChangeAllowed(kind, args, info, wantedBy(info), account);
    for (const step of stepsOf(info.config, wantedBy(info))) {
      await apply(kind, step, args, account);
      info = await waitForCopies(kind, args, account, unsettled);
    }
    return info;
  });
}

/**
 * Updates the asset to the full configuration `step` with one request, confirmed by reading it back; returns what the
 * server then holds. Throws as `confirmWrite`.
 */
export async function apply(kind: AssetKind, step: Wire, asset: AssetName, account: Account): Promise<Info> {
  const made = await confirmWrite(
    send(kind, "update", step, asset, account),
    () => observe(kind, asset, account),
    (info) => info !== undefined && changesOf(kind.fields, info.config, step).length === 0,
    `update of ${kind.what} ${idOf(kind, asset)}`,
  );
  return made!;
}

/**
 * Sets a field by its own request. The answer has no configuration and comes before a quorum has it: it is read back.
 */
async function updateField(
  kind: AssetKind,
  field: string,
  args: AssetArgs,
  account: Account,
  last: AssetArgs | undefined,
): Promise<Info> {
  const unanswered = await kind.ownRequests[field]!(account.connection, args).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof NoAnswer) return error;
      throw error;
    },
  );
  const made = await untilDone(
    () => observe(kind, args, account),
    (info) =>
      info !== undefined && !differences(kind.fields, args, info.config, last).some((left) => left.field === field),
    `update of ${field} of ${kind.what} ${idOf(kind, args)}`,
    unanswered,
  );
  return made!;
}

function send(
  kind: AssetKind,
  verb: "create" | "update",
  config: Wire,
  asset: AssetName,
  { connection }: Account,
): Promise<Info> {
  const level = levelsOf(kind.fields, config)[0]?.level ?? 0;
  return write<Info>(
    connection,
    kind.subject(verb === "create" ? "CREATE" : "UPDATE", asset),
    kind.body(verb, config, asset),
    level,
  );
}

/**
 * Throws `Refused` where, by what exists now, the server would refuse the change or it would cost more than allowed:
 * there may be drift since the plan.
 */
async function assertChangeAllowed(
  kind: AssetKind,
  args: AssetArgs,
  found: Info,
  wanted: Wire,
  account: Account,
): Promise<void> {
  const refused = changesOf(kind.fields, found.config, wanted).flatMap(({ field, refusal }) =>
    // Whether this server's version makes the change in place is left to the server.
    refusal && !refusal.until ? [`${field} ${reasonOf(refusal)}`] : [],
  );
  const losses = refused.length ? [] : await lossesOf(kind, found, wanted, args, account);
  const reasons = losses.flatMap((cost) => {
    const reason = excess(cost, allowance(args, cost.change));
    return reason ? [`${cost.change} ${reason}`] : [];
  });
  if (refused.length + reasons.length)
    throw new Refused(
      `${[...refused, ...reasons].map((reason) => `${idOf(kind, args)}: ${reason}`).join("\n")}\nNothing was changed.`,
    );
  if (losses.some(({ messages }) => messages > 0)) await keepSnapshot(args, account);
}
