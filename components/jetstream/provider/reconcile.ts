import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import pLimit from "p-limit";
import { changesOf, levelsOf, reasonOf } from "../changes";
import type { Wire } from "../fields";
import { type Args, differences, get, merge, toWire } from "../wire";
import { read, write } from "./api";
import { costOfDeletion, describe, excess, refuseLoss } from "./costs";
import { ApiError, NoAnswer, Refused } from "./errors";
import type { Info } from "./info";
import { type AssetKind, idOf } from "./kinds";
import { type Claim, isOwn, marked, marker, nonceOf, ownerOf } from "./ownership";
import { needsSettling, stepDown, stepsOf, unsettled } from "./steps";

/** One account's JetStream, as one stack sees it. */
export interface Account {
  connection: NatsConnection;
  /** Marker of what this stack owns. */
  owner: string;
  /** Tells a person how long work gets on. */
  say(line: string): void;
}

/** How long a write without an answer is observed before it is given up as unknown. */
const settleMs = 60_000;
/** How long copying to other servers may take until somebody has to look; it goes on by itself. */
const copyMs = 30 * 60_000;
const sayEveryMs = 10_000;

/** Servers copy one stream after another: moves and scalings that ran at once would only slow each other and the clients. */
const copying = pLimit(1);

/**
 * What the server says of the asset, or undefined when a meta leader says that it is not there. Everything else (no answer, no
 * leader, a region that is down) is no knowledge and throws.
 */
export async function observe(kind: AssetKind, args: Args, { connection }: Account, deadline?: number): Promise<Info | undefined> {
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
  const found = await observe(kind, args, account);
  if (!found) return stateOf(args, await create(kind, args, account));
  requireOwn(kind, args, found.config, account, last);
  const applied = stepDown(kind.fields, args, found.config);
  let { config } = found;
  const left = differences(kind.fields, applied, config);
  // A mark that says another stack, or none, is put right with the first change.
  const isToMark = last !== undefined && ownerOf(config) !== account.owner;
  if (isToMark || left.some(({ field }) => !kind.ownRequests[field])) config = await update(kind, applied, found, account, last);
  for (const { field } of left) await kind.ownRequests[field]?.(account.connection, applied);
  await moveTo(kind, args, account, last);
  for (const key of Object.keys(args)) if (applied[key] !== args[key]) account.say(`${idOf(kind, args)}: ${key} is at ${String(applied[key])}; the next up goes on to ${String(args[key])}`);
  return stateOf(applied, config);
}

/** What the state remembers of the mark, beside the arguments as they were applied. */
const stateOf = (args: Args, config: Wire): Args => ({ ...args, ...(nonceOf(config) && { [nonceKey]: nonceOf(config) }) });

/** Key of the state that no argument has. */
export const nonceKey = "nonce";

async function create(kind: AssetKind, args: Args, account: Account): Promise<Wire> {
  const config = toWire(kind.fields, args);
  const wanted: Wire = { ...config, metadata: { ...(config.metadata as Wire | undefined), ...marker(account.owner) } };
  const made = await settled(
    send(kind, "create", wanted, args, account),
    () => observe(kind, args, account),
    (info) => info !== undefined,
    `creation of ${kind.what} ${idOf(kind, args)}`,
  );
  if (nonceOf(made!.config) !== nonceOf(wanted)) requireOwn(kind, args, made!.config, account);
  return verified(kind, args, made!);
}

async function update(kind: AssetKind, args: Args, found: Info, account: Account, last: Args | undefined): Promise<Wire> {
  const wanted = marked(merge(kind.fields, toWire(kind.fields, args), found.config, last), account.owner);
  for (const { wire, ownRequest } of kind.fields) if (ownRequest) wanted[wire] = found.config[wire];
  await refuseWhatCannotBe(kind, args, found, wanted, account);
  let before = found.config;
  for (const step of stepsOf(before, wanted)) {
    const change = () => apply(kind, step, args, account);
    const after = needsSettling(before, step) ? await copying(async () => copied(kind, args, step, account, await change())) : await change();
    before = after.config;
    if (step === wanted) return verified(kind, args, after);
  }
  throw new Error("unreachable: the last step is what is wanted");
}

