import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { type Document, parseDocument, stringify } from "yaml";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { forwardTo, namespaceOf } from "../../config/topology";
import { forwardedUrl } from "../../components/supercluster/provider/port-forward";
import type { RegionOutputs } from "../../stacks/outputs";
import { copyProject } from "../support/project-copy";
import { Cloud, currentCluster } from "./cloud";
import { pluginFolders } from "./plugins";
import { kubeEnvironment, type KubeOptions, kubeSettings } from "./settings";

export interface Ended {
  status: number | null;
  text: string;
  /** Of `text` what was its standard output. */
  output: string;
}

/** A command that was started. */
interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}

/** An environment on a real Kubernetes that is operated by commands with the real engine, in a copy of the project. */
export class EngineEnvironment {
  readonly copy = copyProject();
  readonly stacks: string[];
  readonly state: string;
  readonly env: NodeJS.ProcessEnv;
  readonly api = currentCluster().api;
  private readonly cloud: Cloud;

  private readonly open: NatsConnection[] = [];

  /**
   * @param change more settings of the environment, e.g. `{ byRegion: ... }`
   * @param later regions that it gets and loses while a test goes on
   */
  constructor(
    readonly options: KubeOptions,
    change: object = {},
    private readonly later: string[] = [],
  ) {
    const { name, regions } = options;
    this.stacks = ["identity", ...regions, "jetstream"].map((part) => `${name}-${part}`);
    this.state = path.join(this.copy.cache, "production-state");
    mkdirSync(this.state);
    this.env = {
      ...this.copy.env,
      PATH: [...pluginFolders(this.copy.folder), process.env.PATH].join(path.delimiter),
      PULUMI_BACKEND_URL: `file://${this.state}`,
      PULUMI_CONFIG_PASSPHRASE: "of a test",
      NO_COLOR: "1",
    };
    this.edit((project) => project.setIn(this.own(), { ...kubeSettings(options), ...change }));
    for (const region of regions) this.writeStack(region, { kind: "region", region });
    for (const kind of ["identity", "jetstream"]) this.writeStack(kind, { kind });
    this.cloud = new Cloud(this.api, this.settings());
  }

  /** Does what a cloud does, all the time. */
  start(): void {
    this.cloud.start();
  }

  /** Deletes its namespaces, volumes too, without waiting; with KUBE_KEEP=1 they stay. */
  async stop(): Promise<void> {
    await Promise.all(this.open.map((connection) => connection.close()));
    await this.cloud.stop();
    if (process.env.KUBE_KEEP === "1") return;
    const settings = this.settings();
    await Promise.all(
      settings.regions.map((region) =>
        this.api
          .delete({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespaceOf(settings, region) } })
          .catch(() => undefined),
      ),
    );
    this.copy.remove();
  }

  /** As it was at the beginning, with all regions that it ever has. */
  private settings(): KubernetesEnvironment {
    const { options, later } = this;
    return kubeEnvironment({ ...options, regions: [...options.regions, ...later] });
  }

  /** Connects a user to a region's servers, for as long as the test goes on. */
  async connect(region: string, account: string, user: string): Promise<NatsConnection> {
    const stack = `${this.options.name}-${region}`;
    const { ca, accounts } = JSON.parse(
      this.pulumi("stack", "output", "--stack", stack, "--json", "--show-secrets"),
    ) as RegionOutputs;
    const { login, password, inboxPrefix } = accounts[account]!.users[user]!;
    const connection = await connect({
      servers: await forwardedUrl(forwardTo(this.settings(), region)!),
      user: login,
      pass: password,
      inboxPrefix,
      tls: { ca },
      ignoreClusterUpdates: true,
    });
    this.open.push(connection);
    return connection;
  }

  /** File of a stack, with its settings alone. */
  writeStack(part: string, stack: object): void {
    const { name } = this.options;
    const config = { "supercluster:stack": { environment: name, ...stack } };
    writeFileSync(this.path(`Pulumi.${name}-${part}.yaml`), stringify({ config }));
  }

  removeStack(part: string): void {
    rmSync(this.path(`Pulumi.${this.options.name}-${part}.yaml`));
  }

  path = (file: string): string => path.join(this.copy.folder, file);

  edit(change: (project: Document) => void): void {
    const project = parseDocument(readFileSync(this.path("Pulumi.yaml"), "utf8"));
    change(project);
    writeFileSync(this.path("Pulumi.yaml"), String(project));
  }

  /** Changes one setting of the environment; undefined removes it. */
  set(at: string[], value: unknown): void {
    this.edit((project) =>
      value === undefined ? project.deleteIn([...this.own(), ...at]) : project.setIn([...this.own(), ...at], value),
    );
  }

  /** Only these systems are left, in every environment. */
  useTenants(names: string[]): void {
    const imports = names.map((one) => `import { ${one} } from "./${one}";\n`);
    writeFileSync(
      this.path("tenants/index.ts"),
      `${imports.join("")}\nexport const tenants = { ${names.join(", ")} };\n`,
    );
    this.edit((project) => {
      const environments = ["config", "environments", "default"];
      for (const one of Object.keys(
        (project.toJS() as { config: { environments: { default: object } } }).config.environments.default,
      ))
        project.setIn([...environments, one, "jetstream"], { jetstream: names });
    });
  }

  /** Where its settings are in Pulumi.yaml. */
  private own = (): string[] => ["config", "environments", "default", this.options.name];

  commandLine = (...args: string[]): string[] => [
    ...["-r", "./tools/runtime.cjs", "cli/index.ts"],
    ...args,
    ...["--env", this.options.name],
  ];

  /** Not synchronous: the cloud goes on meanwhile. */
  cli = (...args: string[]): Promise<Ended> => this.run(process.execPath, this.commandLine(...args));

  deploy = (...args: string[]): Promise<Ended> => this.cli("deploy", "--allow-local-state", ...args);

  run = (file: string, args: string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    this.begin(file, args, { more }).ended;

  /** @param onLine gets each line that it prints */
  begin(
    file: string,
    args: string[],
    { more = {}, onLine }: { more?: NodeJS.ProcessEnv; onLine?: (line: string) => void } = {},
  ): Running {
    const child = spawn(file, args, {
      cwd: this.copy.folder,
      env: { ...this.env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [text, output] = ["", ""];
    child.stdout.on("data", (chunk) => (output += chunk));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => (text += chunk));
      if (onLine) createInterface({ input: stream }).on("line", onLine);
    }
    const ended = new Promise<Ended>((resolve) => child.once("close", (status) => resolve({ status, text, output })));
    return { child, ended };
  }

  /** What a command prints, that has to succeed; how long it took is shown. */
  async succeeds(ended: Promise<Ended>): Promise<string> {
    const started = Date.now();
    const { status, text } = await ended;
    assert.equal(status, 0, text);
    console.log(`      ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return text;
  }

  pulumi(...args: string[]): string {
    return execFileSync("pulumi", [...args, "--non-interactive"], {
      cwd: this.copy.folder,
      env: this.variables(),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 64 * 1024 ** 2,
    });
  }

  /** As `npm run env` prints them. */
  private variables(): NodeJS.ProcessEnv {
    const text = execFileSync(process.execPath, this.commandLine("env"), {
      cwd: this.copy.folder,
      env: this.env,
      encoding: "utf8",
    });
    return {
      ...this.env,
      ...Object.fromEntries([...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, key, value]) => [key!, value!])),
    };
  }
}
