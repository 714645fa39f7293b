import assert from "node:assert/strict";
import { type Answer, type Found, isWorthAsking } from "../../../../operations/plan/costs";
import { type PlannedChange, type Preview, refusedUrns, stackPlan } from "../../../../operations/plan/preview";
import { renderRows } from "../../../../cli/render/plan";
import { inOrder, rowOf, verdictOf } from "../../../../operations/plan/rows";
import type { Cost } from "../../../../jetstream/costs";
import type { Info } from "../../../../jetstream/info";
import recorded from "./previews.json";

/** What `pulumi preview --json` printed on the local environment, cut down to what is looked at. */
const previews = recorded as unknown as {
  changes: Preview;
  protected: Preview;
  refused: Preview[];
  unreachable: Preview;
};

const nothing: Found = { costs: [], differences: [], refusals: [], isForeign: false };
const info = (beside: Partial<Info> = {}): Info => ({ config: {}, ts: "2026-01-01T00:00:00Z", ...beside });
const cost = (change: string, effect: string, messages: number, of = messages): Cost => ({
  change,
  effect,
  messages,
  of,
  bytes: 0,
  isEstimate: false,
  behind: [],
});

/** The change of one stream or consumer, by its id. */
function change(preview: Preview | Preview[], id: string): PlannedChange {
  const { changes } = stackPlan([preview].flat());
  const found = changes.find((one) => one.id === id);
  assert.ok(found, `${id} is not among ${changes.map((one) => one.id).join(", ")}`);
  return found;
}

const details = (preview: Preview, id: string, answer: Answer = nothing) => {
  const { class: name, fields, reasons, notes } = rowOf(change(preview, id), answer);
  return { name, fields, reasons, notes };
};

