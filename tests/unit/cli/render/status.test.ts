import assert from "node:assert/strict";
import { renderStatus } from "../../../../cli/render/status";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { statusOf } from "../../../../operations/supercluster/status";
import { checksOf } from "../../../../operations/verify/checks";
import { localEnvironment } from "../../../support/accounts";

describe("the warning about an environment of two regions", () => {
  it("is in the status and the checks, where it fails nothing", () => {
    const subject = { name: "local", environment: localEnvironment({ regions: ["iad", "ams"] }), tenants: {} };
    const empty: Snapshot = { servers: {}, streams: {} };
    assert.match(renderStatus(statusOf(subject, empty)), /^warning: iad and ams do not survive/m);
    assert.deepEqual(
      checksOf(subject, empty)
        .filter(({ result }) => result === "warning")
        .map(({ name }) => name),
      ["settings"],
    );
    assert.deepEqual(
      checksOf({ ...subject, environment: localEnvironment() }, empty).filter(({ result }) => result === "warning"),
      [],
    );
  });
});
