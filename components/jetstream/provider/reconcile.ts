import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Wire } from "../fields";
import { type Args, differences, merge, toWire } from "../wire";
import { read, write } from "./api";
import { ApiError, NoAnswer, Refused } from "./errors";
import { type AssetKind, idOf } from "./kinds";
import { marker, nonceOf, ownerOf } from "./ownership";

/** One account's JetStream, as one stack sees it. */
export interface Account {
  connection: NatsConnection;
  /** Marker of what this stack owns. */
  owner: string;
}

/** How long a write without an answer is observed before it is given up as unknown. */
const settleMs = 60_000;

/**
 * The asset's configuration, or undefined when a meta leader says that it is not there. Everything else (no answer, no
 * leader, a region that is down) is no knowledge and throws.
 */
export async function observe(kind: AssetKind, args: Args, { connection }: Account, deadline?: number): Promise<Wire | undefined> {
  try {
    return (await read<{ config: Wire }>(connection, kind.subject("INFO", args), deadline)).config;
  } catch (error) {
    if (error instanceof ApiError && error.isNotFound) return undefined;
    throw error;
  }
}

/**
 * Brings the asset to what the arguments ask for: observe, ensure it exists, sync what differs, return what is there.
 * The same for a create, an update and a second run after an interrupted one. What is equal is not written; what exists
 * is never CREATEd (an idempotent create has lost data: nats-server#8449).
 */
export async function ensure(kind: AssetKind, args: Args, account: Account): Promise<Wire> {
  const found = await observe(kind, args, account);
  if (!found) return create(kind, args, account);
  requireOwn(kind, args, found, account);
  return differences(kind.fields, args, found).length === 0 ? found : update(kind, args, found, account);
}

async function create(kind: AssetKind, args: Args, account: Account): Promise<Wire> {
  const wanted: Wire = { ...toWire(kind.fields, args), metadata: marker(account.owner) };
  const made = await settled(
    write<{ config: Wire }>(account.connection, kind.subject("CREATE", args), kind.body("create", wanted, args)),
    () => observe(kind, args, account),
    (config) => config !== undefined,
    `creation of ${kind.what} ${idOf(kind, args)}`,
  );
  if (nonceOf(made!) !== nonceOf(wanted)) requireOwn(kind, args, made!, account);
  return verified(kind, args, made!);
}

async function update(kind: AssetKind, args: Args, found: Wire, account: Account): Promise<Wire> {
  const wanted = merge(kind.fields, toWire(kind.fields, args), found);
  const made = await settled(
    write<{ config: Wire }>(account.connection, kind.subject("UPDATE", args), kind.body("update", wanted, args)),
    () => observe(kind, args, account),
    (config) => config !== undefined && differences(kind.fields, args, config).length === 0,
    `update of ${kind.what} ${idOf(kind, args)}`,
  );
  return verified(kind, args, made!);
}

/** Deletes the asset; what is not there is deleted already, what belongs to somebody else stays. Returns whether it is gone. */
export async function remove(kind: AssetKind, args: Args, account: Account): Promise<boolean> {
  const found = await observe(kind, args, account);
  if (!found) return true;
  if (ownerOf(found) !== account.owner) return false;
  await settled(
    write(account.connection, kind.subject("DELETE", args)).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.isNotFound)) throw error;
    }),
    () => observe(kind, args, account),
    (config) => config === undefined,
    `deletion of ${kind.what} ${idOf(kind, args)}`,
  );
  return true;
}

/** The answer of a write; where none came, what is observed once the write shows, since it may have been done. Never writes again. */
async function settled(
  answer: Promise<{ config: Wire } | unknown>,
  observed: () => Promise<Wire | undefined>,
  shows: (config: Wire | undefined) => boolean,
  what: string,
): Promise<Wire | undefined> {
  try {
    return ((await answer) as { config?: Wire } | undefined)?.config;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    for (const deadline = Date.now() + settleMs; Date.now() < deadline; await sleep(1_000)) {
      const config = await observed();
      if (shows(config)) return config;
    }
    throw new Error(`${what}: the server gave no answer and it does not show; it may still be carried out. Run again: what was done is found and not repeated.`, {
      cause: error,
    });
  }
}

/** Servers accept some fields without applying them, so what came back is compared. */
function verified(kind: AssetKind, args: Args, config: Wire): Wire {
  const left = differences(kind.fields, args, config);
  if (left.length === 0) return config;
  const list = left.map(({ field, expected, found }) => `${field}: asked for ${JSON.stringify(expected)}, is ${JSON.stringify(found)}`);
  throw new Error(`${kind.what} ${idOf(kind, args)}: the server accepted the change but did not apply all of it: ${list.join("; ")}`);
}

function requireOwn(kind: AssetKind, args: Args, found: Wire, { owner }: Account): void {
  const holder = ownerOf(found);
  if (holder === owner) return;
  throw new Refused(
    `${kind.what} ${idOf(kind, args)} exists and ${holder ? `belongs to ${holder}` : "nobody's mark is on it"}; this stack is ${owner}. ` +
      "Nothing was changed. Delete it, or take it out of this stack.",
  );
}
