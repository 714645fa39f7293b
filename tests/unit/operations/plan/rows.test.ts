import assert from "node:assert/strict";
import type { Answer, Found } from "../../../../operations/plan/costs";
import { type PlannedChange, stackPlan } from "../../../../operations/plan/preview";
import { inOrder, rowOf, verdictOf } from "../../../../operations/plan/rows";
import { absent, change, cost, details, info, nothing, planned, previews } from "../../../support/plans";

describe("a tenant that leaves", () => {
  const rows = (changes: PlannedChange[], answer: Answer) =>
    changes.map((one) => rowOf(one, one.isCarried ? nothing : answer));
  const gone: Found = { ...nothing, info: info(), costs: [cost("delete", "delete", 101)] };

  it("has its streams deleted, with their durables, where the loss is allowed, though they were retained", () => {
    const allowed = rows(
      planned("update", {}, { ...absent, allowDataLoss: [{ change: "delete", maxMessages: 101 }] }),
      gone,
    );
    assert.deepEqual(
      allowed.map(({ class: name, notes }) => [name, notes]),
      [
        ["delete", ["its tenant is leaving"]],
        ["delete", ["is deleted with its stream"]],
      ],
    );
    assert.deepEqual(verdictOf(allowed, false), {
      ok: true,
      refused: [],
      isKnown: true,
      unknown: [],
      lost: [],
      summary: "2 to delete",
    });
  });

  it("is refused where it is not allowed, or only for fewer messages", () => {
    for (const [change, reason] of [
      [
        absent,
        'would delete 101 of 101 messages; to allow it: allowDataLoss: [{ change: "delete", maxMessages: 101 }]',
      ],
      [
        { ...absent, allowDataLoss: [{ change: "delete", maxMessages: 100 }] },
        "would delete 101 of 101 messages; allowDataLoss allows 100",
      ],
    ] as const) {
      const refused = rows(planned("update", {}, change), gone);
      assert.deepEqual(
        refused.map(({ class: name, reasons }) => [name, reasons]),
        [
          ["refused", [reason]],
          ["delete", []],
        ],
      );
      assert.deepEqual(verdictOf(refused, false).refused, ["irisx/MAIL"]);
    }
  });

  it("that is no longer leaving has everything recreated", () => {
    assert.deepEqual(
      rows(planned("update", absent, {}), nothing).map(({ class: name }) => name),
      ["create", "create"],
    );
  });
});

describe("a planned deletion", () => {
  const email = change(previews.changes, "irisx/EMAIL");
  const gone: Found = { ...nothing, info: info(), costs: [cost("replace", "delete", 101)] };

  it("says what goes, and that nothing names it", () => {
    const row = rowOf(email, gone);
    assert.equal(row.class, "delete");
    assert.deepEqual(verdictOf([row], false).lost, [
      { id: "irisx/EMAIL", messages: 101, text: "would delete 101 of 101 messages" },
    ]);
    assert.ok(!verdictOf([row], false).ok);
  });

  it("loses nothing where nothing is in it, or it is gone, or another stack's by now", () => {
    for (const answer of [{ ...gone, costs: [cost("replace", "delete", 0)] }, nothing, { ...gone, isForeign: true }])
      assert.ok(verdictOf([rowOf(email, answer)], false).ok);
    assert.deepEqual(rowOf(email, nothing).notes, ["does not exist on the servers any more"]);
    assert.equal(rowOf(email, { ...gone, isForeign: true }).class, "forget");
  });

  it("is refused where the engine protects it, with what it would cost", () => {
    const row = rowOf(change(previews.protected, "irisx/EMAIL"), gone);
    assert.equal(row.class, "refused");
    assert.match(row.reasons.join(), /is protected.*deletionPolicy: "delete"/);
    assert.deepEqual(
      row.costs.map(({ text }) => text),
      ["would delete 101 of 101 messages"],
    );
    assert.deepEqual(verdictOf([row], false).lost, []);
  });

  it("is refused as long as something is in it, with delete-if-empty, or copies it that stays", () => {
    const cautious = { ...email, deployed: { ...email.deployed!, deletionPolicy: "delete-if-empty" as const } };
    assert.match(rowOf(cautious, gone).reasons.join(), /is not empty/);
    assert.equal(rowOf(cautious, { ...gone, costs: [] }).class, "delete");
    const copied = {
      ...gone,
      info: info({
        alternates: [
          { name: "EMAIL", cluster: "iad" },
          { name: "EMAIL-ams", cluster: "ams" },
        ],
      }),
    };
    assert.match(rowOf(email, copied).reasons.join(), /is copied by EMAIL-ams; remove them first/);
    assert.deepEqual(rowOf(email, copied, new Set(["irisx/EMAIL-ams"])).reasons, []);
  });

  it("of what is retained leaves it on the servers once it is taken out: without the cost of a deletion", () => {
    const unprotected = { ...change(previews.protected, "irisx/EMAIL"), refusals: [] };
    const { class: name, costs, notes } = rowOf(unprotected, gone);
    assert.deepEqual([name, costs, notes], ["forget", [], ["is kept on the servers and no longer reconciled"]]);
  });
});

