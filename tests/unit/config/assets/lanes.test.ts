import assert from "node:assert/strict";
import { assetsOf } from "../../../../config/assets/assets";
import { subjectsFor } from "../../../../config/assets/lanes";
import { withStandardParts } from "../../../../config/assets/standard-parts";
import { durablesOf } from "../../../../config/assets/workers";
import { tenantSpec, type TenantSpec } from "../../../../config/schema/tenant";
import { overlaps } from "../../../../config/subjects";
import { targetOf } from "../../../../operations/dead-letters/letter";
import { slotsLabel } from "../../../../workers/messaging/contract";
import { localEnvironment } from "../../../support/accounts";
import { pull, stream } from "../../../support/rule-cases";

const shop = (change: object = {}): TenantSpec =>
  tenantSpec.parse({
    name: "shop",
    home: "iad",
    streams: { SMS: stream(["sms.send", "sms.status"]), MAIL: stream(["mail.send"], { retention: "workqueue" }) },
    consumers: {
      sender: pull(["SMS"], { filterSubjects: ["sms.send"], maxDeliver: 5 }),
      mailer: pull(["MAIL"], { filterSubjects: ["mail.send"] }),
      audit: pull(["SMS"]),
    },
    users: {
      api: { publishes: ["sms.send", "mail.send"] },
      sender: { consumes: ["sender"], publishes: ["sms.status"] },
    },
    ...change,
  });
const lanes = { "sms.send": { high: 6, normal: 3, low: 1 } };
const complete = (change: object) => withStandardParts(shop(change));

describe("lanes of a tenant", () => {
  it("change nothing of a tenant without them", () => {
    const { streams, users, consumers } = complete({});
    assert.deepEqual(streams.SMS, shop().streams.SMS);
    assert.deepEqual([users.api, users.sender], [shop().users.api, shop().users.sender]);
    assert.deepEqual(Object.keys(consumers), ["sender", "mailer", "audit", "canary"]);
  });

  it("are subjects, durables and rights, by one line; the subject itself belongs to the normal one", () => {
    const { streams, consumers, users } = complete({ lanes });
    assert.deepEqual(streams.SMS!.subjects, [
      ...["sms.send", "sms.send.normal", "sms.send.high", "sms.send.low"],
      "sms.status",
    ]);
    const filters = Object.fromEntries(
      Object.entries(consumers).map(([name, { filterSubjects, metadata }]) => [
        name,
        [filterSubjects, metadata?.[slotsLabel]],
      ]),
    );
    assert.deepEqual(filters, {
      "sender-high": [["sms.send.high"], "6"],
      sender: [["sms.send", "sms.send.normal"], "3"],
      "sender-low": [["sms.send.low"], "1"],
      mailer: [["mail.send"], undefined],
      audit: [undefined, undefined],
      canary: [undefined, undefined],
    });
    assert.equal(consumers["sender-low"]!.maxDeliver, 5, "as the consumer has it");
    assert.deepEqual(users.sender!.consumes, ["sender-high", "sender", "sender-low"]);
    assert.deepEqual(users.api!.publishes, [
      ...["sms.send", "sms.send.normal", "sms.send.high", "sms.send.low"],
      "mail.send",
    ]);
  });

  it("have one durable of replays in common, where the tenant keeps dead letters", () => {
    const { consumers, users } = complete({ lanes, deadLetters: {} });
    assert.deepEqual(
      Object.keys(consumers).filter((name) => name.startsWith("SMS-sender")),
      ["SMS-sender"],
    );
    assert.deepEqual(
      consumers["SMS-sender"]!.filterSubjects!.toSorted(),
      ["sender", "sender-high", "sender-low"].map((name) => `replay.SMS.${name}`),
    );
    assert.deepEqual(users.sender!.publishes, [
      "sms.status",
      ...["sender-high", "sender", "sender-low"].map((name) => `dead.SMS.*.${name}`),
      "dead.REPLAYS.*.SMS-sender",
    ]);
    assert.deepEqual(users.sender!.consumes, ["sender-high", "sender", "sender-low", "SMS-sender"]);
    const high = { stream: "SMS", durable: "sender-high", subject: "sms.send.high" };
    assert.deepEqual(targetOf(high, shop({ lanes })), { subject: "replay.SMS.sender-high", durable: "SMS-sender" });
  });

  it("are read by the worker of their consumer", () => {
    const worker = (tenant: TenantSpec) => durablesOf(tenant, "sender", {});
    assert.deepEqual(worker(complete({ lanes })), ["sender-high", "sender", "sender-low"]);
    assert.deepEqual(worker(complete({})), ["sender"]);
  });
});

describe("routes of a tenant", () => {
  it("are one token more, wherever the subject is named", () => {
    const { streams, consumers, users } = complete({ routes: ["mail.send"] });
    assert.deepEqual(streams.MAIL!.subjects, ["mail.send", "mail.send.*"]);
    assert.deepEqual(consumers.mailer!.filterSubjects, ["mail.send", "mail.send.*"]);
    assert.deepEqual(users.api!.publishes, ["sms.send", "mail.send", "mail.send.*"]);
  });

  it("stand behind the lane: a lane's name is no customer's", () => {
    const subjects = subjectsFor({ lanes, routes: ["sms.send"] }, "sms.send");
    assert.deepEqual(subjects, [
      "sms.send",
      ...["normal", "high", "low"].flatMap((lane) => [`sms.send.${lane}`, `sms.send.${lane}.*`]),
    ]);
    for (const [index, one] of subjects.entries())
      for (const other of subjects.slice(index + 1)) assert.ok(!overlaps(one, other), `${one} ${other}`);
  });

  it("are filters of the durables on the servers", () => {
    const { consumers } = assetsOf(localEnvironment(), { shop: shop({ lanes, routes: ["sms.send"] }) });
    assert.deepEqual(consumers.find(({ name }) => name === "sender-high")!.filterSubjects, [
      "sms.send.high",
      "sms.send.high.*",
    ]);
  });
});
