import assert from "node:assert/strict";
import { permissionsOf } from "../../../../components/security/permissions";
import { assetsOf } from "../../../../config/assets/assets";
import { withStandardParts } from "../../../../config/assets/standard-parts";
import { tenantSpec, type TenantSpec } from "../../../../config/schema/tenant";
import { accountsOf } from "../../../../components/security/accounts";
import { localEnvironment } from "../../../support/accounts";
import { sweptLabel } from "../../../../workers/messaging/contract";
import { shop as plain } from "../../../support/rule-cases";

const shop = (deadLetters?: TenantSpec["deadLetters"]): TenantSpec => tenantSpec.parse({ ...plain(), deadLetters });
const environment = localEnvironment({ jetstream: { jetstream: ["shop"] } });
const complete = withStandardParts(shop({}));

describe("dead letters of a tenant", () => {
  it("change nothing of a tenant that does not declare them", () => {
    const { streams, consumers, users } = withStandardParts(shop());
    assert.deepEqual(Object.keys(streams), ["ORDERS", "JOBS", "CANARY"]);
    assert.deepEqual(Object.keys(consumers), ["biller", "mailer", "worker", "canary"]);
    assert.deepEqual(users.worker, shop().users.worker);
  });

  it("are three bounded streams that refuse at their limit, in the tenant's home", () => {
    const { streams } = assetsOf(environment, { shop: shop({}) });
    const own = streams.filter(({ name }) => /DEAD|REPLAYS/.test(name));
    assert.deepEqual(
      own.map(({ name, region, spec }) => [name, region, spec.retention, spec.maxAge, spec.maxBytes]),
      [
        ["DEAD_LETTERS", "iad", "limits", "30d", "1GiB"],
        ["DEAD_LETTER_EVENTS", "iad", "workqueue", "30d", "64MiB"],
        ["REPLAYS", "iad", "workqueue", "30d", "256MiB"],
      ],
    );
    for (const { spec } of own) assert.deepEqual([spec.storage, spec.replicas, spec.discard], ["file", 3, "new"]);
    assert.equal(own[0]!.spec.duplicateWindow, "24h");
  });

  it("keep no id longer than a message, which servers would refuse (10052)", () => {
    const { DEAD_LETTERS: copies } = withStandardParts(shop({ maxAge: "1h", maxBytes: "10MiB" })).streams;
    assert.deepEqual([copies!.duplicateWindow, copies!.maxAge, copies!.maxBytes], ["1h", "1h", "10MiB"]);
  });

  it("may be deleted or shortened where their tenant allows it", () => {
    const allowDataLoss = [{ change: "maxAge" as const, maxMessages: 5 }];
    const { streams, consumers } = withStandardParts(shop({ deletionPolicy: "delete", allowDataLoss }));
    assert.deepEqual(
      ["DEAD_LETTERS", "DEAD_LETTER_EVENTS", "REPLAYS"].map((name) => streams[name]!.deletionPolicy),
      ["delete", "delete", "delete"],
    );
    assert.deepEqual(streams.DEAD_LETTERS!.allowDataLoss, allowDataLoss);
    assert.equal(consumers["dead-letters"]!.deletionPolicy, "delete");
  });

  it("have as many replicas as a region has servers, where it has fewer than three", () => {
    const small = localEnvironment({ servers: 1 });
    const { streams } = assetsOf({ ...small, target: "local" }, { shop: shop({}) });
    assert.deepEqual(
      streams.filter(({ name }) => name === "DEAD_LETTERS").map(({ spec }) => spec.replicas),
      [1],
    );
  });

  it("capture the advisories of every stream that a durable reads, of their mirrors and of replays", () => {
    assert.deepEqual(complete.streams.DEAD_LETTER_EVENTS!.subjects, [
      "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.ORDERS.*",
      "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.ORDERS-ams.*",
      "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.JOBS.*",
      "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.REPLAYS.*",
      "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.ORDERS.*",
      "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.ORDERS-ams.*",
      "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.JOBS.*",
      "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.REPLAYS.*",
    ]);
  });

  it("sweep the streams that hold a message until it is acknowledged, and no others", () =>
    assert.deepEqual(complete.streams.DEAD_LETTER_EVENTS!.metadata, { [sweptLabel]: "JOBS REPLAYS" }));

  it("have a durable for the replays of each durable, which redelivers as that one does", () => {
    assert.deepEqual(complete.consumers["ORDERS-biller"], {
      mode: "pull",
      streams: ["REPLAYS"],
      filterSubjects: ["replay.ORDERS.biller"],
      ackPolicy: "explicit",
      deliverPolicy: "all",
      deletionPolicy: "delete-if-empty",
      maxDeliver: 5,
      backoff: ["1s", "5s"],
    });
    assert.equal(complete.consumers["ORDERS-mailer"]!.mode, "pull", "of a push durable too");
    const streams = new Set(Object.keys(complete.streams));
    for (const { streams: read } of Object.values(complete.consumers))
      for (const stream of read) assert.ok(streams.has(stream), stream);
  });

  it("let a worker copy its own messages, those of stand-ins at a failover and those of its replays", () => {
    const worker = complete.users.worker!;
    assert.deepEqual(worker.publishes, [
      "dead.ORDERS.*.biller",
      "dead.ORDERS-ams.*.biller",
      "dead.ORDERS.*.mailer",
      "dead.ORDERS-ams.*.mailer",
      "dead.JOBS.*.worker",
      "dead.REPLAYS.*.ORDERS-biller",
      "dead.REPLAYS.*.ORDERS-mailer",
      "dead.REPLAYS.*.JOBS-worker",
    ]);
    assert.deepEqual(
      worker.allow?.publish,
      worker.publishes.map((subject) => `$JS.API.DIRECT.GET.DEAD_LETTERS.${subject}`),
      "and read those copies alone",
    );
    const replays = ["ORDERS-biller", "ORDERS-mailer", "JOBS-worker"];
    assert.deepEqual(worker.consumes, ["worker", "biller", "mailer", ...replays]);
    assert.deepEqual(complete.users.api, shop().users.api, "who consumes nothing copies nothing");
  });

  it("let the collector read, copy and acknowledge what is stuck, and neither delete nor consume", () => {
    const { users } = accountsOf(environment, { shop: shop({}) })[0]!;
    const allowed = users.find(({ name }) => name === "dead-letters")!.permissions.publish.allow;
    for (const subject of ["$JS.ACK.JOBS.worker.>", "$JS.API.STREAM.MSG.GET.ORDERS-ams", "dead.>"])
      assert.ok(allowed.includes(subject), subject);
    // Of a limits stream nothing is removed, so nothing is acknowledged.
    assert.ok(!allowed.some((subject) => /ACK.ORDERS|DELETE|PURGE|NEXT.(ORDERS|JOBS|REPLAYS)/.test(subject)));
  });

  it("let the command delete copies and send them to durables, and touch no other stream", () => {
    const { publish } = permissionsOf("dead-letters-cli", complete.users["dead-letters-cli"]!, []);
    assert.deepEqual(publish.allow.toSorted(), [
      "$JS.API.CONSUMER.INFO.DEAD_LETTER_EVENTS.dead-letters",
      "$JS.API.CONSUMER.INFO.REPLAYS.*",
      "$JS.API.DIRECT.GET.DEAD_LETTERS",
      "$JS.API.STREAM.INFO.DEAD_LETTERS",
      "$JS.API.STREAM.MSG.DELETE.DEAD_LETTERS",
      ...["DEAD_LETTERS", "JOBS", "ORDERS", "ORDERS-ams", "REPLAYS"].map((name) => `$JS.API.STREAM.MSG.GET.${name}`),
      "replay.JOBS.worker",
      "replay.ORDERS.biller",
      "replay.ORDERS.mailer",
    ]);
  });
});