describe("a planned change that costs messages", () => {
  const sms = change(previews.changes, "irisx/SMS");

  it("is told with its cost where allowDataLoss allows it, and refused where there are more by now", () => {
    const allowed = rowOf(sms, { ...nothing, info: info(), costs: [cost("maxMsgs", "drop", 91, 101)] });
    assert.deepEqual(
      [allowed.class, allowed.costs.map(({ text, isAllowed }) => [text, isAllowed])],
      ["loses messages", [["would drop 91 of 101 messages", true]]],
    );
    assert.ok(verdictOf([allowed], false).ok);
    const more = rowOf(sms, { ...nothing, info: info(), costs: [cost("maxMsgs", "drop", 101, 111)] });
    assert.equal(more.class, "refused");
    assert.match(more.reasons.join(), /would drop 101 of 111 messages, more than allowDataLoss allows/);
  });

  it("is unknown where servers cannot be asked", () => {
    const row = rowOf(sms, { unknown: "no region of local answers\nirisx-provisioner could not connect to iad" });
    const verdict = verdictOf([row], false);
    assert.deepEqual([verdict.ok, verdict.isKnown, verdict.unknown.length], [false, false, 1]);
    assert.match(verdict.summary, /costs of 1 change unknown/);
  });
});

describe("a retained stream", () => {
  it("is not recreated: its protection is removed first, in an up of its own", () => {
    assert.match(
      details(previews.protected, "irisx/WEBHOOKS", { ...nothing, info: info() }).reasons.join(),
      /is retained.*first deploy it with deletionPolicy: "delete"/,
    );
    assert.deepEqual(details(previews.protected, "arrakis/COMMANDS"), {
      name: "state only",
      fields: [{ field: "deletionPolicy", from: "retain", to: "delete" }],
      reasons: [],
      notes: [],
    });
  });
});

describe("a planned change in place", () => {
  it("is refused where another stack owns it by now", () => {
    const users = change(previews.changes, "covenant/COVENANT_USERS");
    assert.equal(rowOf(users, { ...nothing, info: info() }).class, "in place");
    const row = rowOf(users, { ...nothing, info: info(), refusals: ["exists and belongs to a/two"] });
    assert.deepEqual([row.class, row.reasons], ["refused", ["exists and belongs to a/two"]]);
  });
});

describe("a stream that is planned and is there already", () => {
  const push = change(previews.changes, "irisx/PUSH");

  it("is taken over, with what that changes", () => {
    const row = rowOf(push, {
      ...nothing,
      info: info(),
      differences: [{ field: "maxAge", expected: "1d", found: "2d" }],
    });
    assert.deepEqual([row.class, row.fields], ["adopt", [{ field: "maxAge", from: "2d", to: "1d" }]]);
    assert.match(rowOf(push, { ...nothing, info: info() }).notes.join(), /exists already and is not changed/);
  });

  it("is refused where it may not be, with the provider's own words", () => {
    const row = rowOf(push, { ...nothing, info: info(), refusals: ["exists and has no owner's mark"] });
    assert.deepEqual([row.class, row.reasons], ["refused", ["exists and has no owner's mark"]]);
    assert.deepEqual(verdictOf([row], false).refused, ["irisx/PUSH"]);
  });
});

describe("the rows of a plan", () => {
  it("have what needs a look first, and a line that counts", () => {
    const rows = inOrder(stackPlan([previews.changes]).changes.map((one) => rowOf(one, nothing)));
    assert.equal(rows[0]!.class, "replace");
    assert.equal(rows.at(-1)!.class, "state only");
    assert.equal(verdictOf([], false).summary, "nothing to change");
    assert.match(verdictOf(rows, true).summary, /not everything could be read/);
  });
});
