import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { readProject } from "../../../engine/project";
import { checkedEnvironment } from "../../../operations/settings/checked-environment";
import { projectFolder } from "../../support/project-copy";

const project = projectFolder;
const github = path.join(project, ".github");
const read = (file: string) => parse(fs.readFileSync(path.join(github, file), "utf8")) as unknown;

interface Step {
  uses?: string;
  run?: string;
}
interface Job {
  steps: Step[];
  permissions?: Record<string, string>;
  environment?: string;
  "timeout-minutes"?: number;
  needs?: string;
  env?: Record<string, string>;
  strategy?: { matrix: { stack: string[] } };
}
interface Workflow {
  on: unknown;
  permissions: Record<string, string>;
  concurrency: { group: string; "cancel-in-progress": boolean };
  jobs: Record<string, Job>;
}

const names = fs.readdirSync(path.join(github, "workflows")).sort();
const workflows = Object.fromEntries(names.map((name) => [name, read(`workflows/${name}`) as Workflow]));
const prepare = read("actions/prepare/action.yml") as { runs: { steps: Step[] } };
const jobs = Object.entries(workflows).flatMap(([file, { jobs: of }]) =>
  Object.entries(of).map(([name, job]) => ({ where: `${file}: ${name}`, job })),
);
const steps = [...jobs.flatMap(({ job }) => job.steps), ...prepare.runs.steps];
const scripts = (
  JSON.parse(fs.readFileSync(path.join(project, "package.json"), "utf8")) as { scripts: Record<string, string> }
).scripts;

