import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import pLimit from "p-limit";
import { pollUntil } from "../../config/poll-until";
import { isEngine } from "../../engine/processes";
import { type Process, processes } from "../../tools/processes.mjs";
import { engineMs, serversMs, waitMs } from "../support/limits";
import { copyProject } from "../support/project-copy";
import { sideBySide } from "../support/side-by-side";

/** Registers a resource of a plugin, and one of a dynamic provider whose check notes its run and never ends. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";
const password = new RandomPassword("password", { length: 16 });
const __provider = 'exports.handler=()=>require(process.cwd()+"/components/endless/entry.js")';
const Endless = class extends pulumi.CustomResource {};
new Endless("pulumi-nodejs:dynamic/test:Endless", "endless", { __provider }, { dependsOn: password });
`;
const provider = `
require("../provider-process");
require("node:fs").writeFileSync("checking-" + process.env.KILLED_RUN, "");
exports.check = () => new Promise(() => setInterval(() => undefined, 60_000));
`;

const is = (pattern: RegExp) => (found: Process) => pattern.test(found.args.join(" "));
/** What runs in the middle of a command, from the outside in. */
const parts = {
  npm: is(/^npm run/),
  "npm's shell": is(/^sh -c .*cli\/index\.ts/),
  "the command": is(/^\S*node .*cli\/index\.ts/),
  pulumi: ({ args }: Process) => isEngine(args),
  "the language host": is(/pulumi-language-nodejs/),
  "the program": is(/cmd\/run\//),
  "the provider's launcher": is(/sh .*pulumi-resource-pulumi-nodejs/),
  "the provider": is(/cmd\/dynamic-provider/),
  "the plugin": is(/main\.js random|pulumi-resource-random/),
  "the policy pack": is(/index\.ts 127\.0\.0\.1|run-policy-pack/),
};
type Part = keyof typeof parts;

/** Real npm, commands, engine and plugins. Each run is killed in one place; nothing may be left of it. */
describe("a run that is killed leaves no process behind", function () {
  this.timeout(engineMs);
  const copy = copyProject();
  const runOf = ({ env }: Process) => env.KILLED_RUN;
  let started = 0;

  before(() => {
    fs.writeFileSync(path.join(copy.folder, "index.ts"), program);
    fs.mkdirSync(path.join(copy.folder, "components/endless"));
    fs.writeFileSync(path.join(copy.folder, "components/endless/entry.js"), provider);
  });
  after(() => copy.remove());

  async function killIn(script: string, victims: Part[]): Promise<void> {
    const id = `${process.pid}-${++started}`;
    const all = () => processes().filter((found) => runOf(found) === id);
    const listed = () => all().map(({ pid, parent, args }) => [pid, parent, ...args].join(" "));
    const npm = spawn("npm", ["run", ...script.split(" ")], {
      cwd: copy.folder,
      env: { ...copy.env, KILLED_RUN: id },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const output of [npm.stdout, npm.stderr]) output.on("data", (chunk) => (text += chunk));
    try {
      const isInside = () => fs.existsSync(path.join(copy.folder, `checking-${id}`)) || undefined;
      assert.ok(await pollUntil(isInside, serversMs, 250), `${text}\n${listed().join("\n")}`);
      for (const victim of victims) {
        const found = all().find(parts[victim]);
        assert.ok(found, `${victim} is not among\n${listed().join("\n")}`);
        process.kill(found.pid, "SIGKILL");
      }
      await pollUntil(() => all().length === 0 || undefined, waitMs, 250);
      assert.deepEqual(listed(), [], text);
    } finally {
      for (const { pid } of all()) process.kill(pid, "SIGKILL");
    }
  }

  const twoAtOnce = pLimit(2);
  // A preview of one stack, which takes no lock.
  const previews: Part[][] = [
    ["npm"],
    ["npm's shell"],
    ["the command"],
    ["pulumi"],
    ["the provider"],
    // Without these Pulumi waits for the operations in progress, here without end: the run is killed after them.
    ["the language host", "npm"],
    ["the program", "the command"],
    ["the provider's launcher", "pulumi"],
    ["the policy pack", "the plugin", "npm"],
  ];
  sideBySide(
    Object.fromEntries(
      previews.map((victims) => [
        `npm run policy, when ${victims.join(", then ")} is killed`,
        () => twoAtOnce(killIn, "policy -- --stack local-identity", victims),
      ]),
    ),
  );

  it("npm start, when the command is killed", () => killIn("start", ["the command"]));
});
