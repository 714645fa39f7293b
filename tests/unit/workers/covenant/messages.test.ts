import assert from "node:assert/strict";
import fc from "fast-check";
import { covenant } from "../../../../tenants/covenant";
import { entityEvent, entitySubject, incident, keyOf, levelOf } from "../../../../workers/covenant/messages";
import { sample } from "../../../../workers/covenant/samples";
import { traffic } from "../../../../workers/covenant/traffic";

const subjects = Object.values(covenant.streams).flatMap((stream) => stream.subjects);

describe("messages of covenant", () => {
  it("know every subject that its streams hold, and no other", () => {
    for (const subject of subjects) assert.ok(entitySubject(subject) ?? levelOf(subject), subject);
    assert.deepEqual(entitySubject("covenant.users.deleted"), { entity: "users", action: "deleted" });
    assert.equal(levelOf("alerts.incidents.info"), "info");
    for (const other of ["covenant.users.archived", "covenant.users", "covenant.users.created.now", "x.users.created"])
      assert.equal(entitySubject(other), undefined, other);
    for (const other of ["alerts.incidents", "alerts.incidents.fatal", "alerts.incidents.info.now"])
      assert.equal(levelOf(other), undefined, other);
  });

  it("are known by code or id, and keep all their fields", () => {
    const country = entityEvent.parse({ code: "USA", name: "United States" });
    assert.deepEqual(country, { code: "USA", name: "United States" });
    assert.equal(keyOf("countries", country), "USA");
    assert.equal(keyOf("projects", { id: "p1" }), "p1");
    // A project or user may have a code that is not what it is known by.
    const both = { id: "7", code: "X" };
    assert.deepEqual(
      (["countries", "projects", "users"] as const).map((entity) => keyOf(entity, both)),
      ["X", "7", "7"],
    );
    assert.deepEqual([keyOf("countries", { id: "7" }), keyOf("users", { code: "X" })], ["7", "X"]);
    for (const wrong of [{}, { id: "" }, { id: 7 }, { code: "x".repeat(201) }, [], null])
      assert.ok(!entityEvent.safeParse(wrong).success, JSON.stringify(wrong));
  });

  it("of incidents have a title", () => {
    assert.ok(incident.safeParse({ title: "Disk full", host: "iad-1" }).success);
    for (const wrong of [{}, { title: "" }, { title: "x".repeat(201) }]) assert.ok(!incident.safeParse(wrong).success);
  });
});

describe("sample messages of covenant", () => {
  it("are what its workers take, on subjects that its streams hold", () => {
    fc.assert(
      fc.property(fc.nat(), (number) => {
        const { subject, message } = sample(number);
        assert.ok(subjects.includes(subject), subject);
        assert.ok((entitySubject(subject) ? entityEvent : incident).safeParse(message).success);
      }),
    );
  });

  it("are of every kind, on every subject, and the same for the same number", () => {
    const samples = Array.from({ length: 90 }, (_, number) => sample(number));
    const count = (kind: string) => samples.filter((each) => each.kind === kind).length;
    assert.deepEqual(traffic.kinds.map(count), [27, 27, 27, 9]);
    assert.deepEqual(new Set(samples.map(({ subject }) => subject)), new Set(subjects));
    assert.deepEqual(sample(7), sample(7));
  });

  it("are published with an id of their own each time", () => {
    assert.notEqual(traffic.sample(1).messageId, traffic.sample(1).messageId);
  });
});
