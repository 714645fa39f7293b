import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  connectionsToAllow,
  isSettled,
  limitsOf,
  overUsed,
  reservationsToCover,
} from "../../../../config/assets/account-limits";
import {
  declaredReservations,
  type Held,
  type Reservation,
  type Reservations,
  union,
} from "../../../../config/assets/reservations";
import type { TenantSpec } from "../../../../config/schema/tenant";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";
import { shop as plainShop } from "../../../support/rule-cases";
import { limitInNumber } from "../../../../config/units";

const shop = plainShop() as unknown as TenantSpec;
const accounts = { shop };
const mebibyte = 1024 ** 2;
const of = (streams: Record<string, Reservation>): Reservations => ({ shop: streams });
const held = (streams: Record<string, Reservation>, change: Partial<Held> = {}): Held => ({
  reservations: of(streams),
  use: { shop: { file: 0, memory: 0 } },
  limits: {},
  silent: [],
  ...change,
});

const bytes = fc.oneof(fc.integer({ min: 1, max: 2 ** 40 }), fc.constant("unlimited" as const));
const reservation: fc.Arbitrary<Reservation> = fc
  .record({ file: bytes, memory: bytes }, { requiredKeys: [], noNullPrototype: true })
  .filter((one) => Object.keys(one).length > 0);
const streams = fc.dictionary(fc.constantFrom("A", "B", "C", "D", "E"), reservation, { noNullPrototype: true });

const total = (all: Record<string, Reservation>, storage: "file" | "memory") =>
  Object.values(all).reduce((sum, one) => sum + limitInNumber(one[storage] ?? 0), 0);
/** Nothing that these streams reserve or need is above the limits. */
const fits = (limits: ReturnType<typeof limitsOf>, all: Record<string, Reservation>) => {
  const { maxFile = Infinity, maxMemory = Infinity, maxStreams = Infinity } = limits;
  return total(all, "file") <= maxFile && total(all, "memory") <= maxMemory && Object.keys(all).length <= maxStreams;
};

describe("what streams reserve", () => {
  it("is their maxBytes for every replica, of mirrors with the room for a failover, for each tenant", () => {
    const { covenant } = declaredReservations(localEnvironment(), tenants);
    // Four streams with two mirrors each, the canary, and three of dead letters.
    assert.equal(Object.keys(covenant!).length, 16);
    assert.deepEqual(covenant!.COVENANT_USERS, { file: 3 * 256 * mebibyte });
    assert.deepEqual(covenant!.CANARY, { memory: 3 * mebibyte });
    assert.deepEqual(declaredReservations(localEnvironment(), { shop: { ...shop, streams: {} } }).shop, {
      CANARY: { memory: 3 * mebibyte },
    });
  });

  it("is room for what MQTT keeps too, where servers listen for it and a user may connect by it", () => {
    const listening = (servers: 1 | 3 | 5) => localEnvironment({ servers, listeners: { mqtt: {} } });
    const users = { sensor: { listeners: ["mqtt" as const] } };
    const reserved = (environment = listening(5), tenant: Partial<TenantSpec> = { users }) =>
      declaredReservations(environment, { shop: { ...shop, ...tenant } }).shop!;
    const plain = reserved(localEnvironment());
    assert.deepEqual(reserved(listening(5), {}), plain);
    const { $MQTT_msgs: messages, ...others } = reserved();
    assert.deepEqual(messages, { file: 3 * 256 * mebibyte });
    assert.equal(Object.keys(others).length, Object.keys(plain).length + 4);
    assert.deepEqual(reserved(listening(1), { users, limits: { mqtt: "1GiB" } }).$MQTT_msgs, { file: 1024 * mebibyte });
  });

  it("is together the larger of each, by kind of storage", () => {
    assert.deepEqual(
      union(
        of({ A: { file: 512 }, B: { file: 64 } }),
        of({ A: { file: 64 }, B: { memory: 7 }, C: { file: "unlimited" } }),
      ),
      of({ A: { file: 512 }, B: { file: 64, memory: 7 }, C: { file: "unlimited" } }),
    );
  });
});

describe("the limits of an account", () => {
  it("have headroom above what is reserved", () => {
    assert.deepEqual(limitsOf(shop, { A: { file: 10 * mebibyte }, B: { memory: 1 } }), {
      maxFile: 12 * mebibyte,
      maxMemory: mebibyte,
      maxStreams: 7,
      maxConsumers: undefined,
    });
  });

  it("are none of storage where a stream has no bound: nothing would be left for the others", () => {
    const { maxFile, maxMemory } = limitsOf(shop, { A: { file: "unlimited" }, B: { memory: 1 } });
    assert.deepEqual([maxFile, maxMemory], [undefined, mebibyte]);
  });

  it("are none where nothing is declared: the account can be used, and imported from", () => {
    assert.deepEqual(limitsOf({ ...shop, streams: {} }, { CANARY: { memory: 3 } }), {
      maxFile: undefined,
      maxMemory: undefined,
      maxStreams: undefined,
      maxConsumers: undefined,
    });
  });

  it("of streams are what the tenant states, or as many as old and new ones need", () => {
    const reserved = { A: {}, B: {}, C: {} };
    const most = (limit: number) => limitsOf({ ...shop, limits: { streams: limit } }, reserved).maxStreams;
    assert.deepEqual([most(2), most(20)], [3, 20]);
  });
});

