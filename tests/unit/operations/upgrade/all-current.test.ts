import assert from "node:assert/strict";
import { tenants } from "../../../../tenants";
import { notCurrent } from "../../../../operations/upgrade/all-current";
import type { CheckedEnvironment } from "../../../../operations/settings/checked-environment";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { localEnvironment } from "../../../support/accounts";
import { healthySnapshot } from "../../../support/healthy-snapshot";

const checked = { environment: localEnvironment(), tenants, failovers: {} } as unknown as CheckedEnvironment;

/** What keeps the next servers from being restarted, by name, after a change of a healthy snapshot. */
function failing(change: (snapshot: Snapshot) => void): string[] {
  const snapshot = healthySnapshot(checked);
  change(snapshot);
  return notCurrent(checked, snapshot).map(({ name }) => name);
}

describe("between two regions of an upgrade", () => {
  it("nothing keeps the next servers from being restarted where versions differ, and mirrors lag", () =>
    assert.deepEqual(
      failing(({ servers, streams }) => {
        servers["iad-0"]!.version = "2.15.3";
        Object.assign(streams.arrakis!["ELIGIBILITY-ams"]!.mirror!, { lag: 7 });
      }),
      [],
    ));

  for (const [what, name, change] of [
    ["a server that does not answer", "servers", ({ servers }) => delete servers["ams-1"]],
    ["a lost meta leader", "meta group", (snapshot) => delete snapshot.meta],
    [
      "a replica that is not current",
      "stream arrakis/ELIGIBILITY",
      ({ streams }) => {
        streams.arrakis!.ELIGIBILITY!.cluster!.replicas![0]!.current = false;
      },
    ],
    [
      "a mirror that cannot copy",
      "mirror arrakis/ELIGIBILITY-ams",
      ({ streams }) => {
        streams.arrakis!["ELIGIBILITY-ams"]!.mirror!.error = { description: "no" };
      },
    ],
  ] as [string, string, (snapshot: Snapshot) => void][])
    it(`it waits for ${what}`, () => assert.ok(failing(change).includes(name), failing(change).join()));
});
