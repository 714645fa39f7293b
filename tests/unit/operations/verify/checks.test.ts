import assert from "node:assert/strict";
import { checksOf } from "../../../../operations/verify/checks";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { failedAfter, healthySnapshot } from "../../../support/healthy-snapshot";

const checked = checkedEnvironment("local");

const healthy = (): Snapshot => healthySnapshot(checked);

const failedOf = (change: (snapshot: Snapshot) => void) => failedAfter(checked, healthy(), change);

describe("the checks of a supercluster", () => {
  it("pass when all is as specified, a line an account and kind", () => {
    const checks = checksOf(checked, healthy());
    assert.deepEqual(
      checks.filter(({ result }) => result !== "ok"),
      [],
    );
    assert.ok(checks.some(({ name, detail }) => name === "consumers covenant" && detail.startsWith("24 durables")));
  });

  for (const [what, change, expected] of [
    ["a server that does not answer", (s: Snapshot) => delete s.servers["ams-1"], "servers: ams-1 does not answer"],
    [
      "another version",
      (s: Snapshot) => (s.servers["ams-1"]!.version = "2.14.8"),
      "versions: servers run different versions: 2.14.9, 2.14.8",
    ],
    [
      "a server that is not well",
      (s: Snapshot) => (s.servers["ams-1"]!.health = { status: "unavailable", error: "no meta leader" }),
      "health: ams-1: no meta leader",
    ],
    [
      "a missing route",
      (s: Snapshot) => (s.servers["ams-1"]!.varz!.remotes = 1),
      "routes: ams-1 has routes to 1 server of its region, not 2",
    ],
    [
      "a missing gateway",
      (s: Snapshot) => delete s.servers["ams-1"]!.gateways!.outbound_gateways!.syd,
      "gateways out: ams-1 has no connection to syd",
    ],
    [
      "a region that does not dial in",
      (s: Snapshot) => (s.servers["ams-1"]!.gateways!.inbound_gateways!.syd = []),
      "gateways in: ams has 2 of 3 connections from syd",
    ],
    [
      "no meta leader",
      (s: Snapshot) => delete s.meta,
      "meta group: no leader: no stream or consumer can be created or changed",
    ],
    [
      "a small meta group",
      (s: Snapshot) => Object.assign(s.meta!, { cluster_size: 6 }),
      "meta group: has 6 peers, not 9",
    ],
    [
      "a meta peer behind",
      (s: Snapshot) => (s.meta!.replicas![0]!.current = false),
      "meta group: iad-1 is not current",
    ],
    [
      "a stream that is not there",
      (s: Snapshot) => delete s.streams.arrakis!.INTERNAL,
      "stream arrakis/INTERNAL: does not exist, or has no leader",
    ],
    [
      "another configuration",
      (s: Snapshot) => (s.streams.irisx!.SMS!.config.max_msgs = 5),
      "stream irisx/SMS: maxMsgs is 5, specified as 1000000",
    ],
    [
      "a replica behind",
      (s: Snapshot) => (s.streams.irisx!.SMS!.cluster!.replicas![0]!.current = false),
      "stream irisx/SMS: 2 of 3 replicas are current (not iad-1)",
    ],
    [
      "a mirror that lags",
      (s: Snapshot) => (s.streams.arrakis!["ELIGIBILITY-ams"]!.mirror!.lag = 2),
      "mirror arrakis/ELIGIBILITY-ams: is 2 messages behind ELIGIBILITY",
    ],
    [
      "a mirror that is not connected, whose lag is reported as 0",
      (s: Snapshot) => (s.streams.arrakis!["ELIGIBILITY-ams"]!.mirror!.active = -1),
      "mirror arrakis/ELIGIBILITY-ams: is not connected to ELIGIBILITY, so what servers report of its lag says nothing",
    ],
    [
      "a mirror whose copying is refused",
      (s: Snapshot) => (s.streams.arrakis!["ELIGIBILITY-ams"]!.mirror!.error = { description: "refused" }),
      "mirror arrakis/ELIGIBILITY-ams: cannot copy ELIGIBILITY: refused",
    ],
    [
      "a collecting stream whose copying is refused",
      (s: Snapshot) =>
        (s.streams.irisx!.SMS!.sources = [{ name: "EMAIL", lag: 0, active: -1, error: { description: "refused" } }]),
      "stream irisx/SMS: cannot copy EMAIL: refused",
    ],
    [
      "a durable that is not there",
      (s: Snapshot) => (s.streams.aigentflow!.TASK_EVENTS!.consumer_detail = []),
      "consumer aigentflow/TASK_EVENTS/api-task-consumer: does not exist, or has no leader",
    ],
    [
      "another durable's configuration",
      (s: Snapshot) => (s.streams.aigentflow!.TASK_EVENTS!.consumer_detail![0]!.config.max_deliver = 9),
      "consumer aigentflow/TASK_EVENTS/api-task-consumer: maxDeliver is 9, specified as 20",
    ],
  ] as const) {
    it(`name ${what}`, () => {
      const failed = failedOf((snapshot) => {
        // Shared between a stream and its durables in this snapshot, not in a real one.
        const own = structuredClone(snapshot);
        change(own);
        Object.assign(snapshot, { servers: own.servers, streams: own.streams, meta: own.meta });
      });
      assert.ok(failed.includes(expected), failed.join("\n") || "nothing failed");
    });
  }

  it("warn of a stream that nothing declares", () => {
    const snapshot = healthy();
    snapshot.streams.irisx!.RETAINED = { ...snapshot.streams.irisx!.SMS!, name: "RETAINED" };
    assert.deepEqual(
      checksOf(checked, snapshot).filter(({ result }) => result !== "ok"),
      [
        {
          name: "stream irisx/RETAINED",
          result: "warning",
          detail: "is not declared; it holds 3 messages, and the limits of its account cover it",
        },
      ],
    );
  });

  it("warn of a limit that is being lowered in steps, and fail where it is lower than specified", () => {
    const SMS = { ...checked.tenants.irisx!.streams.SMS!, lowerBy: { maxMsgs: 10 } };
    const irisx = { ...checked.tenants.irisx!, streams: { ...checked.tenants.irisx!.streams, SMS } };
    const found = (messages: number) => {
      const snapshot = healthy();
      snapshot.streams.irisx!.SMS!.config.max_msgs = messages;
      return checksOf({ ...checked, tenants: { ...checked.tenants, irisx } }, snapshot)
        .filter(({ result }) => result !== "ok")
        .map(({ name, result, detail }) => `${name} ${result}: ${detail}`);
    };
    assert.deepEqual(found(1_000_005), [
      "stream irisx/SMS warning: maxMsgs is 1000005, specified as 1000000, and lowered in steps, one per up",
    ]);
    assert.deepEqual(found(999_995), ["stream irisx/SMS failed: maxMsgs is 999995, specified as 1000000"]);
  });
});
