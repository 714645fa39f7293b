import assert from "node:assert/strict";
import { isRenamedAway, transformMistake } from "../../../config/subject-transform";

describe("a subject transform", () => {
  const right: [string | undefined, string][] = [
    [undefined, "copy.>"],
    ["a.*.*", "b.{{wildcard(2)}}.$1"],
    ["a.*", "b.{{Partition( 5, 1 )}}.x"],
    ["a", "b.{{random(3)}}.{{partition(3)}}"],
    ["a.*.>", "b.{{split(1,-)}}.{{SliceFromLeft(1,2)}}.>"],
    ["a", "$b"],
  ];
  for (const [source, destination] of right)
    it(`may make ${destination} of ${source}`, () => assert.equal(transformMistake(source, destination), undefined));

  const wrong: [string | undefined, string, string][] = [
    ["a.*", "b.*", 'has "*"'],
    ["a.>", "b", "does not fit its source (a.>)"],
    ["a.*", "b..c", "is not a subject"],
    ["a.*", "b.$2", 'has $2, and its source has 1 "*"'],
    ["a", "b.{{wildcard(1)}}", 'has {{wildcard(1)}}, and its source has no "*"'],
    ["a.*", "b.{{shout(1)}}", "has {{shout(1)}}, which is not a function"],
    ["a.*", "b.{{wildcard(1)}}x", "has {{wildcard(1)}}x, which is not a function"],
    ["a.*", "b.{{left(1)}}", "has {{left(1)}}"],
    ["a.*", "b.{{wildcard(one)}}", "has {{wildcard(one)}}"],
  ];
  for (const [source, destination, found] of wrong)
    it(`cannot make ${destination} of ${source}`, () =>
      assert.ok(transformMistake(source, destination)?.found.startsWith(found)));
});

describe("a filter on a stream that renames its messages", () => {
  const orders = { subjects: ["orders.>"], subjectTransform: { src: "orders.*", dest: "new.{{wildcard(1)}}" } };

  it("is left behind where all that it matches is renamed, to what it does not match", () => {
    assert.ok(isRenamedAway(orders, "orders.paid"));
    assert.ok(isRenamedAway(orders, "orders.*"));
    assert.ok(isRenamedAway({ ...orders, subjectTransform: { dest: "all.>" } }, "orders.eu.>"));
    assert.ok(isRenamedAway({ ...orders, sources: ["RETURNS"], subjectTransform: { dest: "all.>" } }, "returns.a"));
  });

  it("is not where something is left under its name, or comes under it", () => {
    assert.ok(!isRenamedAway(orders, "orders.>"), "orders.eu.paid stays");
    assert.ok(!isRenamedAway(orders, "orders.eu.paid"));
    assert.ok(!isRenamedAway(orders, "new.paid"));
    assert.ok(!isRenamedAway(orders, ">"));
    assert.ok(!isRenamedAway({ ...orders, sources: ["RETURNS"] }, "returns.a"));
    assert.ok(!isRenamedAway({ subjects: ["orders.>"] }, "orders.paid"));
  });
});
