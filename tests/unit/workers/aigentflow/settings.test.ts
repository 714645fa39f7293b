import assert from "node:assert/strict";
import { retentionSettings } from "../../../../workers/aigentflow/settings";
import { workers } from "../../../../workers/aigentflow/workers";
import { readSettings } from "../../../../workers/messaging";
import { aigentflow } from "../../../../tenants/aigentflow";

describe("settings of aigentflow", () => {
  it("ids of events are kept for 7 days, or as long as is said, but for an hour", () => {
    assert.equal(readSettings(retentionSettings, {}), 7 * 24 * 3_600_000);
    assert.equal(readSettings(retentionSettings, { EVENT_ID_RETENTION: "2h" }), 2 * 3_600_000);
    for (const value of ["59m", "soon", "-1"])
      assert.throws(
        () => readSettings(retentionSettings, { EVENT_ID_RETENTION: value }),
        new RegExp(`EVENT_ID_RETENTION "${value}": expected`),
      );
  });

  it("there is a worker for each durable of the tenant, which runs it", () => {
    const names = Object.keys(aigentflow.consumers).sort();
    assert.deepEqual(Object.keys(workers).sort(), names);
    const { "dead-letters": _, ...own } = aigentflow.workers!;
    assert.deepEqual(Object.keys(own).sort(), names);
  });
});
