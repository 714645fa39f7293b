import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { BadUsage } from "../../../../engine/failure";
import { refuseDroppedOwners } from "../../../../operations/deploy/dropped-accounts";
import type { CheckedEnvironment } from "../../../../operations/settings/checked-environment";
import { localEnvironment } from "../../../support/accounts";
import { ownCache } from "../../../support/own-cache";

describe("accounts that are taken out of a local environment", () => {
  const cache = ownCache();
  /** The state of the jetstream stack, with what its accounts own. */
  beforeEach(() => {
    const folder = path.join(cache(), "state", ".pulumi", "stacks", "supercluster");
    mkdirSync(folder, { recursive: true });
    const outputs = { accounts: { irisx: { streams: ["SMS"] }, covenant: { streams: ["ALERTS"] } } };
    const resources = [{ type: "pulumi:pulumi:Stack", outputs }];
    writeFileSync(path.join(folder, "local-jetstream.json"), JSON.stringify({ checkpoint: { latest: { resources } } }));
  });
  const refuse = (accounts: string[], change: object = {}) =>
    refuseDroppedOwners({
      project: { name: "supercluster" },
      stacks: { jetstream: ["local-jetstream"] },
      environment: { ...localEnvironment(), jetstream: { jetstream: accounts }, ...change },
    } as unknown as CheckedEnvironment);

  it("are refused while they own a stream, with its name", () =>
    assert.throws(
      () => refuse(["irisx"]),
      (error) => error instanceof BadUsage && /covenant.*ALERTS/.test(error.message),
    ));

  it("are not refused where all are declared still, or the stack is not deployed", () => {
    refuse(["irisx", "covenant"]);
    refuse([], { target: "kubernetes" });
  });
});
