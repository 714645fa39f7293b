import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import type { Account } from "./account";
import { changesOf, levelsOf, reasonOf } from "./changes";
import type { Wire } from "./fields";
import { type Args, differences, merge, toWire } from "./wire";
import { read, write } from "./api";
import { allowance, excess, lossesOf } from "./costs";
import { ApiError, NoAnswer, Refused } from "./errors";
import { hasLeader, type Info } from "./info";
import { keepSnapshot } from "./keep-snapshot";
import { type AssetKind, idOf } from "./kinds";
import { type Claim, isOwn, marked, marker, nonceOf, ownerOf, refusalOf } from "./ownership";
import { misplaced, needsSettling, stepDown, stepsOf, unfinished, unsettled } from "./steps";
import { timeouts } from "./timeouts";

/** How long copying to other servers may take until somebody has to look; it goes on by itself. */
const copyMs = 30 * 60_000;
const sayEveryMs = 10_000;

/** Servers copy one stream after another: moves and scalings that ran at once would only slow each other and the clients. */
const copying = pLimit(1);

/**
 * What its leader says of the asset, or undefined when a meta leader says that it is not there. A leader is waited for until the
 * deadline, in ms. Everything else (no answer, no leader, a region that is down) is no knowledge and throws.
 */
export async function observe(
  kind: AssetKind,
  args: Args,
  account: Account,
  deadline = timeouts.deadlineMs,
): Promise<Info | undefined> {
  for (const until = Date.now() + deadline; ; await sleep(500)) {
    const info = await look(kind, args, account, deadline);
    if (!info || hasLeader(info)) return info;
    if (Date.now() > until)
      throw new NoAnswer(
        kind.subject("INFO", args),
        deadline / 1000,
        new Error(`${kind.what} ${args.name as string} has no leader`),
      );
  }
}

/** As `observe`, but of any of its servers: it may be old. */
async function look(
  kind: AssetKind,
  args: Args,
  { connection }: Account,
  deadline?: number,
): Promise<Info | undefined> {
  try {
    return await read<Info>(connection, kind.subject("INFO", args), undefined, deadline);
  } catch (error) {
    if (error instanceof ApiError && error.isNotFound) return undefined;
    throw error;
  }
}

/**
 * Brings the asset to what the arguments ask for: observe, ensure it exists, sync what differs, return the state to store.
 * The same for a create, an update (with the `last` state) and a second run after an interrupted one. What is equal is not
 * written; what exists is never CREATEd (an idempotent create has lost data: nats-server#8449).
 */
export async function ensure(kind: AssetKind, args: Args, account: Account, last?: Args): Promise<Args> {
  let info = (await observe(kind, args, account)) ?? (await create(kind, args, account));
  requireOwn(kind, args, info.config, account, last);
  const applied = stepDown(kind.fields, args, info.config);
  const left = differences(kind.fields, applied, info.config, last);
  // A mark that says another stack, or none, is put right with the first change.
  const isToMark = last !== undefined && ownerOf(info.config) !== account.owner;
  if (isToMark || left.some(({ field }) => !kind.ownRequests[field]))
    info = await update(kind, applied, info, account, last);
  // A run that was interrupted may have begun it.
  else if (kind.what === "stream" && misplaced(info).length)
    info = await copying(() => settle(kind, args, account, unsettled));
  for (const { field } of left)
    if (kind.ownRequests[field]) info = await updateField(kind, field, applied, account, last);
  await moveTo(args, account, last);
  for (const key of Object.keys(args))
    if (applied[key] !== args[key])
      account.logProgress(
        `${idOf(kind, args)}: ${key} is at ${String(applied[key])}; the next up goes on to ${String(args[key])}`,
      );
  return stateOf(applied, verified(kind, applied, info));
}

/** What the state remembers of the mark, beside the arguments as they were applied. */
const stateOf = (args: Args, config: Wire): Args => ({
  ...args,
  ...(nonceOf(config) && { [nonceKey]: nonceOf(config) }),
});

/** Key of the state that no argument has. */
export const nonceKey = "nonce";

