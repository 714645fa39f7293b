import assert from "node:assert/strict";
import { assetsOf } from "../../../../config/assets/assets";
import { declaredBy } from "../../../../config/assets/declared";
import { tenantSpec } from "../../../../config/schema/tenant";
import { post, warehouse } from "../../../../docs/examples/tenants/copies";
import { localEnvironment } from "../../../support/accounts";

const stream = {
  retention: "limits",
  storage: "file",
  replicas: 1,
  maxAge: "1d",
  maxBytes: "1MiB",
  discard: "old",
} as const;

describe("what a stack declares of an account", () => {
  it("has subjects by stream, filters by durable of work queues, and durables of streams that limit them", () => {
    const durable = { mode: "pull", ackPolicy: "explicit", deliverPolicy: "all" } as const;
    const app = tenantSpec.parse({
      name: "app",
      home: "iad",
      streams: {
        ORDERS: { ...stream, subjects: ["orders.>"], mirrors: { ams: { maxAge: "1d", maxBytes: "1MiB" } } },
        JOBS: { ...stream, retention: "workqueue", subjects: ["jobs.>"], maxConsumers: 2 },
      },
      consumers: {
        billing: { ...durable, streams: ["ORDERS"] },
        first: { ...durable, streams: ["JOBS"], filterSubjects: ["jobs.a"] },
      },
      users: {},
    });
    const { streams, consumers } = assetsOf(localEnvironment(), { app });
    assert.deepEqual(declaredBy(streams, consumers), {
      app: {
        streams: { ORDERS: ["orders.>"], "ORDERS-ams": [], JOBS: ["jobs.>"], CANARY: ["canary.app.>"] },
        queues: { JOBS: { first: ["jobs.a"] } },
        limited: { JOBS: { maxConsumers: 2, durables: ["first"] } },
      },
    });
  });

  it("has what other accounts of the stack copy", () => {
    const { streams, consumers } = assetsOf(localEnvironment(), { warehouse, post });
    const { copied } = declaredBy(streams, consumers).post!;
    assert.deepEqual(copied, { PARCELS: ["warehouse/PARCELS"], LETTERS: ["warehouse/EVENTS"] });
  });
});
