import assert from "node:assert/strict";
import { missingText } from "../../../../operations/failover/describe";
import type { StreamSummary } from "../../../../operations/failover/steps";

const upTo = (lastSeq: number): StreamSummary => ({ isMirror: false, sources: [], messages: 1, firstSeq: 1, lastSeq });
const names = { name: "S", region: "iad", mirror: "S-ams" };

describe("what a mirror may lack before a failover", () => {
  it("is unknown while the stream's region does not answer", () =>
    assert.match(missingText(names, "unreachable", upTo(5)), /stored after that sequence are not in S-ams/));

  it("is still to be copied while it does", () =>
    assert.match(missingText(names, upTo(7), upTo(5)), /^2 messages of S still to be copied/));

  it("is nothing where both end alike", () =>
    assert.equal(missingText(names, upTo(5), upTo(5)), "nothing of S is missing in S-ams"));
});
