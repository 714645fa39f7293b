import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { pollUntil } from "../../config/poll-until";
import { serversMs, waitMs } from "../support/limits";
import { copyProject } from "../support/project-copy";

/** The commands as processes, in a copy of the project: what they print, and the code they end with. */
describe("the commands", function () {
  this.timeout(serversMs);
  const copy = copyProject();
  after(() => copy.remove());
  const args = ["-r", "./tools/runtime.cjs", "cli/index.ts"];
  const cli = (...words: string[]) =>
    spawnSync(process.execPath, [...args, ...words], { cwd: copy.folder, env: copy.env, encoding: "utf8" });

  it("all explain themselves, without colours where there is no terminal", () => {
    for (const command of [
      [],
      ["start"],
      ["deploy"],
      ["stop"],
      ["status"],
      ["verify"],
      ["plan"],
      ["import"],
      ["context"],
      ["env"],
      ["traffic"],
      ["load"],
      ["drill"],
    ]) {
      const { status, stdout } = cli(...command, "--help");
      assert.equal(status, 0, command.join());
      assert.match(stdout, /Usage: supercluster/);
      assert.ok(!stdout.includes("\x1b"));
    }
  });

  for (const [words, message] of [
    [["strat"], /unknown command 'strat'.*Did you mean start/s],
    [["start", "--evn", "local"], /unknown option '--evn'/],
    [["start", "--env", "locl"], /"locl" is not an environment; did you mean "local"/],
    [["deploy", "--env", "production"], /the state of environment production is not safe.*--allow-local-state/s],
    [["stop", "--env", "production"], /--yes-destroy production/],
    [
      ["traffic", "--account", "orders"],
      /no sample traffic for account "orders"; there is for: aigentflow, arrakis, covenant, irisx/,
    ],
    [["load", "--env", "production"], /--yes-load production/],
    [["drill"], /which accident\?.*--list.*server-killed.*, or all/],
    [["drill", "server-kiled"], /"server-kiled" is not an accident.*server-killed/],
    [["drill", "region-lost", "--env", "production"], /region-lost is for local environments: .*Nothing was done/],
    [["drill", "nothing", "--env", "production"], /--yes-drill production/],
    [["drill", "nothing", "--hold", "1 h", "--clients", "0"], /2 mistakes in the options.*--hold.*--clients: "0"/s],
    [["load", "--rate", "0", "--duration", "1 h"], /2 mistakes in the options.*--rate: "0".*--duration: "1 h"/s],
    [["import", "--account", "irisx"], /tenants\/irisx\.ts exists already; .*--out.*--force/],
  ] as const) {
    it(`end with 2 and say why: ${words.join(" ")}`, () => {
      const { status, stderr } = cli(...words);
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
    });
  }

  it("end with 1 where nothing is deployed, and say what to do", () => {
    for (const command of [
      ["status"],
      ["verify"],
      ["plan"],
      ["context"],
      ["traffic", "--account", "irisx"],
      ["load"],
      ["drill", "nothing"],
    ]) {
      const { status, stderr } = cli(...command);
      assert.equal(status, 1, stderr);
      assert.match(stderr, /environment local is not deployed.*npm start/);
    }
  });

  it("print variables that a shell can evaluate", () => {
    const { stdout, status } = cli("env");
    assert.equal(status, 0);
    assert.ok(
      stdout
        .trim()
        .split("\n")
        .every((line) => /^export \w+='.*'$/.test(line)),
      stdout,
    );
    const url = spawnSync("sh", ["-c", `${stdout}\nprintf %s "$PULUMI_BACKEND_URL"`], { encoding: "utf8" }).stdout;
    assert.equal(url, `file://${copy.cache}/state?metadata=skip`);
  });

  it("tell every mistake at once, in settings, stack files and tenants, and do nothing", () => {
    const files = ["Pulumi.yaml", "Pulumi.local-iad.yaml", "tenants/covenant.ts"].map((name) =>
      path.join(copy.folder, name),
    );
    const before = files.map((file) => readFileSync(file, "utf8"));
    const edit = (index: number, from: string | RegExp, to: string) =>
      writeFileSync(files[index]!, before[index]!.replace(from, to));
    try {
      edit(0, "basePort: 14220", "basePort: 80");
      edit(1, "region: iad", "region: ida");
      edit(2, 'maxAge: "7d"', 'maxAge: "7 days" as "7d"');
      const { status, stderr } = cli("start");
      assert.equal(status, 2, stderr);
      assert.match(stderr, /nothing was done/);
      assert.match(stderr, /environments\.local\.basePort: 80/);
      assert.match(stderr, /Pulumi\.local-iad\.yaml: .*describes the stack local-ida/);
      assert.match(
        stderr,
        /tenants\.covenant\.streams\.COVENANT_USERS\.maxAge: "7 days" is not a duration; write "7d"/,
      );
      assert.ok(!existsSync(path.join(copy.cache, "state", ".pulumi")));
    } finally {
      files.forEach((file, index) => writeFileSync(file, before[index]!));
    }
  });

  it("wait for another one on the same environment, say for whom, and can be stopped meanwhile", async () => {
    const locks = path.join(copy.cache, "locks");
    mkdirSync(locks, { recursive: true });
    const holding = `require("./tools/lock.mjs").withLock(
      ${JSON.stringify(path.join(locks, "local.json"))},
      { log: console, what: "start --env local" },
      () => {
        console.log("held");
        return new Promise((resolve) => setTimeout(resolve, 600_000));
      },
    )`;
    const holder = spawn(process.execPath, ["-r", "./tools/runtime.cjs", "-e", holding], {
      cwd: copy.folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await new Promise((resolve) => holder.stdout.once("data", resolve));
      const second = spawn(process.execPath, [...args, "start"], {
        cwd: copy.folder,
        env: copy.env,
        stdio: ["ignore", "ignore", "pipe"],
      });
      let text = "";
      second.stderr.on("data", (chunk) => (text += chunk));
      const ended = new Promise((resolve) => second.once("close", resolve));
      await pollUntil(() => text.includes("waiting"), waitMs);
      assert.match(text, new RegExp(`local: waiting for process ${holder.pid}.*start --env local`));
      second.kill("SIGINT");
      assert.equal(await ended, 130);
    } finally {
      holder.kill("SIGKILL");
    }
  });
});
