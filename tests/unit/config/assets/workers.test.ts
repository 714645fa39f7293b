import assert from "node:assert/strict";
import { workersOf } from "../../../../config/assets/workers";
import { tenantSpec } from "../../../../config/schema/tenant";
import { pull, shop } from "../../../support/rule-cases";

const tenant = (workers: object, change: object = {}) => tenantSpec.parse({ ...shop(), ...change, workers });

describe("workers of a tenant", () => {
  it("have what follows from their names", () =>
    assert.deepEqual(workersOf(tenant({ biller: {}, api: {} })), [
      {
        account: "shop",
        name: "biller",
        system: "shop",
        objectName: "biller",
        user: "worker",
        durables: [{ stream: "ORDERS", name: "biller", mode: "pull" }],
        regions: ["iad"],
        replicas: 1,
        maximum: 1,
        lagPerReplica: 100,
        resources: { cpu: "100m", memory: "256MiB" },
        // Its longest backoff is 5 s.
        grace: 10_000,
        environment: {},
        secrets: [],
        port: undefined,
      },
      {
        account: "shop",
        name: "api",
        system: "shop",
        objectName: "api",
        user: "api",
        durables: [],
        regions: ["iad"],
        replicas: 1,
        maximum: 1,
        lagPerReplica: 100,
        resources: { cpu: "100m", memory: "256MiB" },
        grace: 30_000,
        environment: {},
        secrets: [],
        port: undefined,
      },
    ]));

  it("have what they say", () => {
    const consumers = { ...shop().consumers, AUDIT_LOG: pull(["ORDERS", "JOBS"], { ackWait: "2m" }) };
    const [found] = workersOf(
      tenant(
        {
          AUDIT_LOG: {
            system: "audits",
            user: "worker",
            regions: ["ams", "iad"],
            replicas: 2,
            maximum: 5,
            lagPerReplica: 10,
            resources: { memory: "1GiB" },
            grace: "3m",
            environment: { LEVEL: "1" },
            secrets: ["database"],
            port: 3000,
          },
        },
        { consumers },
      ),
    );
    assert.deepEqual(found, {
      account: "shop",
      name: "AUDIT_LOG",
      system: "audits",
      objectName: "audit-log",
      user: "worker",
      durables: [
        { stream: "ORDERS", name: "AUDIT_LOG", mode: "pull" },
        { stream: "JOBS", name: "AUDIT_LOG", mode: "pull" },
      ],
      regions: ["ams", "iad"],
      replicas: 2,
      maximum: 5,
      lagPerReplica: 10,
      resources: { cpu: "100m", memory: "1GiB" },
      grace: 180_000,
      environment: { LEVEL: "1" },
      secrets: ["database"],
      port: 3000,
    });
  });

  it("may take as long as a durable without ackWait waits: 30 s", () => {
    const [found] = workersOf(tenant({ worker: {} }));
    assert.equal(found!.grace, 35_000);
  });

  it("find the user and durable that follow from dead letters", () => {
    const [found] = workersOf(tenant({ "dead-letters": { system: "dead-letters" } }, { deadLetters: {} }));
    assert.deepEqual(
      [found!.user, found!.durables],
      ["dead-letters", [{ stream: "DEAD_LETTER_EVENTS", name: "dead-letters", mode: "pull" }]],
    );
  });

  it("do not run while their tenant is leaving", () =>
    assert.deepEqual(workersOf(tenant({ biller: {} }, { state: "leaving" })), []));
});
