import assert from "node:assert/strict";
import { withEntry } from "../../../../operations/settings/stack-setting";

describe("an entry of a setting in a stack's file", () => {
  it("is written into a stack's file, and taken out again, with all else as it was", () => {
    const text =
      "config:\n  supercluster:stack: {environment: local, kind: jetstream}\n# by hand\nencryptionsalt: v1\n";
    const place: [string, string, string] = ["config", "supercluster:failover", "arrakis/ELIGIBILITY"];
    const declared = withEntry(text, place, { to: "ams", consumers: { "sync-worker": 7 } });
    assert.match(
      declared,
      /supercluster:failover:\n {4}arrakis\/ELIGIBILITY:\n {6}to: ams\n {6}consumers:\n {8}sync-worker: 7\n/,
    );
    assert.equal(withEntry(declared, place, undefined), text);
    assert.equal(withEntry(text, place, undefined), text);
  });
});
