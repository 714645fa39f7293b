import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectFolder } from "../support/project-copy";

/** Runs a script in a process of its own, with a cache folder of its own; returns what it prints. */
function run(script: string, cache: string, more: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-r", "./tools/runtime.cjs", "-e", script], {
    cwd: projectFolder,
    env: { ...process.env, SUPERCLUSTER_CACHE: cache, ...more },
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

describe("a process of this project", () => {
  let cache: string;
  beforeEach(() => (cache = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-runtime-"))));
  afterEach(() => fs.rmSync(cache, { recursive: true, force: true }));

  describe("that loads TypeScript", () => {
    const script = 'console.log(Object.keys(require("./config/units")).length > 0)';
    const kept = () => path.join(cache, "transpiled", "config+units.ts");

    it("transpiles a file once: a second process reads the result", () => {
      assert.equal(run(script, cache), "true");
      const text = fs.readFileSync(kept(), "utf8");
      fs.writeFileSync(kept(), text.replace(/^/, 'console.log("kept");'));
      assert.equal(run(script, cache), "kept\ntrue");
    });

    it("transpiles it again when its text is another one, or what was kept is incomplete", () => {
      run(script, cache);
      const text = fs.readFileSync(kept(), "utf8");
      for (const broken of [text.replace(/[0-9a-f]{40}$/, "0".repeat(40)), text.slice(0, 100), ""]) {
        fs.writeFileSync(kept(), broken);
        assert.equal(run(script, cache), "true");
        assert.equal(fs.readFileSync(kept(), "utf8"), text);
      }
    });

    it("goes on where nothing can be kept", () => {
      const file = path.join(cache, "file");
      fs.writeFileSync(file, "");
      assert.equal(run(script, file), "true");
    });

    it("keeps lines where they are: a stack trace names the line of the source", () => {
      const lines = fs.readFileSync(path.join(projectFolder, "config/poll-until.ts"), "utf8").split("\n");
      const line = 1 + lines.findIndex((text) => text.includes("await find()"));
      const failing =
        'require("./config/poll-until").pollUntil(() => { throw new Error("x"); }, 1)' +
        ".catch(({ stack }) => console.log(stack))";
      for (const _ of ["transpiled", "kept"]) assert.match(run(failing, cache), new RegExp(`poll-until\\.ts:${line}:`));
    });
  });

  describe("that loads Pulumi's SDK", () => {
    it("does not load what it does not use", () => {
      const script =
        'for (const name of ["", "/cmd/run/tracing"]) require("@pulumi/pulumi" + name); ' +
        'require("source-map-support/register"); const { isProxy } = require("node:util").types; ' +
        'const sdk = require("node:path").dirname(require.resolve("@pulumi/pulumi")); ' +
        'const names = ["typescript", "@npmcli/arborist", "normalize-package-data", "@pulumi/pulumi/automation"]; ' +
        "for (const name of names) " +
        "console.log(isProxy(require.cache[require.resolve(name, { paths: [sdk] })].exports)); " +
        "const unused = /pacote|localWorkspace|sdk-trace|source-map-support.js/; " +
        "console.log(Object.keys(require.cache).filter((file) => unused.test(file)).length)";
      assert.equal(run(script, cache), "true\ntrue\ntrue\ntrue\n0");
    });

    it("starts no debugger, for which its runner waits", () => {
      const script =
        'require("@pulumi/pulumi/runtime/closure/v8Hooks").isInitializedAsync().then(() => ' +
        'console.log(process.moduleLoadList.includes("NativeModule inspector")))';
      assert.equal(run(script, cache), "false");
    });

    it("traces what the SDK does where it is asked to", () => {
      const script = 'console.log(typeof require("@pulumi/pulumi/cmd/run/tracing").start)';
      assert.equal(run(script, cache, { PULUMI_EXPERIMENTAL: "1" }), "function");
      assert.equal(run(script, cache), "undefined");
    });

    it("serializes functions all the same", () => {
      const script =
        'require("@pulumi/pulumi").runtime.serializeFunction(() => 42).then(({ text }) => console.log(text))';
      assert.match(run(script, cache), /return \(\) => 42/);
    });

    it("gives other importers the modules as they are", () => {
      const script =
        'require("@pulumi/pulumi"); const typescript = require("typescript"); ' +
        'console.log(typeof typescript.createSourceFile, typeof require("@npmcli/arborist").Arborist, ' +
        'typeof require("@pulumi/pulumi").automation.LocalWorkspace)';
      assert.equal(run(script, cache), "function function function");
    });
  });
});
