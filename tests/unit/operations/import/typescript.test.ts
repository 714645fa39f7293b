import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { TenantSpec } from "../../../../config/schema/tenant";
import { tenantOf } from "../../../../operations/import/tenant";
import { constantOf, tenantFile } from "../../../../operations/import/typescript";
import { billing, liveOf, orders, place, shop } from "../../../support/live-account";
import { projectFolder } from "../../../support/project-copy";

describe("the file of an imported tenant", () => {
  const file = path.join(projectFolder, "tests", "golden", "imported-tenant.ts");
  const rich: TenantSpec = {
    name: "shop",
    home: "iad",
    streams: {
      ORDERS: {
        ...orders,
        description: 'Says "paid" and `shipped`',
        maxMsgs: 1_000_000,
        republish: { src: "orders.>", dest: "again.>", headersOnly: true },
        metadata: { team: "billing", "cost centre": "42" },
        extraConfig: { newer_field: { anything: [1, null, -2.5] } },
        mirrors: { ams: { maxAge: "7d", maxBytes: "1GiB" }, syd: { maxAge: "1d", maxBytes: "1GiB", maxMsgs: 10_000 } },
      },
      TASKS: {
        ...orders,
        subjects: Array.from({ length: 12 }, (_, index) => `tasks.of.department-${index}`),
        retention: "workqueue",
        home: "ams",
      },
      TOTALS: {
        ...orders,
        subjects: [],
        sources: ["ORDERS", { name: "TASKS", filterSubject: "tasks.of.department-0" }],
      },
    },
    consumers: {
      billing: {
        ...billing,
        streams: ["ORDERS", "ORDERS-ams"],
        backoff: ["1s", "30s"],
        maxDeliver: 5,
        filterSubjects: ["orders.paid"],
      },
      "push-worker": {
        mode: "push",
        streams: ["TASKS"],
        deliverSubject: "deliver.tasks",
        deliverGroup: "workers",
        ackPolicy: "explicit",
        deliverPolicy: "all",
        flowControl: true,
        idleHeartbeat: "5s",
      },
    },
    users: { api: { publishes: ["orders.placed"] }, worker: { consumes: ["push-worker"] } },
  };
  const imported = tenantOf(liveOf(rich), { ...place, declared: { users: rich.users } });

  it("is TypeScript that the project's type check passes, and loads as what was imported", () => {
    assert.deepEqual([imported.toDecide, imported.leftOut, imported.changes], [[], [], []]);
    const text = tenantFile(imported, "../../config/schema/tenant");
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, text);
    assert.equal(readFileSync(file, "utf8"), text, "UPDATE_GOLDEN=1 writes it again");
    assert.deepEqual((require("../../../golden/imported-tenant") as { shop: TenantSpec }).shop, imported.tenant);
  });

  it("marks what is to be decided right where it belongs, whatever a server says", () => {
    const toDecide = [
      { at: "streams.ORDERS.maxAge", message: "has no limit" },
      { at: "streams.ORDERS.replicas", message: "2:\n*/ write 1" },
      { at: "streams.ORDERS.mirrors.ams.maxBytes", message: "has no limit" },
      { at: "users", message: "write them" },
      { at: "consumers.billing", message: "no user consumes it" },
    ];
    const { maxAge: _, ...unbounded } = orders;
    const tenant = { ...shop, streams: { ORDERS: { ...unbounded, mirrors: { ams: { maxAge: "7d" as const } } } } };
    assert.equal(
      tenantFile({ tenant, toDecide }, "../config/tenant"),
      `import type { TenantSpec } from "../config/tenant";

/** As it was found on the servers (npm run import). Remove \`adopt\` once it has been deployed. */
export const shop: TenantSpec = {
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: {
      // TODO streams.ORDERS.maxAge: has no limit
      subjects: ["orders.>"],
      retention: "limits",
      storage: "file",
      // TODO streams.ORDERS.replicas: 2: */ write 1
      replicas: 3,
      maxBytes: "10GiB",
      discard: "old",
      mirrors: {
        ams: {
          // TODO streams.ORDERS.mirrors.ams.maxBytes: has no limit
          maxAge: "7d",
        },
      },
    },
  },
  consumers: {
    // TODO consumers.billing: no user consumes it
    billing: {
      mode: "pull",
      streams: ["ORDERS"],
      ackPolicy: "explicit",
      deliverPolicy: "all",
    },
  },
  // TODO users: write them
  users: {},
};
`,
    );
  });

  it("calls its constant what TypeScript allows", () => {
    assert.deepEqual(["irisx", "my-shop", "default", "7eleven"].map(constantOf), [
      "irisx",
      "myShop",
      "_default",
      "_7eleven",
    ]);
  });
});
