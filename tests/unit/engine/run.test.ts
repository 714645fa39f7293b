import assert from "node:assert/strict";
import { commandLine, diagnosticsOf } from "../../../engine/run";

describe("what a run reports", () => {
  const lines = ["Previewing update", "", ...Array.from({ length: 12 }, (_, index) => `line ${index}`), "  "];

  it("is what the engine reported, where it reported anything", () =>
    assert.equal(
      diagnosticsOf({ diagnostics: "  nats:Stream (A):\n    error: no" }, lines),
      "  nats:Stream (A):\n    error: no",
    ));

  it("is the last ten lines of output that are not empty, where the engine reported no event", () =>
    assert.equal(
      diagnosticsOf({ diagnostics: "" }, lines),
      Array.from({ length: 10 }, (_, index) => `line ${index + 2}`).join("\n"),
    ));

  it("is all of a shorter output, and nothing where there is none", () => {
    assert.equal(diagnosticsOf({ diagnostics: "" }, ["error: no stack selected"]), "error: no stack selected");
    assert.equal(diagnosticsOf({ diagnostics: "" }, []), "");
  });
});

describe("the command line of a run", () => {
  it("is what an operator would type, without the flags of the event log", () =>
    assert.equal(commandLine({ args: ["up", "--stack", "local-iad"] }), "pulumi up --stack local-iad"));
});
