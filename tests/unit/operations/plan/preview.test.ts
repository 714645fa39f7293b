import assert from "node:assert/strict";
import { type Preview, refusedUrns, stackPlan } from "../../../../operations/plan/preview";
import { change, cost, details, info, nothing, previews } from "../../../support/plans";

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
      notes: ["does not exist on the servers: it was deleted outside this program"],
    });
    assert.deepEqual(details(previews.changes, "irisx/PUSH").notes, []);
  });

  it("tells the step that this up makes of a limit that is lowered step by step", () => {
    const { fields, notes } = change(previews.changes, "covenant/COVENANT_PROJECTS");
    assert.deepEqual(fields, [{ field: "maxMsgs", from: 1_000_000, to: 900_000 }]);
    assert.deepEqual(notes, ["maxMsgs is lowered to 500000 in steps, one per up"]);
  });

  it("lists the durables of a stream that is recreated", () => {
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
      notes: ["is recreated with its stream"],
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
