import assert from "node:assert/strict";
import { planOf, regionsOfProof } from "../../../../operations/verify/plan";
import { readProject } from "../../../../engine/project";
import { environments } from "../../../../config/schema/settings";
import { tenants } from "../../../../tenants";

const environment = environments.parse(readProject().environments).local!;

describe("the plan of a proof", () => {
  it("takes messages in another region than they are published in, and neither at home where there are three", () => {
    assert.deepEqual(regionsOfProof(["iad", "ams", "syd"], "iad"), { from: "ams", to: "syd" });
    assert.deepEqual(regionsOfProof(["iad", "ams", "syd"], "syd"), { from: "iad", to: "ams" });
    assert.deepEqual(regionsOfProof(["iad", "ams"], "iad"), { from: "ams", to: "iad" });
    assert.deepEqual(regionsOfProof(["iad"], "iad"), { from: "iad", to: "iad" });
  });

  it("reaches all 24 durables of the four systems by their own users", () => {
    const plans = Object.values(tenants).map((tenant) => planOf({ environment }, tenant));
    assert.deepEqual(
      plans.flatMap(({ unprovable }) => unprovable),
      [],
    );
    const durables = plans.flatMap(({ streams }) => streams.flatMap((stream) => stream.durables));
    assert.equal(durables.length, 24);
    assert.ok(durables.every(({ messages }) => messages >= 1));
  });

  it("publishes once for durables that want the same, and once each for those that share nothing", () => {
    const { streams } = planOf({ environment }, tenants.covenant!);
    assert.deepEqual(
      streams.map(({ stream, messages, durables }) => [stream, messages.length, durables.length]),
      [
        ["COVENANT_COUNTRIES", 1, 3],
        ["COVENANT_PROJECTS", 1, 3],
        ["COVENANT_USERS", 1, 3],
        ["ALERTS_INCIDENTS", 1, 2],
      ],
    );
    const eligibility = planOf({ environment }, tenants.arrakis!).streams.find(
      ({ stream }) => stream === "ELIGIBILITY",
    )!;
    assert.deepEqual(eligibility.messages, [
      { subject: "eligibility.check.verify", publisher: "worker" },
      { subject: "eligibility.sync.verify", publisher: "worker" },
    ]);
  });

  it("leaves out a durable whose messages are mapped to other subjects, and says so", () => {
    const mapped = { ...tenants.irisx!, mappings: { "sms.send.high": [{ to: "sms.send.next", weight: 10 }] } };
    const { unprovable } = planOf({ environment }, mapped);
    assert.deepEqual(
      unprovable.map(({ consumer, reason }) => [consumer.name, reason]),
      [["sms-worker-high", "messages of sms.send.high are mapped to others"]],
    );
  });

  it("reaches each lane of a consumer, and each by its own subject", () => {
    const [{ messages, durables } = assert.fail()] = planOf({ environment }, tenants.irisx!).streams.filter(
      ({ stream }) => stream === "SMS",
    );
    assert.deepEqual(
      durables.map(({ consumer, user, messages: number }) => [consumer.name, user, number]),
      [
        ["sms-worker-high", "sms-worker", 1],
        ["sms-worker", "sms-worker", 1],
        ["sms-worker-low", "sms-worker", 1],
      ],
    );
    assert.deepEqual(
      messages.map(({ subject }) => subject),
      ["sms.send.high", "sms.send", "sms.send.low"],
    );
  });

  it("names a durable that no user can feed", () => {
    const tenant = { ...tenants.irisx!, users: { "sms-worker": { consumes: ["sms-worker"] } } };
    assert.deepEqual(
      planOf({ environment }, tenant).unprovable.map(({ consumer, reason }) => `${consumer.name}: ${reason}`),
      [
        "sms-worker-high: no user publishes to its subjects",
        "sms-worker: no user publishes to its subjects",
        "sms-worker-low: no user publishes to its subjects",
        "email-worker: no user consumes it",
        "webhook-worker: no user consumes it",
      ],
    );
  });
});