/** One write, and what the server then holds. */
async function apply(kind: AssetKind, step: Wire, args: Args, account: Account): Promise<Info> {
  const made = await settled(
    send(kind, "update", step, args, account),
    () => observe(kind, args, account),
    (info) => info !== undefined && changesOf(kind.fields, info.config, step).length === 0,
    `update of ${kind.what} ${idOf(kind, args)}`,
  );
  return made!;
}

function send(kind: AssetKind, verb: "create" | "update", config: Wire, args: Args, { connection }: Account): Promise<Info> {
  const level = levelsOf(kind.fields, config)[0]?.level ?? 0;
  return write<Info>(connection, kind.subject(verb === "create" ? "CREATE" : "UPDATE", args), kind.body(verb, config, args), level);
}

/** Refuses, by what is there now, what the server would refuse and what would cost more than allowed: drift may have come since the plan. */
async function refuseWhatCannotBe(kind: AssetKind, args: Args, found: Info, wanted: Wire, account: Account): Promise<void> {
  const refused = changesOf(kind.fields, found.config, wanted).flatMap(({ field, refusal }) =>
    // What a later server version does in place is for the server to say.
    refusal && !refusal.until ? [`${idOf(kind, args)}: ${field} ${reasonOf(refusal)}`] : [],
  );
  const reasons = refused.length ? refused : await refuseLoss(kind, found, wanted, args, account);
  if (reasons.length) throw new Refused(`${reasons.join("\n")}\nNothing was changed.`);
}

/** Waits until every copy is where it belongs and current, telling how it gets on. */
async function copied(kind: AssetKind, args: Args, wanted: Wire, account: Account, made: Info): Promise<Info> {
  if (kind.what !== "stream") return made;
  const started = Date.now();
  let nextLine = started + sayEveryMs;
  for (;;) {
    const info = await observe(kind, args, account);
    const left = info ? unsettled(info, wanted) : ["it is gone"];
    if (left.length === 0) return info!;
    if (!info?.cluster || Date.now() - started > copyMs) {
      throw new Error(`stream ${idOf(kind, args)} is not where it belongs: ${left.join("; ")}. It goes on by itself; run again to wait for it.`);
    }
    if (Date.now() > nextLine) {
      account.say(`${idOf(kind, args)}: copying, ${Math.round((Date.now() - started) / 1000)} s: ${left.join("; ")}`);
      nextLine = Date.now() + sayEveryMs;
    }
    await sleep(500);
  }
}

/** Moves a durable to where a new `resetTo` says, once. */
async function moveTo({ what }: AssetKind, { stream, name, resetTo }: Args, { connection }: Account, last: Args | undefined): Promise<void> {
  if (what !== "consumer" || !last || resetTo === undefined || last.resetTo === resetTo) return;
  await write(connection, `CONSUMER.RESET.${stream as string}.${name as string}`, { seq: resetTo }, 4);
}

export type Removal = "deleted" | "somebody else's";

/**
 * Deletes the asset; what is not there is deleted already, what belongs to somebody else stays. With `delete-if-empty` only an
 * empty one goes; `approved` is how many messages a replacement may cost.
 */
