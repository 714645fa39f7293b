import * as assert from "node:assert/strict";
import { policyOf } from "../../policies/rule";
import { streamIsBounded } from "../../policies/rules/stream-is-bounded";
import { violationsOf } from "../support/policies";

const bounded = { account: "covenant", name: "COVENANT_USERS", region: "iad", maxAge: "7d", maxBytes: "1GiB", maxMsgs: 10 };
const without = (...limits: string[]) => Object.fromEntries(Object.entries(bounded).filter(([key]) => !limits.includes(key)));
const check = (inputs: Record<string, unknown>, type = "pulumi-nodejs:dynamic/nats:Stream") =>
  violationsOf(policyOf(streamIsBounded), { type, name: "covenant-COVENANT_USERS", inputs });

describe("stream-is-bounded", () => {
  for (const [limit, others] of [
    ["maxAge", ["maxBytes", "maxMsgs"]],
    ["maxBytes", ["maxAge", "maxMsgs"]],
    ["maxMsgs", ["maxAge", "maxBytes"]],
  ] as const) {
    it(`is content with ${limit} alone`, () => {
      assert.deepEqual(check(without(...others)), []);
    });
  }

  it("reports a stream without any limit, and says which and what to do", () => {
    assert.deepEqual(check(without("maxAge", "maxBytes", "maxMsgs")), [
      "stream COVENANT_USERS of account covenant has no limit and grows until its servers' disks are full. Give it maxAge, maxBytes or maxMsgs in its tenant's file",
    ]);
  });

  it("takes 0 and -1, which mean no limit, for none", () => {
    assert.equal(check({ ...bounded, maxAge: "0s", maxBytes: "0GiB", maxMsgs: -1 }).length, 1);
  });

  it("says nothing about resources of other types", () => {
    assert.deepEqual(check({}, "pulumi-nodejs:dynamic/nats:Consumer"), []);
  });
});
