import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { existingStacks } from "../../../engine/existing-stacks";
import type { DeployableEnvironment } from "../../../engine/project";
import { localEnvironment } from "../../support/accounts";
import { ownCache } from "../../support/own-cache";

describe("the stacks of a local environment that exist", () => {
  const cache = ownCache();

  it("are read from the files of its backend: which there are, and which have resources", async () => {
    const folder = path.join(cache(), "state", ".pulumi", "stacks", "supercluster");
    mkdirSync(folder, { recursive: true });
    const save = (stack: string, resources: object[]) =>
      writeFileSync(path.join(folder, `${stack}.json`), JSON.stringify({ checkpoint: { latest: { resources } } }));
    save("local-identity", [{ type: "pulumi:pulumi:Stack" }]);
    save("local-iad", []);
    save("staging-iad", [{}]);
    const found = await existingStacks({
      project: { name: "supercluster" },
      environment: localEnvironment(),
      stacks: { identity: "local-identity", regions: ["local-iad", "local-ams"], jetstream: ["local-jetstream"] },
    } as unknown as DeployableEnvironment);
    assert.deepEqual(
      [...found],
      [
        ["local-identity", "deployed"],
        ["local-iad", "empty"],
      ],
    );
  });
});
