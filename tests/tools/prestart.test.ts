import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_TOOLS, describeTool, projectFolder, TEST_TOOLS } from "../../tools/pins.mjs";
import { checkNode, ensurePackages } from "../../tools/prestart.mjs";
import { readToolchain } from "../../tools/toolchain.mjs";
import { pretendInstalled, recordingLog, temporaryFolder, writeScript } from "./support";

const other = process.platform === "linux" ? "darwin" : "linux";
const packages = (version: string) => ({
  "node_modules/a": { version, integrity: "sha512-a" },
  "node_modules/elsewhere": { version: "1.0.0", integrity: "sha512-b", optional: true, os: [other] },
  // Needed by the one before only.
  "node_modules/helper-of-elsewhere": { version: "1.0.0", integrity: "sha512-c", optional: true },
  // A workspace, as npm writes one.
  "node_modules/workspace": { resolved: "tools/workspace", link: true },
  "tools/workspace": { name: "workspace", version: "0.1.0" },
});

describe("tools: prestart", () => {
  const folder = temporaryFolder();

  function fresh(version = "1.0.0") {
    const project = mkdtempSync(join(folder, "project-"));
    const lock = { packages: { "": { version: "0.0.0" }, ...packages(version) } };
    writeFileSync(join(project, "package-lock.json"), JSON.stringify(lock));
    const log = recordingLog();
    let runs = 0;
    const npmCi = () => {
      runs++;
      mkdirSync(join(project, "node_modules", "a"), { recursive: true });
    };
    const ensure = () => ensurePackages({ project, cache: join(project, ".cache"), log, npmCi });
    return { project, log, ensure, runs: () => runs };
  }

  /** What npm itself notes of an installation by hand. */
  function installByHand(project: string, version: string) {
    mkdirSync(join(project, "node_modules", "a"), { recursive: true });
    const there = { "node_modules/a": packages(version)["node_modules/a"] };
    writeFileSync(join(project, "node_modules", ".package-lock.json"), JSON.stringify({ packages: there }));
  }

  it("installs once, says so before, and again when package-lock.json has changed", async () => {
    const { project, log, ensure, runs } = fresh();
    await ensure();
    await ensure();
    assert.equal(runs(), 1);
    assert.deepEqual(log.lines, ["npm packages: installing what package-lock.json lists (a minute or less)"]);
    writeFileSync(
      join(project, "package-lock.json"),
      readFileSync(join(project, "package-lock.json"), "utf8").replace("1.0.0", "2.0.0"),
    );
    await ensure();
    assert.equal(runs(), 2);
  });

  it("leaves alone what npm installed by hand from the same lock file", async () => {
    const { project, ensure, runs } = fresh();
    installByHand(project, "1.0.0");
    await ensure();
    assert.equal(runs(), 0);
  });

  it("installs over an older installation", async () => {
    const { project, ensure, runs } = fresh("2.0.0");
    installByHand(project, "1.0.0");
    await ensure();
    assert.equal(runs(), 1);
  });

  it("installs where packages are those of another machine", async () => {
    const { project, ensure, runs } = fresh();
    const file = join(project, "package-lock.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(`"${other}"`, `"${process.platform}"`));
    installByHand(project, "1.0.0");
    await ensure();
    assert.equal(runs(), 1);
  });

  it("asks for Node.js 22 only where neither npm nor the machine has it", () => {
    const { project } = fresh();
    checkNode({ project, version: "22.1.0" });
    assert.throws(
      () => checkNode({ project, version: "20.19.0" }),
      /Node\.js 22 or later is needed, this is 20\.19\.0.*https:\/\/nodejs\.org/s,
    );
    writeScript(join(project, "node_modules", ".bin", "node"), "true");
    checkNode({ project, version: "20.19.0" });
  });

  it("installs what only tests need before tests, and not before a start", () => {
    const cache = mkdtempSync(join(folder, "cache-"));
    const bin = join(cache, "path");
    pretendInstalled(cache, DEFAULT_TOOLS);
    for (const { pin, executables } of TEST_TOOLS.map(describeTool))
      for (const name of executables) writeScript(join(bin, name), `echo ${pin}`);
    const { scripts } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const installed = (script: string) => {
      const env = { ...process.env, SUPERCLUSTER_CACHE: cache, PATH: bin };
      execFileSync(process.execPath, scripts[script]!.split(" ").slice(1), {
        cwd: projectFolder,
        env,
        stdio: "ignore",
      });
      return TEST_TOOLS.flatMap((tool) => describeTool(tool).executables).filter(
        (name) => name in readToolchain(cache),
      );
    };
    assert.deepEqual(installed("prestart"), []);
    assert.deepEqual(installed("pretest"), [
      "nats-server-previous",
      "nats-server-oldest",
      "toxiproxy-server",
      "promtool",
      "prometheus",
      "prometheus-nats-exporter",
      "alertmanager",
      "redis-server",
      ...(process.env.CHROMIUM ? [] : ["chromium-headless-shell"]),
      "versitygw",
    ]);
  });
});
