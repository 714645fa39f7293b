import assert from "node:assert/strict";
import { lostWithMirror, missingAtHome } from "../../../../operations/failover/loss-check";

describe("messages that would be lost with the mirror", () => {
  for (const [what, counts, lost] of [
    ["none where all came back", { own: 12, returned: 12, missing: 0, older: 0 }, 0],
    ["none where some came back twice", { own: 12, returned: 13, missing: 0, older: 0 }, 0],
    ["those that did not come back", { own: 12, returned: 10, missing: 0, older: 0 }, 2],
    ["those of the last moments that did not", { own: 12, returned: 13, missing: 3, older: 0 }, 3],
    ["those that are older than what the stream keeps", { own: 12, returned: 13, missing: 0, older: 5 }, 5],
  ] as const) {
    it(`are ${what}`, () => assert.equal(lostWithMirror(counts), lost));
  }
});

describe("messages of the last moments of a failback", () => {
  const mirror = [{ seq: 7, id: "a" }, { seq: 8, id: "b" }, { seq: 9 }];

  it("are at home by the sequence that they had, or by the id under which they were published there again", () =>
    assert.deepEqual(
      missingAtHome(mirror, [
        { seq: 20, origin: 7, id: "a" },
        { seq: 21, id: "b" },
        { seq: 22, origin: 9 },
      ]),
      [],
    ));

  it("are missing otherwise: one without an id is no other one without", () =>
    assert.deepEqual(
      missingAtHome(mirror, [{ seq: 20, origin: 7 }, { seq: 21 }]).map(({ seq }) => seq),
      [8, 9],
    ));
});
