import assert from "node:assert/strict";
import { type EngineEvent, isFinished, notesOf, outcomeOf } from "../../../engine/events";

const urn = "urn:pulumi:local-iad::tiny::pulumi-nodejs:dynamic/tiny:R::r0";
const diagnostic = (severity: string, message: string, beside: object = {}): EngineEvent => ({
  diagnosticEvent: { severity, message, urn, ...beside },
});
const summary = (resourceChanges: Record<string, number>): EngineEvent => ({ summaryEvent: { resourceChanges } });
const outputs = (op: string): EngineEvent => ({ resOutputsEvent: { metadata: { op, urn, new: null } } });

describe("the events of a run", () => {
  it("give its counts", () => {
    assert.equal(outcomeOf([summary({ same: 4, update: 1, create: 2 })]).summary, "2 created, 1 updated, 4 unchanged");
    assert.deepEqual(outcomeOf([summary({ same: 4 })]), { summary: "4 unchanged", isUnchanged: true, diagnostics: "" });
    assert.ok(!outcomeOf([summary({ same: 4, delete: 1 })]).isUnchanged);
    assert.deepEqual(outcomeOf([]), { summary: "nothing to do", isUnchanged: false, diagnostics: "" });
  });

  it("is not unchanged where only an output of the stack changes, as a region's CA does", () => {
    const outputs = (old: object, changed: object) => ({
      resOutputsEvent: {
        metadata: {
          ...{ op: "same", urn: "urn:pulumi:iad::supercluster::pulumi:pulumi:Stack::supercluster-iad" },
          ...{ old: { outputs: old }, new: { outputs: changed } },
        },
      },
    });
    const isUnchanged = (...events: Parameters<typeof outcomeOf>[0]) =>
      outcomeOf([...events, summary({ same: 4 })]).isUnchanged;
    const one = { ca: "one", region: { servers: ["iad-0"] } };
    assert.ok(isUnchanged(outputs(one, { ...one })));
    // The engine reports the stack when it begins, too.
    assert.ok(!isUnchanged(outputs(one, one), outputs(one, { ...one, ca: "one and two" })));
    assert.ok(!isUnchanged(outputs({}, one)));
  });

  it("give the diagnostics of a failure by resource, each once, without what is shown only for a moment", () => {
    const { diagnostics } = outcomeOf([
      diagnostic("error", "error: port 14220 is taken by process 12\n"),
      diagnostic("error", "port 14220 is taken by process 12\n"),
      diagnostic("info", "creating", { ephemeral: true }),
      diagnostic("debug", "secret"),
      { diagnosticEvent: { severity: "error", message: "error: update failed\n" } },
    ]);
    assert.equal(
      diagnostics,
      "  pulumi-nodejs:dynamic/tiny:R (r0):\n    error: port 14220 is taken by process 12\n    error: update failed",
    );
  });

  it("give warnings and what providers print, in their order, each once, without where a plugin was found", () => {
    assert.deepEqual(
      notesOf([
        diagnostic("info#err", "iad-0: restarting\n"),
        diagnostic("warning", "warning: limits stay higher\nthan needed\n"),
        diagnostic("info#err", "iad-0: restarting"),
        diagnostic("warning", "using pulumi-resource-tls from $PATH at /x"),
        diagnostic("info#err", "\n"),
        diagnostic("warning", "for a moment", { ephemeral: true }),
        diagnostic("error", "failed"),
        diagnostic("debug", "secret"),
      ]),
      ["iad-0: restarting", "warning: limits stay higher\nthan needed"],
    );
  });

  it("tell when a resource is done", () => {
    assert.deepEqual(
      ["create", "update", "delete", "refresh", "create-replacement"].map(outputs).filter(isFinished).length,
      5,
    );
    assert.ok(!isFinished(outputs("same")));
    assert.ok(!isFinished({ resourcePreEvent: { metadata: { op: "create", urn } } }));
  });
});