describe("the workflows", () => {
  it("are those for pull requests, deployments and drift", () =>
    assert.deepEqual(names, ["deploy.yml", "drift.yml", "pull-request.yml"]));

  it("run scripts and environments that there are", () => {
    const runs = steps.flatMap(({ run }) => run ?? []).join("\n");
    const used = [...runs.matchAll(/npm run -s (\S+?)(?:\)|\s|$)/g)].map(([, script]) => script!);
    assert.ok(used.length >= 8, used.join());
    assert.deepEqual(
      used.filter((script) => !(script in scripts)),
      [],
    );
    const known = Object.keys(readProject().environments as object);
    const environments = [...runs.matchAll(/--env (\S+?)(?=[)"\s]|$)/g)].map(([, name]) => name!);
    assert.ok(environments.length >= 5);
    assert.deepEqual(
      environments.filter((name) => !known.includes(name)),
      [],
    );
    for (const [, file] of runs.matchAll(/(?:^|\s)(\.ci\/\w+|tools\/\S+\.mjs)/g))
      fs.accessSync(path.join(project, file!), file!.startsWith(".ci") ? fs.constants.X_OK : fs.constants.R_OK);
  });

  it("look at every stack of production, in the order of deployment", () => {
    const { identity, regions, jetstream } = checkedEnvironment("production").stacks;
    const stacks = [identity, ...regions, ...jetstream];
    assert.deepEqual(
      jobs.flatMap(({ job }) => (job.strategy ? [job.strategy.matrix.stack] : [])),
      [stacks, stacks],
    );
    assert.equal((workflows["deploy.yml"]!.jobs.deploy as { name?: string }).name, stacks.join(", "));
  });

  it("deploy only what is merged, after the policies, never twice at once and never while drift is looked for", () => {
    const { "deploy.yml": deploy, "drift.yml": drift } = workflows as { "deploy.yml": Workflow; "drift.yml": Workflow };
    assert.deepEqual(deploy.on, { push: { branches: ["main"] }, workflow_dispatch: null });
    assert.deepEqual(deploy.concurrency, { group: "production", "cancel-in-progress": false });
    assert.deepEqual(drift.concurrency, deploy.concurrency);
    assert.deepEqual([deploy.jobs.deploy!.needs, deploy.jobs.deploy!.environment], ["policy", "production"]);
    const order = deploy.jobs.deploy!.steps.flatMap(({ run }) => /npm run -s (\S+)/.exec(run ?? "")?.[1] ?? []);
    assert.deepEqual(order, ["deploy", "verify", "policy:state"]);
  });

  it("change nothing but in the deployment: elsewhere pulumi only previews", () => {
    const others = jobs.filter(({ where }) => where !== "deploy.yml: deploy");
    const commands = others.flatMap(({ job }) =>
      job.steps.flatMap(({ run }) =>
        [...(run ?? "").matchAll(/(?:pulumi|npm run -s) ([\w:]+)/g)].map(([, command]) => command!),
      ),
    );
    assert.deepEqual([...new Set(commands)].sort(), ["env", "plan", "policy", "policy:state", "preview"]);
    for (const { where, job } of others.filter((one) => one.job.environment))
      assert.equal(job.environment, "production-preview", where);
  });

  it("have the fewest rights: reading the code, and an identity token where the cloud is asked", () => {
    for (const { permissions } of Object.values(workflows)) assert.deepEqual(permissions, { contents: "read" });
    for (const { where, job } of jobs) {
      assert.deepEqual(job.permissions, job.environment ? { contents: "read", "id-token": "write" } : undefined, where);
      assert.ok(job["timeout-minutes"]! > 0, where);
    }
    assert.ok(!names.some((name) => JSON.stringify(workflows[name]!.on).includes("pull_request_target")));
  });

  it("use actions of a major version, or of this repository", () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);
    assert.ok(used.length >= 8);
    for (const action of used)
      assert.match(
        action,
        /^(actions\/(checkout|setup-node)|aws-actions\/configure-aws-credentials)@v\d+$|^\.\/\.github\/actions\/prepare$/,
      );
    fs.accessSync(path.join(github, "actions", "prepare", "action.yml"));
  });

  it("take secrets for a job, where those of its environment are known", () => {
    for (const [name, workflow] of Object.entries(workflows)) assert.ok(!("env" in workflow), name);
    for (const { where, job } of jobs)
      assert.equal(JSON.stringify(job).includes("secrets."), job.environment !== undefined, where);
  });

  it("give commands every variable that they use", () => {
    for (const { where, job } of jobs) {
      const used = job.steps.flatMap(({ run }) => [...(run ?? "").matchAll(/\$(\w+)/g)].map(([, name]) => name!));
      assert.deepEqual(
        used.filter((name) => !(name in (job.env ?? {}))),
        [],
        where,
      );
    }
  });

  it("put no secret and no foreign text into a command", () => {
    for (const { run } of steps) {
      if (!run) continue;
      assert.doesNotMatch(run, /\$\{\{/, "by env only: an expression in a script is code");
      assert.doesNotMatch(run, /--show-secrets|set -x|printenv|echo .*(TOKEN|PASSPHRASE|CONTENT)/);
    }
  });
});

describe(".ci/summarize", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-summary-"));
  after(() => fs.rmSync(folder, { recursive: true }));
  const summarize = (command: string) => {
    const file = path.join(folder, "summary.md");
    fs.rmSync(file, { force: true });
    const { status, stdout } = spawnSync(
      path.join(project, ".ci", "summarize"),
      ["iad: preview", "sh", "-c", command],
      { encoding: "utf8", env: { ...process.env, GITHUB_STEP_SUMMARY: file } },
    );
    return { status, stdout, summary: fs.readFileSync(file, "utf8") };
  };

  it("shows what a command prints, in the log and in the summary", () => {
    assert.deepEqual(summarize("echo one; echo two >&2"), {
      status: 0,
      stdout: "one\ntwo\n",
      summary: "### iad: preview\n````\none\ntwo\n\n````\n",
    });
  });

  it("ends as the command does, and says so", () => {
    const { status, summary } = summarize("echo no; exit 4");
    assert.deepEqual([status, summary.split("\n")[0]], [4, "### iad: preview: FAILED (exit code 4)"]);
  });
});