describe("what the engine's preview says of streams and consumers", () => {
  it("is each field that a server would hear of, from and to", () => {
    assert.deepEqual(change(previews.changes, "covenant/COVENANT_USERS").fields, [
      { field: "maxMsgs", from: 100_000, to: 200_000 },
      { field: "maxAge", from: "7d", to: "14d" },
    ]);
    // An argument that only repeats the default goes without a word.
    assert.deepEqual(change(previews.changes, "covenant/ALERTS_INCIDENTS/AUDIT_LOGGER").fields, [
      { field: "ackWait", from: "30s", to: "1m" },
    ]);
  });

  it("is a change of the state alone where only the text is another", () => {
    assert.deepEqual(details(previews.changes, "covenant/ALERTS_INCIDENTS"), {
      name: "state only",
      fields: [{ field: "maxAge", from: "1d", to: "24h" }],
      reasons: [],
      notes: [],
    });
  });

  it("tells what was changed or deleted outside this program", () => {
    assert.deepEqual(change(previews.changes, "aigentflow/TASK_EVENTS").fields, [
      { field: "description", from: "by hand", to: undefined, isDrift: true },
      { field: "maxMsgs", from: 77, to: undefined, isDrift: true },
    ]);
    assert.deepEqual(details(previews.changes, "aigentflow/AGENT_EVENTS/api-agent-consumer"), {
      name: "create",
      fields: [],
      reasons: [],
      notes: ["is gone from the servers: it was deleted outside this program"],
    });
    assert.deepEqual(details(previews.changes, "irisx/PUSH").notes, []);
  });

  it("tells the step that this up makes of a limit that is lowered step by step", () => {
    const { fields, notes } = change(previews.changes, "covenant/COVENANT_PROJECTS");
    assert.deepEqual(fields, [{ field: "maxMsgs", from: 1_000_000, to: 900_000 }]);
    assert.deepEqual(notes, ["maxMsgs goes down to 500000 step by step, one an up"]);
  });

  it("tells the durables that go with a stream which is made anew", () => {
    const stream = details(previews.changes, "irisx/WEBHOOKS", {
      ...nothing,
      info: info(),
      costs: [cost("replace", "delete", 101)],
    });
    assert.equal(stream.name, "replace");
    assert.deepEqual(
      stream.fields.map(({ field }) => field),
      ["maxBytes", "storage"],
    );
    assert.deepEqual(details(previews.changes, "irisx/WEBHOOKS/webhook-worker"), {
      name: "replace",
      fields: [],
      reasons: [],
      notes: ["goes with its stream, which is made anew"],
    });
  });

  it("is refused with every reason, from as many previews as it took, beside what is not", () => {
    const [first, second, last] = previews.refused as [Preview, Preview, Preview];
    assert.deepEqual(
      [first, second, last].map((preview) => refusedUrns(preview).length),
      [1, 1, 0],
    );
    const { changes, failures } = stackPlan(previews.refused);
    assert.deepEqual(
      changes.map(({ id, action }) => `${action} ${id}`),
      [
        "refused irisx/SMS",
        "refused covenant/COVENANT_USERS/ANALYTICS",
        "update irisx/EMAIL",
        "delete covenant/COVENANT_COUNTRIES/ANALYTICS",
      ],
    );
    assert.match(
      changes[0]!.refusals.join(),
      /^maxMsgs: would drop 96 of 101 messages, 50\.1 KiB; consumer sms-worker is 100 behind; allowDataLoss allows 10$/,
    );
    assert.match(changes[1]!.refusals.join(), /^ackPolicy: cannot be changed in place \(error 10012\)/);
    assert.deepEqual(failures, []);
  });

  it("is a failure where the program itself failed", () => {
    const urn = "urn:pulumi:local-jetstream::supercluster::pulumi:pulumi:Stack::supercluster-local-jetstream";
    const { changes, failures } = stackPlan([
      {
        diagnostics: [
          { urn, severity: "error", message: "error: 1 mistake in the tenants\n" },
          { severity: "error", message: "error: preview failed\n" },
        ],
      },
    ]);
    assert.deepEqual([changes, failures], [[], ["1 mistake in the tenants"]]);
  });

  it("names what could not be read in one line a reason, and counts as partial", () => {
    const { warnings, isPartial } = stackPlan([previews.unreachable]);
    assert.equal(warnings.length, 2, warnings.join("\n"));
    assert.match(
      warnings.join("\n"),
      /and \d more: could not be read, its last known state is kept: JetStream is not ready[^]* \[SC1001\]\nJetStream: no server can be reached/,
    );
    assert.ok(isPartial);
    assert.ok(!stackPlan([previews.changes]).isPartial);
  });
});

