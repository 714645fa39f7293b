import assert from "node:assert/strict";
import { circleOf, connected, released, rivalsOf, takersFrom } from "../../../jetstream/moves";

describe("streams whose subjects change together", () => {
  it("are those that give and get them, over any number of others; not yet known while one is missing", () => {
    const links = new Map([
      ["A", ["B"]],
      ["B", ["A", "C"]],
      ["C", ["B"]],
      ["D", ["E"]],
    ]);
    assert.deepEqual(connected("A", links)!.sort(), ["A", "B", "C"]);
    assert.equal(connected("D", links), undefined);
  });

  it("get a subject from every stream that captures part of it", () => {
    const declared = { US: ["orders.us.>"], EU: ["orders.eu.>"], MAIL: ["mail.>"] };
    assert.deepEqual(takersFrom({ name: "US", found: ["orders.>"], wanted: ["orders.us.>"] }, declared), ["EU"]);
    assert.deepEqual(takersFrom({ name: "US", found: ["orders.us.>"], wanted: ["orders.us.>"] }, declared), []);
  });

  it("keep between the two steps what no other had, or a parked subject", () => {
    const members = [
      { name: "ORDERS", found: ["orders.>"], wanted: ["orders.us.>"] },
      { name: "EU", found: ["parked.EU.>"], wanted: ["orders.eu.>"] },
      { name: "LEFT", found: ["a"], wanted: ["b", "c"] },
      { name: "RIGHT", found: ["b"], wanted: ["a"] },
    ];
    assert.deepEqual(Object.fromEntries(released(members)), {
      ORDERS: ["orders.us.>"],
      EU: ["parked.EU.>"],
      LEFT: ["c"],
      RIGHT: ["parked.RIGHT.>"],
    });
  });
});

describe("durables of a work queue", () => {
  const found = { first: ["jobs.a"], second: ["jobs.b", "jobs.c"], all: [">"] };

  it("are rivals where their filters overlap", () => {
    assert.deepEqual(rivalsOf("first", ["jobs.*"], found), ["second", "all"]);
    assert.deepEqual(rivalsOf("all", ["jobs.d"], { first: ["jobs.a"] }), []);
  });

  it("cannot exchange filters in a circle; one after another they can", () => {
    const { all: _, ...two } = found;
    assert.deepEqual(circleOf("first", two, { first: ["jobs.b"], second: ["jobs.a"] }), ["first", "second"]);
    assert.equal(circleOf("first", two, { first: ["jobs.b"], second: ["jobs.c"] }), undefined);
  });
});
