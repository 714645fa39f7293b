import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, parseDocument } from "yaml";
import { environments, type LocalEnvironment } from "../../config/schema/settings";
import { serversOf } from "../../config/topology";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import { engineMs, waitMs } from "../support/limits";
import { claimPorts } from "../support/ports";
import { copyProject } from "../support/project-copy";

/** The environment `six` of Pulumi.yaml with its stack files, as a person starts it; only its ports are others. */
describe("six regions of three servers", function () {
  this.timeout(engineMs);
  const copy = copyProject();
  const file = path.join(copy.folder, "Pulumi.yaml");
  const all = ["config", "environments", "default"];
  const cli = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["-r", "./tools/runtime.cjs", "cli/index.ts", ...args, "--env", "six"],
      { cwd: copy.folder, env: copy.env, encoding: "utf8" },
    );
    return { status, text: stdout + stderr };
  };
  const six = (): LocalEnvironment => {
    const { config } = parse(fs.readFileSync(file, "utf8")) as { config: { environments: { default: unknown } } };
    return environments.parse(config.environments.default).six as LocalEnvironment;
  };

  before(async () => {
    const project = parseDocument(fs.readFileSync(file, "utf8"));
    // Those that stand there are a person's, and may be in use.
    project.setIn([...all, "local", "basePort"], six().basePort);
    project.setIn([...all, "six", "basePort"], await claimPorts());
    fs.writeFileSync(file, String(project));
  });
  after(() => {
    const { status, text } = cli("stop");
    copy.remove();
    assert.equal(status, 0, text);
  });

  it("are one supercluster with every stream and durable, and a message crosses regions in each account", async () => {
    const before = fs.readdirSync(copy.folder).filter((name) => name.startsWith("Pulumi."));
    const contents = before.map((name) => fs.readFileSync(path.join(copy.folder, name), "utf8"));
    const { status, text } = cli("start");
    assert.equal(status, 0, text);
    assert.match(text, /gateways out +ok +every server to 5 other regions/);
    const servers = six().regions.flatMap((region) => serversOf(six(), region));
    assert.equal(servers.length, 18);
    for (const { name, monitor } of servers) {
      const meta = async () => {
        const { meta_cluster: group } = (await (await fetch(`${monitor}/jsz`)).json()) as {
          meta_cluster: { cluster_size: number; leader?: string };
        };
        return [group.cluster_size, group.leader !== undefined];
      };
      // Under load the meta group may elect a leader at any moment.
      const found = await snapshotUntil(meta, (one) => isDeepStrictEqual(one, [18, true]), waitMs);
      assert.deepEqual(found, [18, true], name);
    }
    const after = before.map((name) => fs.readFileSync(path.join(copy.folder, name), "utf8"));
    assert.deepEqual(after, contents, "Pulumi leaves the files of stacks as they are");
  });

  it("have nothing to change when they are started again", () => {
    const { status, text } = cli("start");
    assert.equal(status, 0, text);
    assert.match(text, /\d+ unchanged/);
    assert.doesNotMatch(text, /[1-9]\d* (created|updated|replaced|deleted)/);
  });
});
