import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { parseDocument } from "yaml";
import { pollUntil } from "../../config/poll-until";
import type { RegionOutputs } from "../../stacks/outputs";
import { engineMs, waitMs } from "./limits";
import { claimPorts } from "./ports";
import { copyProject } from "./project-copy";
import { endEnvironmentsOf } from "./run";

/**
 * The local environment, with one server a region and some of the tenants only, driven as a person does, in a copy of
 * the project.
 */
export class Deployment {
  readonly copy = copyProject();
  private readonly open: NatsConnection[] = [];
  private outputs: RegionOutputs | undefined;
  private variables: NodeJS.ProcessEnv | undefined;

  /** One that nothing was done with yet. */
  static async prepare(tenants: string[]): Promise<Deployment> {
    return new Deployment(tenants, await claimPorts());
  }

  private constructor(
    tenants: string[],
    readonly basePort: number,
  ) {
    const file = this.path("Pulumi.yaml");
    const project = parseDocument(fs.readFileSync(file, "utf8"));
    const environments = ["config", "environments", "default"];
    project.setIn([...environments, "local", "servers"], 1);
    project.setIn([...environments, "local", "basePort"], basePort);
    for (const environment of ["local", "production", "production-kubernetes", "six"])
      project.setIn([...environments, environment, "jetstream", "jetstream"], tenants);
    fs.writeFileSync(file, String(project));
    this.useTenants(tenants);
  }

  /** Writes which tenants there are. `regions`: without what they have in other ones. Default: as they are. */
  useTenants(tenants: string[], regions?: string[]): void {
    const imports = tenants.map((tenant) => `import { ${tenant} } from "./${tenant}";`);
    const listed = tenants.map((tenant) => (regions ? `${tenant}: within(${tenant}, regions)` : tenant));
    if (regions) {
      const from = "../tests/support/tenants-within";
      imports.push(`import { within } from "${from}";`, `const regions = ${JSON.stringify(regions)};`);
    }
    fs.writeFileSync(
      this.path("tenants/index.ts"),
      `${imports.join("\n")}\nexport const tenants = { ${listed.join(", ")} };\n`,
    );
  }

  path(file: string): string {
    return path.join(this.copy.folder, file);
  }

  cli(...args: string[]): { status: number | null; text: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, this.command(args), {
      cwd: this.copy.folder,
      env: this.copy.env,
      encoding: "utf8",
    });
    return { status, text: stdout + stderr };
  }

  succeeds(...args: string[]): string {
    const { status, text } = this.cli(...args);
    assert.equal(status, 0, text);
    return text;
  }

  /** The same, while what the test has running goes on. */
  meanwhile = (...args: string[]): Promise<{ status: number | null; text: string }> => this.begin(args).ended;

  /** A command that is looked at or stopped while it runs; `onText` gets all that it said so far. */
  begin(args: string[], onText: (text: string) => void = () => undefined, env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, this.command(args), {
      cwd: this.copy.folder,
      env: { ...this.copy.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const output of [child.stdout, child.stderr])
      output.setEncoding("utf8").on("data", (chunk: string) => onText((text += chunk)));
    const ended = once(child, "close").then(([status]) => ({ status: status as number | null, text }));
    return { child, ended };
  }

  /**
   * The same, killed when it has written the files of a server that it is about to tell to read them; `isThen`: what
   * else has to be true by then. Returns what it has printed.
   */
  async killedBeforeReload(server: string, isThen: () => boolean, ...args: string[]): Promise<string> {
    const file = path.join(this.copy.cache, "held");
    const hold = `--require ${JSON.stringify(require.resolve("./held-reload.cjs"))}`;
    const { child, ended } = this.begin(args, undefined, {
      ...{ HELD_SERVER: server, HELD_FILE: file },
      NODE_OPTIONS: [this.copy.env.NODE_OPTIONS, hold].filter(Boolean).join(" "),
    });
    const isThere = await pollUntil(() => (fs.existsSync(file) && isThen()) || child.exitCode !== null, engineMs);
    const status = child.exitCode;
    child.kill("SIGKILL");
    const { text } = await ended;
    assert.ok(isThere && status === null, text);
    return text;
  }

  /** Changes the local environment's entry in Pulumi.yaml. */
  set(change: Record<string, unknown>): void {
    const file = this.path("Pulumi.yaml");
    const project = parseDocument(fs.readFileSync(file, "utf8"));
    for (const [key, value] of Object.entries(change))
      project.setIn(["config", "environments", "default", "local", key], value);
    fs.writeFileSync(file, String(project));
  }

  pulumi(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--non-interactive"], {
      cwd: this.copy.folder,
      env: this.engineEnv(),
      encoding: "utf8",
    });
    assert.equal(status, 0, `pulumi ${args.join(" ")}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Connects a user to the servers of a region, for as long as the test goes on. */
  async client(region: string, account: string, user: string): Promise<NatsConnection> {
    if (!this.outputs?.accounts[account]?.users[user])
      this.outputs = JSON.parse(
        this.pulumi("stack", "output", "--stack", "local-iad", "--json", "--show-secrets"),
      ) as RegionOutputs;
    const { login, password, inboxPrefix } = this.outputs.accounts[account]!.users[user]!;
    const index = ["iad", "ams", "syd"].indexOf(region);
    const servers = this.outputs.region.clientUrls.map((url) =>
      url.replace(/\d+$/, (port) => String(Number(port) + index * 20)),
    );
    const connection = await connect({
      servers,
      user: login,
      pass: password,
      inboxPrefix,
      tls: { ca: this.outputs.ca },
      maxReconnectAttempts: -1,
      ignoreClusterUpdates: true,
    });
    this.open.push(connection);
    return connection;
  }

  /** Ends the server of a region: at once, or after it said goodbye. */
  async end(region: string, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const running = () => this.servers().filter(({ args }) => args.includes(`/${region}-0/`));
    for (const { pid } of running()) process.kill(pid, signal);
    await pollUntil(() => running().length === 0, waitMs, 100);
    assert.deepEqual(running(), []);
  }

  /** Without the engine: what `npm run stop` leaves is proved by tests/e2e/supercluster.test.ts. */
  async remove(): Promise<void> {
    await Promise.all(this.open.map((connection) => connection.close()));
    endEnvironmentsOf(this.copy.folder);
    this.copy.remove();
  }

  /** Variables that pulumi needs, as `npm run env` prints them. */
  private engineEnv(): NodeJS.ProcessEnv {
    this.variables ??= Object.fromEntries(
      [...this.cli("env").text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name!, value!]),
    );
    return { ...this.copy.env, ...this.variables };
  }

  private command(args: string[]): string[] {
    return ["-r", "./tools/runtime.cjs", "cli/index.ts", ...args];
  }

  private servers(): { pid: number; args: string }[] {
    return execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" })
      .split("\n")
      .flatMap((line) => {
        const [, pid, args] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
        return pid && args!.includes(`${this.copy.cache}/environments/local/`)
          ? [{ pid: Number(pid), args: args! }]
          : [];
      });
  }
}