/** Makes it, or gives what somebody else made in the same moment. */
async function create(kind: AssetKind, args: Args, account: Account): Promise<Info> {
  const config = toWire(kind.fields, args);
  const wanted: Wire = { ...config, metadata: { ...(config.metadata as Wire | undefined), ...marker(account.owner) } };
  const made = await settled(
    send(kind, "create", wanted, args, account),
    () => observe(kind, args, account),
    (info) => info !== undefined,
    `creation of ${kind.what} ${idOf(kind, args)}`,
  );
  if (nonceOf(made!.config) === nonceOf(wanted)) verified(kind, args, made!);
  return made!;
}

/** Changes what is there, in as many requests as that takes. */
async function update(
  kind: AssetKind,
  args: Args,
  found: Info,
  account: Account,
  last: Args | undefined,
): Promise<Info> {
  const wantedBy = ({ config }: Info): Wire => {
    const wanted = marked(merge(kind.fields, toWire(kind.fields, args), config, last), account.owner);
    for (const { wire, ownRequest } of kind.fields) if (ownRequest) wanted[wire] = config[wire];
    return wanted;
  };
  const isCopied = kind.what === "stream" && needsSettling(found.config, wantedBy(found));
  if (!isCopied) {
    await refuseWhatCannotBe(kind, args, found, wantedBy(found), account);
    return apply(kind, wantedBy(found), args, account);
  }
  return copying(async () => {
    const wanted = wantedBy(found);
    // It may have waited long for others, and for itself: what is there by then counts.
    let info = await settle(kind, args, account, (now) => unfinished(now, wanted));
    await refuseWhatCannotBe(kind, args, info, wantedBy(info), account);
    for (const step of stepsOf(info.config, wantedBy(info))) {
      await apply(kind, step, args, account);
      info = await settle(kind, args, account, unsettled);
    }
    return info;
  });
}

/** One write, and what the server then holds. */
export async function apply(kind: AssetKind, step: Wire, args: Args, account: Account): Promise<Info> {
  const made = await settled(
    send(kind, "update", step, args, account),
    () => observe(kind, args, account),
    (info) => info !== undefined && changesOf(kind.fields, info.config, step).length === 0,
    `update of ${kind.what} ${idOf(kind, args)}`,
  );
  return made!;
}

/** Sets a field by its own request. The answer has no configuration and comes before most servers agree to it, so it is read back. */
async function updateField(
  kind: AssetKind,
  field: string,
  args: Args,
  account: Account,
  last: Args | undefined,
): Promise<Info> {
  const unanswered = await kind.ownRequests[field]!(account.connection, args).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof NoAnswer) return error;
      throw error;
    },
  );
  const made = await shown(
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
  args: Args,
  { connection }: Account,
): Promise<Info> {
  const level = levelsOf(kind.fields, config)[0]?.level ?? 0;
  return write<Info>(
    connection,
    kind.subject(verb === "create" ? "CREATE" : "UPDATE", args),
    kind.body(verb, config, args),
    level,
  );
}

