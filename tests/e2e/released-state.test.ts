import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { engineMs } from "../support/limits";
import { projectFolder } from "../support/project-copy";
import { Regions } from "../support/regions";

/**
 * The state of an environment that the last release deployed, as its backend keeps it. `UPDATE_RELEASED_STATE=1`
 * deploys one and writes it: once a release (CONTRIBUTING.md).
 */
const released = path.join(projectFolder, "tests", "e2e", "released-state");
const isToWrite = process.env.UPDATE_RELEASED_STATE === "1";
const stacks = ["local-identity", "local-iad", "local-jetstream"];

/** Addresses are part of the state. Nothing listens there, except while it is written. */
const basePort = 14_920;

describe("an environment that the last release deployed", function () {
  this.timeout(engineMs);
  let regions: Regions;
  const stateOf = (stack: string) =>
    path.join(regions.deployment.copy.cache, "state", ".pulumi", "stacks", "supercluster", `${stack}.json`);
  before(async () => {
    regions = await Regions.prepare(["irisx", "covenant"], { regions: ["iad"], servers: 3 });
    regions.deployment.set({ basePort });
    if (isToWrite) regions.deployment.succeeds("start");
    for (const stack of stacks) {
      const kept = path.join(released, `${stack}.json`);
      if (isToWrite) fs.copyFileSync(stateOf(stack), kept);
      fs.mkdirSync(path.dirname(stateOf(stack)), { recursive: true, mode: 0o700 });
      fs.writeFileSync(stateOf(stack), unexpired(fs.readFileSync(kept, "utf8")), { mode: 0o600 });
    }
  });
  after(() => regions?.remove());

  for (const stack of stacks)
    it(`has nothing recreated or deleted in ${stack} by this program`, () => {
      const preview = JSON.parse(regions.deployment.pulumi("preview", "--stack", stack, "--json", "--show-sames")) as {
        steps: { op: string; urn: string; replaceReasons?: string[] | null }[];
      };
      const steps = preview.steps.map(({ op, urn, replaceReasons }) => ({ op, urn, replaceReasons }));
      const seen = new Set(steps.map(({ urn }) => urn));
      assert.deepEqual(
        urnsOf(fs.readFileSync(stateOf(stack), "utf8")).filter((urn) => !seen.has(urn)),
        [],
        "each resource of the state is still declared, or known by an alias",
      );
      assert.deepEqual(
        steps.filter(({ op }) => /replace|delete/.test(op)),
        [],
        "an upgrade would lose it: give it an alias, or keep what forces a replacement",
      );
    });
});

/** Of resources; providers are shown only where they change. */
const urnsOf = (state: string): string[] =>
  (JSON.parse(state) as { checkpoint: { latest: { resources: { urn: string }[] } } }).checkpoint.latest.resources
    .map(({ urn }) => urn)
    .filter((urn) => !urn.includes("::pulumi:providers:"));

/** With certificates that are as valid as when it was written: the time since then is not a change of this program. */
const unexpired = (state: string): string =>
  state.replace(/("validityEndTime": *)"[^"]+"/g, `$1"${new Date(Date.now() + 365 * 86_400_000).toISOString()}"`);
