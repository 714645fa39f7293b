import assert from "node:assert/strict";
import { assetsOf } from "../../../../config/assets/assets";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";
import { kubernetesEnvironment } from "../../../support/kubernetes";

const environment = localEnvironment();
const { streams, consumers } = assetsOf(environment, tenants);
/** What irisx has by its dead letters. */
const letters = ["DEAD_LETTERS", "DEAD_LETTER_EVENTS", "REPLAYS"];
const declared = {
  streams: streams.filter(({ name }) => ![...letters, "CANARY"].includes(name)),
  consumers: consumers.filter(
    ({ stream, name }) => ![...letters, "CANARY"].includes(stream) && !/^sms-worker-(high|low)$/.test(name),
  ),
};

describe("assets", () => {
  it("are 14 streams, 12 mirrors, 22 durables, a canary of both for each account, and dead letters of all", () => {
    assert.equal(declared.streams.filter(({ mirrorOf }) => !mirrorOf).length, 14);
    assert.equal(declared.streams.filter(({ mirrorOf }) => mirrorOf).length, 12);
    assert.equal(declared.consumers.length, 22);
    assert.deepEqual(
      streams.filter(({ name }) => name === "CANARY").map(({ account }) => account),
      Object.keys(tenants),
    );
    assert.deepEqual(
      streams.filter(({ name }) => letters.includes(name)).map(({ account, name }) => `${account}/${name}`),
      Object.keys(tenants).flatMap((account) => letters.map((name) => `${account}/${name}`)),
    );
    // Of each the collector's, and one for the replays of each durable: 4 of arrakis, 11 of covenant, 3 of irisx, 4 of
    // aigentflow.
    const replays = 4 + (4 + 11 + 3 + 4);
    assert.equal(consumers.length, 22 + 4 + replays + 2, "and two more lanes of irisx's SMS");
  });

  it("place a mirror in its region: no subjects, its own limits, its origin's storage and replicas", () => {
    assert.deepEqual(
      streams.find(({ name }) => name === "ELIGIBILITY-ams"),
      {
        account: "arrakis",
        name: "ELIGIBILITY-ams",
        region: "ams",
        mirrorOf: "ELIGIBILITY",
        spec: {
          description: "Mirror of ELIGIBILITY in iad",
          subjects: [],
          retention: "limits",
          storage: "file",
          replicas: 3,
          discard: "old",
          maxAge: "7d",
          maxBytes: "2GiB",
        },
      },
    );
  });

  it("come with every origin before its mirrors", () => {
    for (const { account, mirrorOf, name } of streams) {
      const at = (wanted: string) =>
        streams.findIndex((stream) => stream.account === account && stream.name === wanted);
      if (mirrorOf) assert.ok(at(mirrorOf) < at(name), name);
    }
  });

  it("are one durable a stream, each with the filters that are about it", () => {
    assert.deepEqual(
      consumers
        .filter(({ name }) => name === "AUDIT_LOGGER")
        .map(({ stream, filterSubjects }) => [stream, filterSubjects]),
      [
        ["COVENANT_COUNTRIES", ["covenant.>"]],
        ["COVENANT_PROJECTS", ["covenant.>"]],
        ["COVENANT_USERS", ["covenant.>"]],
        ["ALERTS_INCIDENTS", ["alerts.>"]],
      ],
    );
    assert.deepEqual(consumers.find(({ name }) => name === "command-worker")?.filterSubjects, []);
    assert.deepEqual(consumers.find(({ name }) => name === "webhook-worker")?.filterSubjects, [
      "webhooks.deliver",
      "webhooks.retry",
    ]);
  });

  it("share the limits of their consumer: together they have at most what it has", () => {
    const ofDurables = (name: string) =>
      consumers
        .filter((consumer) => consumer.name === name)
        .map(({ spec }) => [spec.maxAckPending, "rateLimitBps" in spec ? spec.rateLimitBps : undefined]);
    assert.deepEqual(ofDurables("ANALYTICS"), Array(3).fill([33, undefined]));
    assert.deepEqual(ofDurables("CACHE_INVALIDATOR"), Array(3).fill([33, 333_333]));
    assert.deepEqual(ofDurables("AUDIT_LOGGER"), Array(4).fill([250, undefined]));
    assert.deepEqual(ofDurables("sync-worker"), [[10, undefined]]);
    const arrakis = structuredClone(tenants.arrakis!);
    arrakis.consumers["sync-worker"] = {
      ...arrakis.consumers["sync-worker"]!,
      streams: ["ELIGIBILITY", "ELIGIBILITY-ams"],
      maxAckPending: 1,
    };
    const single = assetsOf(environment, { arrakis }).consumers.filter(({ name }) => name === "sync-worker");
    assert.deepEqual(
      single.map(({ spec }) => spec.maxAckPending),
      [1, 1],
      "none may have nothing",
    );
  });

  it("of a consumer do not name its streams and filters twice", () => {
    for (const { spec } of consumers) assert.ok(!("streams" in spec) && !("filterSubjects" in spec));
  });

  it("have as many replicas as a small local region has servers, and elsewhere what was declared", () => {
    const replicas = (change: object) =>
      new Set(assetsOf({ ...environment, ...change }, tenants).streams.map(({ spec }) => spec.replicas));
    assert.deepEqual(replicas({ servers: 1 }), new Set([1]));
    assert.deepEqual(replicas({ servers: 5 }), new Set([3]));
    const { streams } = assetsOf({ ...environment, byRegion: { ams: { servers: 1 } } }, tenants);
    assert.deepEqual(
      streams.filter(({ region, spec }) => spec.replicas !== (region === "ams" ? 1 : 3)),
      [],
      "each region by its own number",
    );
    const small = assetsOf(kubernetesEnvironment({ servers: 1 }), tenants);
    assert.deepEqual(
      [...new Set(small.streams.map(({ name, spec }) => `${[...letters, "CANARY"].includes(name)} ${spec.replicas}`))],
      ["false 3", "true 1"],
    );
  });

  it("can be read from a mirror", () => {
    const arrakis = structuredClone(tenants.arrakis!);
    arrakis.consumers["sync-worker"]!.streams = ["ELIGIBILITY-ams"];
    const found = assetsOf(environment, { arrakis }).consumers.find(({ name }) => name === "sync-worker");
    assert.deepEqual([found?.stream, found?.filterSubjects], ["ELIGIBILITY-ams", ["eligibility.sync.>"]]);
  });
});
