import assert from "node:assert/strict";
import { dependsOnServers } from "../../../../config/diagnostics";
import { plannable, refusalsIn } from "../../../../operations/deploy/refused-changes";
import type { Row } from "../../../../operations/plan/rows";

const row = (id: string, reasons: string[], change: Partial<Row> = {}): Row => ({
  id,
  what: "stream",
  class: reasons.length ? "refused" : "in place",
  fields: [],
  costs: [],
  notes: [],
  reasons,
  ...change,
});
const refusals = (...changes: Row[]) => refusalsIn([{ stack: "local-jetstream", changes }]);

describe("changes that a deployment refuses before its first stack", () => {
  it("are those of every stack that the plan refuses, each with all its reasons", () => {
    assert.deepEqual(
      refusals(
        row("irisx/SMS", ["is protected", "is copied by SMS-ams; remove them first"]),
        row("irisx/EMAIL", []),
        row("irisx/SMS/worker", ["filters overlap"], { what: "consumer" }),
      ),
      [
        "local-jetstream: stream irisx/SMS: is protected; is copied by SMS-ams; remove them first",
        "local-jetstream: consumer irisx/SMS/worker: filters overlap",
      ],
    );
  });

  it("are not those that only today's servers refuse, because the deployment may bring others first", () => {
    const byServers = `needs API level 4 ${dependsOnServers}`;
    assert.deepEqual(refusals(row("irisx/SMS", [byServers])), []);
    assert.deepEqual(refusals(row("irisx/SMS", [byServers, "maxMsgs: would drop 3 of 5 messages"])).length, 1);
  });

  it("are looked for where streams and servers are deployed: not at first, nor after a stop that kept the data", () => {
    const stacks = { identity: "identity", regions: ["iad", "ams"], jetstream: ["jetstream", "jetstream--team"] };
    const ask = (...deployed: string[]) =>
      plannable(
        stacks,
        new Map([["jetstream--team", "empty"], ...deployed.map((stack) => [stack, "deployed"] as const)]),
      );
    assert.deepEqual(ask(), []);
    assert.deepEqual(ask("identity", "jetstream"), []);
    assert.deepEqual(ask("identity", "iad", "jetstream"), ["jetstream"]);
    assert.deepEqual(ask("iad", "ams", "jetstream", "jetstream--team"), ["jetstream", "jetstream--team"]);
  });
});