describe("what limits have to cover", () => {
  const declared = of({ A: { file: 64 }, B: { file: 64 } });
  const before = of({ A: { file: 512 }, B: { file: 512 }, OLD: { file: 9 } });

  it("is what is declared, and what the servers hold until it was changed", () => {
    const cover = (found: Held) => reservationsToCover(accounts, declared, before, found);
    assert.deepEqual(cover(held({ A: { file: 512 }, B: { file: 512 } })), of({ A: { file: 512 }, B: { file: 512 } }));
    assert.deepEqual(cover(held({ A: { file: 64 }, B: { file: 512 } })), of({ A: { file: 64 }, B: { file: 512 } }));
    assert.deepEqual(cover(held({ A: { file: 64 }, B: { file: 64 } })), declared);
  });

  it("includes what was retained, or created by hand", () => {
    const covered = reservationsToCover(accounts, declared, before, held({ RETAINED: { file: 512 } }));
    assert.deepEqual(covered, of({ A: { file: 64 }, B: { file: 64 }, RETAINED: { file: 512 } }));
    assert.ok(!isSettled(declared, covered));
  });

  it("stays what it was as long as servers cannot be asked, or one of them does not answer", () => {
    for (const found of [undefined, held({ A: { file: 64 }, B: { file: 64 } }, { silent: ["ams-0"] })])
      assert.deepEqual(reservationsToCover(accounts, declared, before, found), union(declared, before));
  });

  it("stays what it was as long as servers count more in use than the new limits allow", () => {
    const used = (file: number) => held({ A: { file: 64 }, B: { file: 64 } }, { use: { shop: { file, memory: 0 } } });
    assert.deepEqual(reservationsToCover(accounts, declared, before, used(2 * mebibyte)), union(declared, before));
    assert.deepEqual(overUsed(accounts, declared, used(2 * mebibyte)), ["shop"]);
    assert.deepEqual(reservationsToCover(accounts, declared, before, used(mebibyte)), declared);
  });

  it("is nothing of accounts that are not declared", () => {
    const found = { ...held({}), reservations: { gone: { X: { file: 1 } } } };
    assert.deepEqual(reservationsToCover(accounts, declared, { left: { Y: { file: 1 } } }, found), declared);
  });

  it("is never less than what is declared, or what servers hold; and asked again it is the same", () => {
    fc.assert(
      fc.property(
        streams,
        streams,
        streams,
        fc.boolean(),
        fc.boolean(),
        (wanted, deployed, present, isAsked, isSilent) => {
          const found = isAsked ? held(present, { silent: isSilent ? ["ams-0"] : [] }) : undefined;
          const cover = (from: Reservations) => reservationsToCover(accounts, of(wanted), from, found);
          const covered = cover(of(deployed));
          const limits = limitsOf(shop, covered.shop!);
          assert.ok(fits(limits, union(of(wanted), of(isAsked ? present : deployed)).shop!));
          if (!isAsked || isSilent) assert.ok(fits(limits, union(of(wanted), of(deployed)).shop!));
          assert.deepEqual(cover(covered), covered);
        },
      ),
    );
  });

  it("allows every change on the way, in any order: old, new, and each stream as it was or will be", () => {
    fc.assert(
      fc.property(streams, streams, fc.infiniteStream(fc.boolean()), (from, to, choices) => {
        const limits = limitsOf(shop, reservationsToCover(accounts, of(to), {}, held(from)).shop!);
        const between: Record<string, Reservation> = {};
        for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
          const one = (choices.next().value ? to : from)[name];
          if (one) between[name] = one;
        }
        assert.ok(fits(limits, between));
      }),
    );
  });
});

describe("limits of connections", () => {
  const limits = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.integer({ min: 1, max: 1_000 }), {
    noNullPrototype: true,
  });

  it("are what tenants state where nothing is lowered, without asking", () => {
    assert.deepEqual(connectionsToAllow({ a: 7, b: 5 }, { a: 7, b: 3 }, undefined), { a: 7, b: 5 });
  });

  it("disconnect no client, and are as stated once few enough are connected", () => {
    fc.assert(
      fc.property(limits, limits, limits, (stated, deployed, connected) => {
        // What is in force is not exceeded.
        const use = (account: string) => Math.min(connected[account] ?? 0, deployed[account] ?? Infinity);
        const inUse = Object.fromEntries(Object.keys(stated).map((account) => [account, use(account)]));
        const allowed = connectionsToAllow(stated, deployed, inUse);
        for (const [account, limit] of Object.entries(stated)) {
          assert.ok(allowed[account]! >= use(account));
          assert.ok(allowed[account]! >= Math.min(limit, deployed[account] ?? limit));
          if (use(account) * 1.2 <= limit) assert.equal(allowed[account], limit);
        }
      }),
    );
  });

  it("stay where it is not known how many are connected, or there is none yet", () => {
    assert.deepEqual(connectionsToAllow({ a: 3, b: 3 }, { a: 7 }, undefined), { a: 7 });
    assert.deepEqual(connectionsToAllow({ a: 3, b: 3 }, { a: 7 }, { a: 4, b: 10 }), { a: 5, b: 12 });
  });
});
