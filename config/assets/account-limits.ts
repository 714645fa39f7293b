import { isDeepStrictEqual } from "node:util";
import type { TenantSpec } from "../schema/tenant";
import { limitInNumber } from "../units";
import type { Tenants } from "./asset";
import { type Held, ofAccounts, type Reservation, type Reservations, type Storage, union } from "./reservations";

/**
 * Room above what is reserved: for a stream that is created by hand, or by `npm run migrate`. Above connections in use:
 * for those that are made before the limit is in force.
 */
const headroom = { storage: 1.2, streams: 5, connections: 1.2 } as const;

const mebibyte = 1024 ** 2;

/** Limits of an account's JetStream, which the servers of all regions have. Absent: no limit. */
export interface AccountLimits {
  /** Bytes, every replica counted (errors 10047 and 10002; 10028 in memory). */
  maxFile?: number;
  maxMemory?: number;
  /** Streams (error 10027). */
  maxStreams?: number;
  /** Consumers of each stream, those that applications create included (error 10026). */
  maxConsumers?: number;
}

/**
 * The limits of a tenant's account: room for what is reserved and some more. An account for which nothing is declared
 * has none: what it is to hold is not known yet.
 */
export function limitsOf(
  { streams, limits = {} }: Pick<TenantSpec, "streams" | "limits">,
  reserved: Record<string, Reservation>,
): AccountLimits {
  const count = Object.keys(reserved).length;
  const isEmpty = Object.keys(streams).length === 0;
  return {
    maxFile: isEmpty ? undefined : bytesOf(reserved, "file"),
    maxMemory: isEmpty ? undefined : bytesOf(reserved, "memory"),
    maxStreams: limits.streams ? Math.max(limits.streams, count) : isEmpty ? undefined : count + headroom.streams,
    maxConsumers: limits.consumers,
  };
}

function bytesOf(reserved: Record<string, Reservation>, storage: Storage): number | undefined {
  const sum = Object.values(reserved).reduce((total, one) => total + limitInNumber(one[storage] ?? 0), 0);
  return sum === Infinity ? undefined : Math.ceil((sum * headroom.storage) / mebibyte) * mebibyte;
}

/**
 * The reservations that account limits have to cover, so that neither a change nor a publisher is refused: what is
 * declared, and what the servers hold until it has been changed. Where a server did not answer, also what the limits
 * covered before; likewise for an account of which more is in use: servers count what was deleted some seconds longer.
 *
 * @param deployed reservations that the deployed limits cover
 * @param held undefined where no server could be asked
 */
export function reservationsToCover(
  tenants: Tenants,
  declared: Reservations,
  deployed: Reservations,
  held: Held | undefined,
): Reservations {
  const before = ofAccounts(deployed, Object.keys(declared));
  if (!held) return union(declared, before);
  const needed = stillNeeded(declared, held);
  return union(needed, held.silent.length ? before : ofAccounts(before, overUsed(tenants, declared, held)));
}

const stillNeeded = (declared: Reservations, held: Held): Reservations =>
  union(declared, ofAccounts(held.reservations, Object.keys(declared)));

/** Accounts of which servers count more in use than limits would allow: what was deleted counts on for a while. */
export function overUsed(tenants: Tenants, declared: Reservations, held: Held): string[] {
  const needed = stillNeeded(declared, held);
  return Object.keys(declared).filter((account) => {
    const { maxFile = Infinity, maxMemory = Infinity } = limitsOf(tenants[account]!, needed[account]!);
    const { file, memory } = held.use[account] ?? { file: 0, memory: 0 };
    return file > maxFile || memory > maxMemory;
  });
}

/** Whether limits that cover `deployed` are those of the declarations alone: then no server has to be asked. */
export const isSettled = (declared: Reservations, deployed: Reservations | undefined): boolean =>
  isDeepStrictEqual(declared, deployed);

/** Connections that an account may have, by account; none for those without a limit. */
export type ConnectionLimits = Record<string, number>;

/** What tenants state. */
export const statedConnections = (tenants: Tenants): ConnectionLimits =>
  Object.fromEntries(
    Object.values(tenants).flatMap(({ name, limits }) => (limits?.connections ? [[name, limits.connections]] : [])),
  );

/** Accounts whose limit of connections is lower than the one that is deployed, or that have none yet. */
export const loweredConnections = (stated: ConnectionLimits, deployed: ConnectionLimits): string[] =>
  Object.keys(stated).filter((account) => stated[account]! < (deployed[account] ?? Infinity));

/**
 * The limits of connections that disconnect no client: what is stated, but not less than what is in use and a fifth
 * more, because servers close connections above the limit, of any client.
 *
 * @param inUse connections by account; undefined where not all servers answered: then no limit is lowered
 */
export function connectionsToAllow(
  stated: ConnectionLimits,
  deployed: ConnectionLimits,
  inUse: Record<string, number> | undefined,
): ConnectionLimits {
  const allowed = { ...stated };
  for (const account of loweredConnections(stated, deployed)) {
    const needed = inUse ? Math.ceil((inUse[account] ?? 0) * headroom.connections) : Infinity;
    const limit = Math.min(deployed[account] ?? Infinity, Math.max(stated[account]!, needed));
    if (limit === Infinity) delete allowed[account];
    else allowed[account] = limit;
  }
  return allowed;
}