describe("a tenant that leaves", () => {
  const urn = (kind: string, name: string) =>
    `urn:pulumi:local-jetstream::supercluster::pulumi-nodejs:dynamic/nats:${kind}::${name}`;
  const mail = {
    account: "irisx",
    name: "MAIL",
    region: "iad",
    subjects: ["mail.>"],
    deletionPolicy: "delete-if-empty",
  };
  const worker = { account: "irisx", stream: "MAIL", name: "worker", ackPolicy: "explicit" };
  const absent = { absent: true, deletionPolicy: "delete" };
  /** A step of the engine that brings a stream and its durable from one to the other. */
  const planned = (op: string, from: object | undefined, to: object | undefined) =>
    stackPlan([
      {
        steps: Object.entries({ Stream: mail, Consumer: worker }).map(([type, args]) => {
          const state = (change: object | undefined) =>
            change && { type, inputs: { ...args, ...change }, retainOnDelete: change === from };
          return { op, urn: urn(type, args.name), oldState: state(from), newState: state(to) };
        }),
      },
    ]).changes;
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
        ["delete", ["its tenant leaves"]],
        ["delete", ["goes with its stream"]],
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

  it("is refused where nobody allows it, or not so many messages", () => {
    for (const [change, reason] of [
      [
        absent,
        'would delete 101 of 101 messages; if that is meant: allowDataLoss: [{ change: "delete", maxMessages: 101 }]',
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

  it("asks nothing of servers once it is done: its entries go from the state alone", () => {
    for (const changes of [
      planned("delete", absent, undefined),
      planned("update", absent, { ...absent, description: "gone" }),
      planned("create", undefined, absent),
    ]) {
      assert.deepEqual(
        changes.map((one) => [one.action, isWorthAsking(one)]),
        [
          ["state", false],
          ["state", false],
        ],
      );
    }
    assert.deepEqual(planned("same", absent, absent), []);
  });

  it("that stays after all has everything made anew", () => {
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
    assert.deepEqual(rowOf(email, nothing).notes, ["is gone from the servers already"]);
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
    const cautious = { ...email, deployed: { ...email.deployed, deletionPolicy: "delete-if-empty" } };
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
    assert.match(rowOf(email, copied).reasons.join(), /is copied by EMAIL-ams; take them out first/);
    assert.deepEqual(rowOf(email, copied, new Set(["irisx/EMAIL-ams"])).reasons, []);
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

  it("is unknown where servers cannot be asked, and then nobody can say", () => {
    const row = rowOf(sms, { unknown: "no region of local answers\nirisx-provisioner could not connect to iad" });
    const verdict = verdictOf([row], false);
    assert.deepEqual([verdict.ok, verdict.isKnown, verdict.unknown.length], [false, false, 1]);
    assert.match(verdict.summary, /costs of 1 change unknown/);
    assert.match(renderRows([row]), /servers could not be asked: no region of local answers$/);
  });

  it("is asked about only where it can cost something", () => {
    const asked = stackPlan([previews.changes])
      .changes.filter(isWorthAsking)
      .map(({ id }) => id);
    assert.deepEqual(asked.sort(), [
      "aigentflow/AGENT_EVENTS/api-agent-consumer",
      "covenant/COVENANT_PROJECTS",
      "irisx/EMAIL",
      "irisx/EMAIL/email-worker",
      "irisx/PUSH",
      "irisx/PUSH/push-worker",
      "irisx/SMS",
      "irisx/WEBHOOKS",
    ]);
  });
});

describe("a retained stream", () => {
  it("is not made anew: its protection goes first, in an up of its own", () => {
    assert.match(
      details(previews.protected, "irisx/WEBHOOKS", { ...nothing, info: info() }).reasons.join(),
      /is retained.*first bring it up with deletionPolicy: "delete"/,
    );
    assert.deepEqual(details(previews.protected, "arrakis/COMMANDS"), {
      name: "state only",
      fields: [{ field: "deletionPolicy", from: "retain", to: "delete" }],
      reasons: [],
      notes: [],
    });
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
    assert.match(rowOf(push, { ...nothing, info: info() }).notes.join(), /stays as it is/);
  });

  it("is refused where it may not be, with the provider's own words", () => {
    const row = rowOf(push, { ...nothing, info: info(), refusals: ["exists and has no owner's mark"] });
    assert.deepEqual([row.class, row.reasons], ["refused", ["exists and has no owner's mark"]]);
    assert.deepEqual(verdictOf([row], false).refused, ["irisx/PUSH"]);
  });
});

describe("the plan as it is printed", () => {
  it("has what needs a look first, and a line that counts", () => {
    const rows = inOrder(stackPlan([previews.changes]).changes.map((one) => rowOf(one, nothing)));
    assert.equal(rows[0]!.class, "replace");
    assert.equal(rows.at(-1)!.class, "state only");
    assert.match(
      renderRows(rows),
      /in place +covenant\/COVENANT_USERS\n +maxMsgs: 100,000 -> 200,000\n +maxAge: 7d -> 14d\n/,
    );
    assert.equal(verdictOf([], false).summary, "nothing to change");
    assert.match(verdictOf(rows, true).summary, /not all could be read/);
  });
});