export async function remove(kind: AssetKind, last: Args, account: Account, approved?: number): Promise<Removal> {
  const found = await observe(kind, last, account);
  if (!found) return "deleted";
  if (!isOwn(found.config, claimOf(last, account))) return "somebody else's";
  await refuseDeletion(kind, last, found, account, approved);
  if (last.deletionPolicy === "delete-if-empty") await refuseUnlessEmpty(kind, last, found, account);
  await settled(
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

async function refuseDeletion(kind: AssetKind, last: Args, found: Info, account: Account, approved: number | undefined): Promise<void> {
  const copies = (found.alternates ?? []).map(({ name }) => name).filter((name) => name !== last.name);
  if (kind.what === "stream" && copies.length) {
    throw new Refused(`stream ${idOf(kind, last)} is copied by ${copies.join(", ")}, which would get nothing more and stop at a new one's first message. Nothing was changed; take them out first.`);
  }
  if (approved === undefined) return;
  const cost = await costOfDeletion(kind, found, last, account, "replace");
  if (excess(cost, { allowDataLoss: [{ change: "replace", maxMessages: approved }] })) {
    throw new Refused(`${idOf(kind, last)}: ${describe(cost)}, allowed are ${approved}. Nothing was changed.`);
  }
}

/** Takes a stream's subjects away, so that nothing comes in while it is looked at; gives them back when it is not empty. */
async function refuseUnlessEmpty(kind: AssetKind, last: Args, found: Info, account: Account): Promise<void> {
  const give = (subjects: unknown) => apply(kind, { ...found.config, subjects }, last, account);
  const isParked = kind.what === "stream" && found.config.mirror === undefined;
  if (isParked) await give([`parked.${last.name as string}`]);
  const now = await observe(kind, last, account);
  const messages = now?.state?.messages ?? (now?.num_pending ?? 0) + (now?.num_ack_pending ?? 0);
  if (messages === 0) return;
  if (isParked) await give(found.config.subjects);
  throw new Refused(
    `${kind.what} ${idOf(kind, last)} has ${messages} ${kind.what === "stream" ? "messages" : "messages to go"}, and its deletionPolicy is delete-if-empty. It stays as it was.`,
  );
}

/** The answer of a write; where none came, what is observed once the write shows, since it may have been done. Never writes again. */
async function settled(
  answer: Promise<Info | undefined>,
  observed: () => Promise<Info | undefined>,
  shows: (info: Info | undefined) => boolean,
  what: string,
): Promise<Info | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    for (const deadline = Date.now() + settleMs; Date.now() < deadline; await sleep(1_000)) {
      const info = await observed();
      if (shows(info)) return info;
    }
    throw new Error(`${what}: the server gave no answer and it does not show; it may still be carried out. Run again: what was done is found and not repeated.`, {
      cause: error,
    });
  }
}

/** Servers accept some fields without applying them, so what came back is compared. */
function verified(kind: AssetKind, args: Args, { config, cluster }: Info): Wire {
  const left = differences(kind.fields, args, config).filter(({ field }) => !kind.ownRequests[field]);
  const single = kind.what === "stream" && !cluster && (get(config, "num_replicas") as number) > 1;
  if (left.length === 0 && !single) return config;
  const list = left.map(({ field, expected, found }) => `${field}: asked for ${JSON.stringify(expected)}, is ${JSON.stringify(found)}`);
  if (single) list.push(`replicas: asked for ${JSON.stringify(args.replicas)}, is 1: this server is no part of a cluster`);
  throw new Error(`${kind.what} ${idOf(kind, args)}: the server accepted the change but did not apply all of it: ${list.join("; ")}`);
}

const claimOf = (last: Args, { owner }: Account): Claim => ({
  owner,
  nonce: last[nonceKey] as string | undefined,
  adopt: last.adopt as Claim["adopt"],
});

function requireOwn(kind: AssetKind, args: Args, found: Wire, account: Account, last?: Args): void {
  const adopt = (args.adopt ?? last?.adopt) as Claim["adopt"];
  if (isOwn(found, { ...claimOf(last ?? args, account), adopt })) return;
  const holder = ownerOf(found);
  throw new Refused(
    `${kind.what} ${idOf(kind, args)} exists and ${holder ? `belongs to ${holder}` : "nobody's mark is on it"}; this stack is ${account.owner}. ` +
      `Nothing was changed. To take it over as it is: adopt: ${holder ? JSON.stringify(holder) : "true"}; else delete it, or take it out of this stack.`,
  );
}
