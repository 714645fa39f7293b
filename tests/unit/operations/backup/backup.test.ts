import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { BadUsage, Failure } from "../../../../engine/failure";
import { backupStream, restoreStream } from "../../../../operations/backup/backup";
import type { CheckedEnvironment } from "../../../../operations/settings/checked-environment";
import { localEnvironment } from "../../../support/accounts";
import { ownCache } from "../../../support/own-cache";

describe("a backup", () => {
  ownCache();
  const checked = {
    name: "local",
    project: { name: "supercluster" },
    environment: localEnvironment({ regions: ["iad"], servers: 1 }),
    stacks: { identity: "local-identity", regions: ["local-iad"], jetstream: ["local-jetstream"] },
  } as CheckedEnvironment;
  const folder = mkdtempSync(path.join(tmpdir(), "backup-"));
  after(() => rmSync(folder, { recursive: true }));

  it("is of an environment that is deployed: else it says how to deploy it", () =>
    assert.rejects(
      backupStream(checked, { account: "irisx", stream: "SMS" }, folder),
      (error) => error instanceof Failure && /^environment local is not deployed.*npm start$/.test(error.message),
    ));

  for (const [what, content, reason] of [
    ["is not there", undefined, /ENOENT/],
    ["holds something else", "no JSON", /JSON/],
  ] as const) {
    it(`is not restored from a folder whose snapshot ${what}, and no server is asked`, () => {
      if (content) writeFileSync(path.join(folder, "backup.json"), content);
      return assert.rejects(restoreStream(checked, "irisx", folder), (error) => {
        assert.ok(error instanceof BadUsage, String(error));
        assert.match(error.message, /does not hold a snapshot .*; pass the folder that backup printed$/s);
        assert.match(error.message, reason);
        return true;
      });
    });
  }
});
