import type { Environment } from "../schema/settings";
import { limitInNumber, toBytes, type Unlimited, unlimited } from "../units";
import type { StreamAsset, Tenants } from "./asset";
import { mqttReservation } from "./mqtt";
import { assetsOf } from "./assets";
import { withRoomForFailover } from "./failover";

export type Storage = StreamAsset["spec"]["storage"];

/** Bytes, or no bound: a stream without `maxBytes` may take all that there is. */
export type Bytes = number | Unlimited;

/**
 * What servers count against an account's limits for one stream: its `max_bytes` times its replicas, by kind of
 * storage. More than one kind only where a stream is recreated in another. Source: nats-server, `accountReservation`.
 */
export type Reservation = Partial<Record<Storage, Bytes>>;

/** By account and stream. */
export type Reservations = Record<string, Record<string, Reservation>>;

/** What servers hold, whether it is declared or not. */
export interface Held {
  reservations: Reservations;
  /** Bytes in use, every replica counted, by account: the most that any server counts. */
  use: Record<string, Record<Storage, number>>;
  /** Bytes that an account may use: the least that any server allows. An account that one of them lacks is absent. */
  limits: Record<string, Record<Storage, number>>;
  /** Names of servers that did not answer: what only they hold is missing here. */
  silent: string[];
}

/** What the declared streams and mirrors reserve, with the room that failovers and MQTT need; an entry a tenant. */
export function declaredReservations(environment: Environment, tenants: Tenants): Reservations {
  const streams = withRoomForFailover(assetsOf(environment, tenants).streams);
  return Object.fromEntries(
    Object.values(tenants).map((tenant) => [
      tenant.name,
      {
        ...Object.fromEntries(
          streams
            .filter((stream) => stream.account === tenant.name)
            .map(({ name, spec: { storage, maxBytes, replicas } }) => [
              name,
              { [storage]: maxBytes === unlimited ? unlimited : toBytes(maxBytes) * replicas },
            ]),
        ),
        ...mqttReservation(environment, tenant),
      },
    ]),
  );
}

/** For each stream of any of them the larger reservation, by kind of storage: enough for every order of changes. */
export function union(...all: Reservations[]): Reservations {
  const result: Reservations = {};
  for (const [account, streams] of all.flatMap((one) => Object.entries(one))) {
    const ofAccount = (result[account] ??= {});
    for (const [name, reservation] of Object.entries(streams)) ofAccount[name] = larger(ofAccount[name], reservation);
  }
  return result;
}

const larger = (one: Reservation = {}, other: Reservation): Reservation => {
  const result: Reservation = { ...one };
  for (const [storage, bytes] of Object.entries(other) as [Storage, Bytes][])
    result[storage] = limitInNumber(bytes) > limitInNumber(one[storage] ?? 0) ? bytes : one[storage];
  return result;
};

/** The reservations of some accounts only. */
export const ofAccounts = (reservations: Reservations, accounts: readonly string[]): Reservations =>
  Object.fromEntries(Object.entries(reservations).filter(([account]) => accounts.includes(account)));

/** Streams of these accounts that servers hold although nothing declares them: retained, or created by hand. */
export const undeclared = (declared: Reservations, held: Reservations): Reservations =>
  Object.fromEntries(
    Object.entries(held).flatMap(([account, streams]) => {
      const own = Object.entries(streams).filter(([name]) => !(name in (declared[account] ?? {})));
      return own.length ? [[account, Object.fromEntries(own)] as const] : [];
    }),
  );
