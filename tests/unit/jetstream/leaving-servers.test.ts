import assert from "node:assert/strict";
import type { Holdings } from "../../../jetstream/holdings";
import { refusalOfForgetting, refusalOfStopping, shrinkOf } from "../../../jetstream/leaving-servers";
import { held, holdings, meta } from "../../support/holdings";

const staying = ["iad-0", "iad-1", "iad-2"];
const all = [...staying, "iad-3", "iad-4"];
const shrink = shrinkOf("iad", all, staying)!;
const left = (given: Holdings | string) => refusalOfStopping(shrink, given, "npm run drain-servers");

describe("a region with fewer servers than it was deployed with", () => {
  it("loses the highest, named from the highest down; a region that grows or stays loses none", () => {
    assert.deepEqual(shrink.leaving, ["iad-4", "iad-3"]);
    assert.equal(shrinkOf("iad", staying, all), undefined);
    assert.equal(shrinkOf("iad", all, all), undefined);
    assert.equal(shrinkOf("iad", [], staying), undefined, "it has not been deployed");
  });

  it("may lose servers that hold nothing and are not peers, whether they still run or not", () => {
    const drained = { meta: meta([...staying, "ams-0"]) };
    const elsewhere = [held("S", staying), held("T", ["ams-3"])];
    assert.equal(left(holdings(all, elsewhere, { ...drained, withoutJetstream: ["iad-3", "iad-4"] })), undefined);
    assert.equal(left(holdings(staying, elsewhere, drained)), undefined);
  });

  for (const [what, given, line] of [
    [
      "a stream",
      holdings(all, [held("S", ["iad-0", "iad-3"])], { meta: meta(staying) }),
      /^ {2}stream app\/S has a copy on iad-3$/m,
    ],
    [
      "a consumer",
      holdings(all, [held("S", ["iad-4"], { consumer: "d" })], { meta: meta(staying) }),
      /^ {2}consumer app\/S\/d has a copy on iad-4$/m,
    ],
    ["a peer", holdings(all), /^ {2}iad-3, iad-4 still peers of the meta group$/m],
    [
      "what is unknown of a server that stays",
      holdings(["iad-0", "iad-1"], [], { meta: meta(staying) }),
      /^ {2}iad-2 did not answer/m,
    ],
    [
      "what is unknown of a peer that leaves",
      holdings(["iad-0", "iad-1", "iad-2", "iad-3"], [], { meta: meta(all) }),
      /^ {2}iad-4 did not answer/m,
    ],
    ["unknown peers", holdings(all, [], { meta: undefined }), /^ {2}the meta group has no leader/m],
    ["what is unknown of all", "connection refused", /^ {2}no server answers \(connection refused\)$/m],
  ] as const) {
    it(`is refused for ${what}, with what to do`, () => {
      const text = left(given)!;
      assert.match(
        text,
        /^iad was deployed with 5 servers and its settings have 3, but iad-3, iad-4 cannot be stopped yet:\n/,
      );
      assert.match(text, line);
      assert.match(text, /\nNothing was changed\. .*npm run drain-servers \(docs\/runbooks\/remove-servers\.md\)$/);
    });
  }

  it("is refused with ten names and the number of the others", () => {
    const many = Array.from({ length: 12 }, (_, index) => held(`S${index}`, ["iad-3"]));
    assert.match(
      left(holdings(all, many))!,
      /stream app\/S9 has a copy on iad-3\n {2}and 2 more streams and consumers\n/,
    );
  });
});

describe("a region that starts without servers that were stopped with their data", () => {
  it("is refused with what they hold and what to do; not where they hold nothing", () => {
    assert.equal(refusalOfForgetting("iad", staying, {}), undefined);
    const text = refusalOfForgetting("iad", staying, { "iad-3": ["app/S"], "iad-4": ["app/R", "app/S"] })!;
    assert.match(text, /^iad has 3 servers .* iad-3, iad-4, .* stopped with copies of app\/R, app\/S\. Nothing was/);
    assert.match(text, /npm run drain-servers; or, .* delete their folders/);
  });
});
