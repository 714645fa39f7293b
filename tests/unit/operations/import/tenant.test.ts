import assert from "node:assert/strict";
import * as fc from "fast-check";
import { shareOf, sumOf } from "../../../../config/assets/shared-limits";
import type { TenantSpec } from "../../../../config/schema/tenant";
import type { ImportedTenant } from "../../../../operations/import/draft";
import { nameOf } from "../../../../operations/import/live";
import { tenantOf } from "../../../../operations/import/tenant";
import { tenants } from "../../../support/any-tenant";
import { at, billing, changed, liveOf, mark, mirrored, orders, place, shop } from "../../../support/live-account";

const without = ({ tenant: { streams, consumers } }: ImportedTenant, key: string) =>
  [...Object.values(streams), ...Object.values(consumers)].map(
    ({ [key]: _, ...rest }: Record<string, unknown>) => rest,
  );

/** The same, with what says nothing by its order in one order, and shared limits as their durables add up to. */
const ordered = ({ streams: declared, consumers, ...tenant }: Pick<TenantSpec, "streams" | "consumers">): unknown => ({
  ...tenant,
  streams: declared,
  consumers: Object.fromEntries(
    Object.entries(consumers).map(([name, { streams: on, filterSubjects, ...spec }]) => [
      name,
      {
        ...sumOf(shareOf(spec, on.length), on.length),
        streams: on.toSorted(),
        ...(filterSubjects && { filterSubjects: filterSubjects.toSorted() }),
      },
    ]),
  ),
});

describe("importing what servers hold of a tenant", () => {
  it("gives the tenant back, whatever it declares, with nothing to leave out or to change", () =>
    fc.assert(
      fc.property(tenants, (tenant) => {
        const { tenant: imported, leftOut, changes } = tenantOf(liveOf(tenant, mark), place);
        assert.deepEqual(ordered(imported as unknown as TenantSpec), ordered(tenant));
        assert.deepEqual([leftOut, changes], [[], []]);
      }),
    ));

  it("adopts what has no owner or another stack, and only that", () => {
    const own = tenantOf(liveOf(shop, mark), place);
    assert.deepEqual(own.tenant, shop);
    for (const [labels, adopt] of [
      [{}, true],
      [{ "supercluster.owner": "supercluster/other" }, "supercluster/other"],
    ] as const) {
      const imported = tenantOf(liveOf(shop, labels), place);
      assert.deepEqual(
        [...Object.values(imported.tenant.streams), ...Object.values(imported.tenant.consumers)].map(
          (spec) => spec.adopt,
        ),
        [adopt, adopt],
      );
      assert.deepEqual(without(imported, "adopt"), [orders, billing]);
    }
  });

  it("keeps what the declared tenant shares and maps, and checks it with the other tenants", () => {
    const press: TenantSpec = {
      ...{ name: "press", home: "iad", streams: {}, consumers: {}, users: {} },
      exports: { streams: { news: { to: ["shop"] } } },
    };
    const declared: TenantSpec = {
      ...shop,
      users: { api: { publishes: ["orders.placed"], requests: ["price"] } },
      exports: { streams: { "orders.placed": { to: ["press"] } } },
      imports: { press: { streams: ["news"] } },
      mappings: { price: [{ to: "price.next", weight: 10 }] },
    };
    const environment = { ...place.environment, jetstream: { jetstream: ["shop", "press"] } };
    const of = (tenants: Record<string, TenantSpec>) =>
      tenantOf(liveOf(shop, mark), { ...place, environment, declared, tenants });
    const { tenant, toDecide } = of({ shop: declared, press });
    const { exports: shared, imports, mappings } = tenant;
    assert.deepEqual(
      { exports: shared, imports, mappings },
      { exports: declared.exports, imports: declared.imports, mappings: declared.mappings },
    );
    assert.deepEqual(toDecide, []);
    assert.deepEqual(at(of({ shop: declared }).toDecide), ['exports.streams["orders.placed"].to[0]', "imports.press"]);
  });

  it("keeps users and description of the declared tenant, and asks for users where there is none", () => {
    const declared = { description: "The shop", users: { api: { publishes: ["orders.placed"] } } };
    const { tenant } = tenantOf(liveOf(shop, mark), { ...place, declared });
    assert.deepEqual(tenant, { ...shop, ...declared });
    const { toDecide } = tenantOf(liveOf(shop, mark), { ...place, declared: undefined });
    assert.deepEqual(
      toDecide.map(({ at }) => at),
      ["users"],
    );
  });
});

describe("what an account is like and a tenant cannot be", () => {
  const imported = (account = mirrored) => tenantOf(account, place);

  it("is left out where it is a mirror of another kind, with its durables", () => {
    const named = imported(changed(mirrored, "ORDERS-ams", { mirror: { name: "ORDERS", opt_start_seq: 5 } }));
    assert.deepEqual([at(named.leftOut), named.tenant.streams.ORDERS!.mirrors], [["ORDERS-ams"], undefined]);
    const stored = imported(changed(mirrored, "ORDERS-ams", { storage: "memory" }));
    assert.match(stored.leftOut[0]!.message, /differs from what a tenant's mirror would be in storage/);
    assert.deepEqual(stored.changes, []);
    const [durables] = mirrored.streams.flatMap(({ info, consumers }) =>
      nameOf(info) === "ORDERS" ? [consumers] : [],
    );
    const read = { ...mirrored, streams: mirrored.streams.map((one) => ({ ...one, consumers: durables! })) };
    assert.match(
      imported(changed(read, "ORDERS-ams", { storage: "memory" })).leftOut[0]!.message,
      /its durables: billing$/,
    );
  });

  it("is left out where no server answered for it", () => {
    assert.deepEqual(at(imported({ ...mirrored, missing: ["RETURNS"] }).leftOut), ["RETURNS"]);
  });
});
