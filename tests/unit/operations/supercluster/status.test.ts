import assert from "node:assert/strict";
import { renderStatus } from "../../../../cli/render/status";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { statusOf } from "../../../../operations/supercluster/status";
import { healthySnapshot } from "../../../support/healthy-snapshot";

describe("the status", () => {
  it("counts streams, buckets and mirrors, those of dead letters too, canaries apart, and what is missing", () => {
    const checked = checkedEnvironment("local");
    const snapshot = healthySnapshot(checked);
    delete snapshot.streams.arrakis!.INTERNAL;
    const status = statusOf(checked, snapshot);
    const text = renderStatus(status);
    assert.equal(status.streams.filter(({ mirrorOf, name }) => !mirrorOf && name !== "CANARY").length, 14 + 2 + 4 * 3);
    assert.match(text, /local: meta leader iad-0, 9\/9 peers current/);
    assert.match(text, /iad +tls:\/\/127\.0\.0\.1:14220 \(\+2\) +3\/3 +3 +0 +2\.14\.9/);
    assert.match(text, /COVENANT_USERS +iad +iad-0 +3\/3 +3 +0 % +3 +ams \(0\), syd \(0\)/);
    assert.match(text, /KV_profiles +iad +iad-0 +3\/3 +3 +0 % +0 +ams \(0\), syd \(0\)/);
    assert.match(text, /DEAD_LETTERS +iad +iad-0 +3\/3/);
    assert.match(text, /INTERNAL +iad +0\/3 +no leader/);
    assert.ok(!text.includes("CANARY"));
  });
});
