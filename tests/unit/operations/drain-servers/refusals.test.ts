import assert from "node:assert/strict";
import type { Holdings } from "../../../../jetstream/holdings";
import { refusalsOf } from "../../../../operations/drain-servers/refusals";
import { held, holdings, meta } from "../../../support/holdings";

const staying = ["iad-0", "iad-1", "iad-2"];
const leaving = ["iad-4", "iad-3"];
const all = [...staying, "iad-3", "iad-4"];
const refusals = (given: Holdings, shrink = { region: "iad", staying, leaving }) =>
  refusalsOf({ ...shrink, holdings: given });

describe("draining servers", () => {
  it("is not refused while all servers are current, nor when it has been done", () => {
    assert.deepEqual(refusals(holdings(all, [held("A", ["iad-0", "iad-3", "iad-4"])])), []);
    assert.deepEqual(refusals(holdings(all, [], { meta: meta(staying), withoutJetstream: leaving })), []);
    assert.deepEqual(refusals(holdings(staying)), []);
  });

  for (const [what, given, line] of [
    ["without a meta leader", holdings(all, [], { meta: undefined }), /^the meta group has no leader, and only/],
    [
      "where a server that stays does not answer",
      holdings(all, [], { answered: all.slice(1) }),
      /^iad-0 must take over, but did not answer/,
    ],
    ["where a server that stays is behind", holdings(all, [], { meta: meta(all, ["iad-1"]) }), /^iad-1 must take over/],
    [
      "where a server that stays has no JetStream",
      holdings(all, [], { withoutJetstream: ["iad-2"] }),
      /^iad-2 must take over/,
    ],
    [
      "where a peer that leaves does not answer",
      holdings(all, [], { answered: all.slice(0, 4) }),
      /^iad-4 did not answer, and may have the only copy of a stream; start it first, with an empty disk/,
    ],
    [
      "where a stream has more replicas than servers stay",
      holdings(all, [held("A", all), held("A", all, { consumer: "d" })]),
      /^this has more replicas than the 3 remaining servers; lower .*:\n {4}stream app\/A has 5$/,
    ],
  ] as const) {
    it(`is refused ${what}`, () => {
      const found = refusals(given);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0]!, line);
    });
  }

  it("is refused where the rest of the meta group has no majority", () => {
    const peers = ["iad-0", "iad-1", "iad-2", "ams-0", "ams-1", "ams-2"];
    const given = holdings(peers, [], { meta: meta(peers, ["ams-0", "ams-1", "ams-2"]) });
    const found = refusals(given, { region: "iad", staying: ["iad-0"], leaving: ["iad-2", "iad-1"] });
    assert.equal(found.length, 1);
    assert.match(found[0]!, /^the meta group would lose its majority: 4 servers would remain, 1 current$/);
  });
});
