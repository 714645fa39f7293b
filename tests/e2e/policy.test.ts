import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { parseDocument } from "yaml";
import { backendUrlOf, pulumiEnvironment } from "../../engine/environment";
import type { RegionIdentity } from "../../config/assets/region";
import type { JetstreamIdentity } from "../../stacks/outputs";
import type { StackFindings } from "../../operations/policy/findings";
import { isStackRule, rules } from "../../operations/policy/pack";
import { engineMs } from "../support/limits";
import { claimPorts } from "../support/ports";
import { copyProject } from "../support/project-copy";

const stacks = ["local-identity", "local-iad", "local-ams", "local-syd", "local-jetstream"];

interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/**
 * The commands as processes, on the real engine and program with the stacks of this project. Only the identity is
 * deployed: no preview needs a server.
 */
describe("npm run policy and npm run policy:state", function () {
  this.timeout(engineMs);
  const copy = copyProject();
  const env = { ...pulumiEnvironment({ target: "local" }), PULUMI_BACKEND_URL: backendUrlOf(`${copy.cache}/state`) };
  const run = promisify(execFile);
  const file = (name: string) => path.join(copy.folder, name);
  const pulumi = async (...args: string[]) =>
    (await run("pulumi", [...args, "--non-interactive"], { cwd: copy.folder, env, maxBuffer: 64 * 1024 ** 2 })).stdout;

  async function cli(words: string[], more: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    const options = { cwd: copy.folder, env: { ...copy.env, ...more }, maxBuffer: 64 * 1024 ** 2 };
    const command = run(process.execPath, ["-r", "./tools/runtime.cjs", "cli/index.ts", ...words], options);
    const {
      code = 0,
      stdout,
      stderr,
    }: { code?: number; stdout: string; stderr: string } = await command.catch(
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    return { status: code, stdout, stderr };
  }
  const found = ({ stdout, stderr }: Outcome) => {
    assert.ok(stdout, stderr);
    return (JSON.parse(stdout) as { stacks: StackFindings[] }).stacks;
  };
  /** Does something while a file of the project says something else. */
  async function withChange<T>(name: string, change: (text: string) => string, action: () => Promise<T>): Promise<T> {
    const before = fs.readFileSync(file(name), "utf8");
    const after = change(before);
    assert.notEqual(after, before, `${name} is not as the test has it`);
    fs.writeFileSync(file(name), after);
    return action().finally(() => fs.writeFileSync(file(name), before));
  }
  /** An accident that settings do not refuse: the program drops the limits of one stream. */
  const dropLimits = (text: string) =>
    text.replace(
      "...rest, replicas });",
      '...rest, replicas, ...(name === "SMS" && { maxAge: undefined, maxBytes: undefined, maxMsgs: undefined }) });',
    );
  /** A rule more, for the command and for the pack. */
  const addAdvice = (text: string) =>
    `${text}
    policies.push({
      name: "advice",
      description: "Advice.",
      enforcementLevel: "advisory",
      validateResource: ({ name }, report) => name === "irisx-SMS" && report("could be better"),
    });
    `;

  before(async () => {
    fs.mkdirSync(path.join(copy.cache, "state"), { mode: 0o700 });
    const project = parseDocument(fs.readFileSync(file("Pulumi.yaml"), "utf8"));
    project.setIn(["config", "environments", "default", "local", "basePort"], await claimPorts());
    fs.writeFileSync(file("Pulumi.yaml"), String(project));
  });
  after(() => copy.remove());

  it("explain themselves, with the codes that they end with", async () => {
    for (const { status, stdout } of await Promise.all(
      ["policy", "policy-state"].map((command) => cli([command, "--help"])),
    )) {
      assert.deepEqual(
        [status, /Exit codes:\n {2}0 .*\n {2}1 .*\n {2}4 {2}a mandatory policy is violated/.test(stdout)],
        [0, true],
        stdout,
      );
    }
  });

  it("end with 2 and say why: an unknown stack, a stack and an environment, a file that is not a state", async () => {
    const mistakes = [
      [["policy", "--stack", "iadd"], /stack iadd does not exist.*Stacks: ams, iad, identity/],
      [["policy", "--stack", "iad", "--env", "local"], /--stack <stack>' cannot be used with option '--env/],
      [["policy-state", "--file", "Pulumi.yaml"], /Pulumi\.yaml is not JSON; write it with: pulumi stack export/],
    ] as const;
    const outcomes = await Promise.all(mistakes.map(([words]) => cli([...words])));
    for (const [index, { status, stderr }] of outcomes.entries())
      assert.deepEqual([status, mistakes[index]![1].test(stderr)], [2, true], stderr);
  });

  it("policy previews stacks that do not exist; ends with 1 where it cannot see all, with what to do", async () => {
    const [region, jetstream] = (await Promise.all(
      ["local-iad", "local-jetstream"].map((stack) => cli(["policy", "--stack", stack])),
    )) as [Outcome, Outcome];
    assert.deepEqual(
      [region.status, /^partial: local-iad do not exist yet/m.test(region.stderr)],
      [0, true],
      region.stdout + region.stderr,
    );
    assert.deepEqual(
      [
        jetstream.status,
        /get no properties of \S+ and \d+ others, .*; first deploy what provides these/.test(jetstream.stdout),
      ],
      [1, true],
      jetstream.stdout + jetstream.stderr,
    );
  });

  it("policy ends with 1 for a stack that needs another first, and says which", async () => {
    await pulumi("stack", "init", "local-ams", "--no-select");
    const { status, stdout, stderr } = await cli(["policy", "--stack", "local-ams"]);
    assert.deepEqual(
      [status, /local-identity deployed first: pulumi up --stack local-identity/.test(stdout)],
      [1, true],
      stdout + stderr,
    );
  });

  it("policy ends with 1 where a plugin could not be installed, and names the check that needs none", async () => {
    const home = path.join(copy.cache, "pulumi-home");
    fs.rmSync(home);
    fs.mkdirSync(home);
    const production = {
      PULUMI_BACKEND_URL: `file://${copy.cache}/production`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
    fs.mkdirSync(path.join(copy.cache, "production"));
    const { status, stdout, stderr } = await cli(["policy", "--stack", "production-kubernetes-identity"], production);
    assert.equal(status, 1, stdout + stderr);
    assert.match(stdout, /resource plugin 'pulumi-resource-random'[^]*npm test/);
  });

  describe("once the identity is deployed", () => {
    let secrets: string[];

    before(async () => {
      for (const stack of stacks.filter((one) => one !== "local-ams"))
        await pulumi("stack", "init", stack, "--no-select");
      await pulumi("up", "--stack", "local-identity", "--yes", "--skip-preview");
      const outputs = JSON.parse(
        await pulumi("stack", "output", "--stack", "local-identity", "--json", "--show-secrets"),
      ) as {
        jetstream: JetstreamIdentity;
        iad: RegionIdentity;
      };
      secrets = [
        outputs.iad.jetstreamKey,
        ...Object.values(outputs.jetstream.provisioners).map(({ password }) => password),
      ];
      assert.ok(secrets.length >= 5 && secrets.every((secret) => secret.length >= 32));
    });

    const tellsNoSecret = ({ stdout, stderr }: Outcome) => {
      const logs = fs.globSync(path.join(copy.cache, "logs", "*")).map((log) => fs.readFileSync(log, "utf8"));
      for (const text of [stdout, stderr, ...logs])
        assert.ok(!secrets.some((secret) => text.includes(secret)), "a password is in the output");
    };

    it("policy ends with 0 for every stack; each rule saw each resource, and no secret is printed", async () => {
      const outcome = await cli(["policy", "--json"]);
      assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
      const findings = found(outcome);
      assert.deepEqual(
        findings.map(({ stack }) => stack),
        stacks,
      );
      for (const { stack, resources, failures, violations, notJudged } of findings) {
        assert.ok(resources >= 5, stack);
        assert.deepEqual(
          [failures, notJudged, violations.filter(({ level }) => level === "mandatory")],
          [[], [], []],
          stack,
        );
      }
      assert.ok(findings.at(-1)!.rules.includes("stream-is-bounded"));
      const judging = new Set(findings.flatMap((one) => one.rules));
      assert.deepEqual(
        rules.filter((rule) => isStackRule(rule) && !judging.has(rule.name)).map(({ name }) => name),
        [],
      );
      tellsNoSecret(outcome);
    });

    it("policy ends with 4 for a violated mandatory rule: which, where, why, and how to fix it", async () => {
      const { status, stdout, stderr } = await withChange("jetstream/asset-args.ts", dropLimits, () =>
        cli(["policy", "--stack", "local-jetstream"]),
      );
      assert.equal(status, 4, stdout + stderr);
      assert.match(
        stdout,
        /^ +mandatory \w+ +stream-is-bounded +irisx-SMS\n.*SMS.*\n +fix: .*maxAge.*\(docs\/policies\.md#stream-is-bounded\)$/m,
      );
      assert.match(stdout, /^1 stack, \d+ rules?: [1-9]\d* mandatory violations?, /m);
    });

    it("policy ends with 0 where only advice is not followed, and prints it", async () => {
      const { status, stdout, stderr } = await withChange("policies/registry.ts", addAdvice, () =>
        cli(["policy", "--stack", "local-jetstream"]),
      );
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, /^ +advisory \w+ +advice +irisx-SMS\n +could be better$/m);
    });

    it("policy checks a user whose password the identity stack has not created yet", async () => {
      const addUser = (text: string) => text.replace("  users: {\n", '  users: {\n    late: { inbox: "shared" },\n');
      const { status, stdout, stderr } = await withChange("tenants/irisx.ts", addUser, () =>
        cli(["policy", "--stack", "local-iad"]),
      );
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, /user irisx-late may read the answers to every user/);
      const byHand = await withChange("tenants/irisx.ts", addUser, () =>
        pulumi("preview", "--stack", "local-iad").then(
          () => assert.fail("it was not refused"),
          (error: { stdout: string }) => error.stdout,
        ),
      );
      assert.match(byHand, /error: stack local-iad needs the password of irisx-late of local-identity, which/);
      assert.doesNotMatch(byHand, /unhandled exception/);
    });

    it("policy ends with 1 where the pack does not start, and where it has no rule", async () => {
      for (const [pack, failure] of [
        ['require("./not-there");', /did not complete[^]*Cannot find module '\.\/not-there'/],
        [
          'new (require("@pulumi/policy").PolicyPack)("supercluster", { policies: [] });',
          /rules that did not see \S+: .*secret-is-in-its-place/,
        ],
      ] as const) {
        const { status, stdout, stderr } = await withChange(
          "policies/index.ts",
          () => pack,
          () => cli(["policy", "--stack", "local-identity"]),
        );
        assert.equal(status, 1, stdout + stderr);
        assert.match(stdout, failure);
      }
    });

    it("policy:state ends with 0 for what is deployed, without a secret in what it tells", async () => {
      const outcome = await cli(["policy-state", "--stack", "local-identity", "--json"]);
      assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
      const [{ stack, resources, rules: judging, violations }] = found(outcome) as [StackFindings];
      assert.deepEqual([stack, violations.filter(({ level }) => level === "mandatory")], ["local-identity", []]);
      assert.ok(judging.length > 0);
      assert.ok(resources > 50);
      tellsNoSecret(outcome);
    });

    it("policy:state ends with 4 for an exported state that violates a mandatory rule", async () => {
      const state = JSON.parse(await pulumi("stack", "export", "--stack", "local-identity")) as {
        deployment: { resources: object[] };
      };
      const type = "pulumi-nodejs:dynamic/nats:Stream";
      state.deployment.resources.push({
        urn: `urn:pulumi:local-identity::supercluster::${type}::endless`,
        type,
        inputs: { account: "irisx", name: "ENDLESS" },
      });
      fs.writeFileSync(file("state.json"), JSON.stringify(state));
      const { status, stdout, stderr } = await cli(["policy-state", "--file", "state.json"]);
      assert.equal(status, 4, stdout + stderr);
      assert.match(stdout, /mandatory \w+ +stream-is-bounded +endless/);
    });
  });
});