/** Refuses, by what is there now, what the server would refuse and what would cost more than allowed: drift may have come since the plan. */
async function refuseWhatCannotBe(
  kind: AssetKind,
  args: Args,
  found: Info,
  wanted: Wire,
  account: Account,
): Promise<void> {
  const refused = changesOf(kind.fields, found.config, wanted).flatMap(({ field, refusal }) =>
    // What a later server version does in place is for the server to say.
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

/** Waits until nothing is left to come of a stream's copying, telling how it gets on. */
async function settle(kind: AssetKind, args: Args, account: Account, leftOf: (info: Info) => string[]): Promise<Info> {
  const started = Date.now();
  let nextLine = started + sayEveryMs;
  for (;;) {
    const info = await look(kind, args, account);
    const left = info ? leftOf(info) : ["it is gone"];
    if (left.length === 0) return info!;
    if (!info || Date.now() - started > copyMs) {
      throw new Error(
        `stream ${idOf(kind, args)} is not where it belongs: ${left.join("; ")}. It goes on by itself; run again to wait for it.`,
      );
    }
    if (Date.now() > nextLine) {
      account.logProgress(
        `${idOf(kind, args)}: copying, ${Math.round((Date.now() - started) / 1000)} s: ${left.join("; ")}`,
      );
      nextLine = Date.now() + sayEveryMs;
    }
    await sleep(500);
  }
}

/** Moves a durable to where a new `resetTo` says, once. One that is made begins where `deliverPolicy` says. */
async function moveTo(args: Args, { connection }: Account, last: Args | undefined): Promise<void> {
  if (isReset(args, last))
    await write(
      connection,
      `CONSUMER.RESET.${args.stream as string}.${args.name as string}`,
      { seq: args.resetTo },
      resetLevel,
    );
}

export const isReset = ({ resetTo }: Args, last: Args | undefined): boolean =>
  last !== undefined && resetTo !== undefined && resetTo !== last.resetTo;

/** API level that moving a durable needs. */
export const resetLevel = 4;

/**
 * The answer of a write; where none came, or somebody else was first, what is observed once it shows: the write may have been
 * done. Never writes again.
 */
export async function settled(
  answer: Promise<Info | undefined>,
  observed: () => Promise<Info | undefined>,
  shows: (info: Info | undefined) => boolean,
  what: string,
): Promise<Info | undefined> {
  try {
    return await answer;
  } catch (error) {
    const isWorthLooking = error instanceof NoAnswer || (error instanceof ApiError && error.isTaken);
    if (!isWorthLooking) throw error;
    return shown(observed, shows, what, error);
  }
}

/** What is observed, once it shows. */
async function shown(
  observed: () => Promise<Info | undefined>,
  shows: (info: Info | undefined) => boolean,
  what: string,
  cause?: Error,
): Promise<Info | undefined> {
  for (const deadline = Date.now() + timeouts.settleMs; ; await sleep(500)) {
    const info = await observed();
    if (shows(info)) return info;
    if (Date.now() > deadline) break;
  }
  throw new Error(
    `${what}: ${cause?.message ?? "it was accepted"}, and it does not show; it may still be carried out. Run again: what was done is found and not repeated.`,
    { cause },
  );
}

/** What servers take and answer with, although nothing comes of it, and how that shows. */
const empty: { field: string; shows(info: Info): string | false }[] = [
  {
    field: "replicas",
    shows: ({ config, cluster }) =>
      !cluster && (config.num_replicas as number) > 1 && "this server is no part of a cluster, so there is one copy",
  },
  {
    field: "firstSeq",
    shows: ({ config, state }) =>
      state !== undefined &&
      ((config.first_seq as number | undefined) ?? 0) > state.last_seq + 1 &&
      `its next message has sequence ${state.last_seq + 1}`,
  },
];

/** Servers accept some fields without applying them, so what came back is compared. */
function verified(kind: AssetKind, args: Args, info: Info): Wire {
  const left = [
    ...differences(kind.fields, args, info.config)
      .filter(({ field }) => !kind.ownRequests[field])
      .map(
        ({ field, expected, found }) => `${field}: asked for ${JSON.stringify(expected)}, is ${JSON.stringify(found)}`,
      ),
    ...empty.flatMap(({ field, shows }) => {
      const what = kind.what === "stream" && shows(info);
      return what ? [`${field}: asked for ${JSON.stringify(args[field])}, but ${what}`] : [];
    }),
  ];
  if (left.length === 0) return info.config;
  throw new Error(
    `${kind.what} ${idOf(kind, args)}: the server accepted the change but did not apply all of it: ${left.join("; ")}`,
  );
}

/** What this stack's state and specification say of whose it is. */
export const claimOf = (args: Args, { owner }: Account, last: Args = args): Claim => ({
  owner,
  nonce: last[nonceKey] as string | undefined,
  adopt: (args.adopt ?? last.adopt) as Claim["adopt"],
});

function requireOwn(kind: AssetKind, args: Args, found: Wire, account: Account, last?: Args): void {
  const claim = claimOf(args, account, last);
  if (!isOwn(found, claim)) throw new Refused(`${kind.what} ${idOf(kind, args)} ${refusalOf(found, claim)}`);
}
