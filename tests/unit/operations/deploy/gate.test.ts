import assert from "node:assert/strict";
import { Failure } from "../../../../engine/failure";
import { Gate } from "../../../../operations/deploy/gate";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { healthySnapshot } from "../../../support/healthy-snapshot";

describe("the gate between two regions", () => {
  const checked = checkedEnvironment("production");
  const without = (server: string): Snapshot => {
    const snapshot = healthySnapshot(checked);
    delete snapshot.servers[server];
    return snapshot;
  };
  /** Observes one snapshot after another; the last again and again. */
  const observing = (...snapshots: Snapshot[]) => {
    let count = 0;
    const next = () => snapshots[Math.min(count++, snapshots.length - 1)]!;
    return () =>
      Promise.resolve((isGood: (snapshot: Snapshot) => boolean) => {
        let snapshot = next();
        for (let tries = 0; tries < 3 && !isGood(snapshot); tries++) snapshot = next();
        return Promise.resolve(snapshot);
      });
  };
  const healthy = healthySnapshot(checked);

  it("is passed once all is as healthy as before, also where that takes a while", async () => {
    const gate = await Gate.open(checked, observing(healthy, without("iad-1"), healthy));
    await gate.pass("iad");
  });

  it("does not wait for what was not healthy before", async () => {
    const gate = await Gate.open(checked, observing(without("ams-2")));
    await gate.pass("iad");
  });

  it("does not wait for servers that the settings no longer have", async () => {
    const before = healthySnapshot(checked);
    before.servers["iad-3"] = before.servers["iad-0"]!;
    const gate = await Gate.open(checked, observing(before, healthy));
    await gate.pass("iad");
  });

  it("stops the deployment where it stays worse, with what is worse and how to go on", async () => {
    const gate = await Gate.open(checked, observing(healthy, without("iad-1")));
    await assert.rejects(gate.pass("iad"), (error: Error) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /^iad was deployed, but after 5 min .* no other region was changed:$/m);
      assert.match(error.message, /^ {2}iad-1 does not answer$/m);
      assert.match(error.message, /^See: npm run status -- --env production\. .*it continues from here\.$/m);
      return true;
    });
  });

  it("is open where no server answers at the start", async () => {
    const lines: string[] = [];
    const { write } = process.stderr;
    process.stderr.write = (line: string | Uint8Array) => lines.push(String(line)) > 0;
    try {
      const gate = await Gate.open(checked, () => Promise.reject(new Error("connection refused\ndetails")));
      await gate.pass("iad");
    } finally {
      process.stderr.write = write;
    }
    assert.match(lines.join(""), /^no server answers \(connection refused\): regions are deployed one after another/);
  });
});
