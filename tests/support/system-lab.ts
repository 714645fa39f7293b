import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type ConsumerInfo } from "@nats-io/jetstream";
import { MsgHdrsImpl, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import { accountsOf } from "../../components/security/accounts";
import { assetsOf } from "../../config/assets/assets";
import { provisioner } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import type { TenantSpec } from "../../config/schema/tenant";
import { accountsText, ask, createAssets, localEnvironment } from "./accounts";
import { waitMs } from "./limits";
import { startSupercluster, type Supercluster } from "./nats";
import { claimPorts } from "./ports";
import { projectFolder } from "./project-copy";

/** Waits for a condition. */
export const until = async <T>(
  what: string | (() => string),
  find: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> =>
  (await pollUntil(find, waitMs, 100)) ??
  assert.fail(`not within ${waitMs} ms: ${typeof what === "string" ? what : what()}`);

/** A message that a stream has. */
export interface Stored {
  subject: string;
  seq: number;
  body: string;
  headers: MsgHdrsImpl;
}

/** Real servers with the account of one system: its streams, durables and users, as they are derived. */
export class SystemLab {
  private constructor(
    readonly cluster: Supercluster,
    private readonly tenant: TenantSpec,
    /** Of the next health server. */
    private port: number,
    private readonly users: { login: string; inboxPrefix: string }[],
    /** The account's administrator. */
    readonly administrator: NatsConnection,
  ) {}

  static async start(tenant: TenantSpec): Promise<SystemLab> {
    // Two, because a server all alone elects no meta leader.
    const environment = localEnvironment({
      ...{ regions: ["iad", "ams"], servers: 1, jetstreamDomain: "global" },
      jetstream: { jetstream: [tenant.name] },
    });
    const tenants = { [tenant.name]: tenant };
    const { streams, consumers } = assetsOf(environment, tenants);
    const users = accountsOf(environment, tenants).flatMap((account) => account.users);
    const cluster = await startSupercluster({
      regions: environment.regions,
      servers: environment.servers,
      accounts: accountsText(environment, tenants),
      settings: environment,
    });
    const { login, inboxPrefix } = users.find((user) => user.login === `${tenant.name}-${provisioner}`)!;
    const administrator = await cluster.connect(login, {
      inboxPrefix,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    const origins = streams.filter(({ mirrorOf }) => !mirrorOf);
    await createAssets(administrator, { streams: origins, consumers }, tenant.name);
    return new SystemLab(cluster, tenant, await claimPorts(), users, administrator);
  }

  async stop(): Promise<void> {
    await this.administrator.close();
    await this.cluster.stop();
  }

  /** Connects as a user of the tenant. */
  connect(user: string, options: NodeConnectionOptions = {}): Promise<NatsConnection> {
    const { login, inboxPrefix } = this.user(user);
    return this.cluster.connect(login, { inboxPrefix, reconnect: false, ...options });
  }

  /** What the process of a user connects with. */
  variables(user: string): Record<string, string> {
    const { login, inboxPrefix } = this.user(user);
    return {
      NATS_URL: this.cluster.urls().join(","),
      NATS_USER: login,
      NATS_PASSWORD: login,
      NATS_INBOX_PREFIX: inboxPrefix,
      NATS_CA: this.cluster.identity.clientCa,
    };
  }

  /** Starts a worker of the tenant as a process of its own, as the user of its name unless another is given. */
  worker(name: string, variables: Record<string, string> = {}, user = name): SystemWorker {
    return new SystemWorker(this.tenant.name, name, { ...this.variables(user), ...variables }, this.port++);
  }

  async info(stream: string, durable: string): Promise<ConsumerInfo> {
    return (await ask(this.administrator, `CONSUMER.INFO.${stream}.${durable}`)) as unknown as ConsumerInfo;
  }

  /** Waits until durables have no message left, delivered or not. */
  async untilDone(durables: Readonly<Record<string, string>>): Promise<void> {
    await until("nothing waits", async () => {
      const infos = await Promise.all(Object.entries(durables).map(([durable, stream]) => this.info(stream, durable)));
      return infos.every((info) => info.num_pending === 0 && info.num_ack_pending === 0);
    });
  }

  /** The messages of a stream, or those of its subjects that a filter matches, in order. */
  async stored(stream: string, filter = ">"): Promise<Stored[]> {
    const found: Stored[] = [];
    for (let seq = 1; ;) {
      const query = { seq, next_by_subj: filter };
      const next = await ask(this.administrator, `STREAM.MSG.GET.${stream}`, query).catch((error: Error) => {
        if (error.message.includes("10037")) return undefined;
        throw error;
      });
      if (!next) return found;
      const message = next.message as { subject: string; seq: number; data?: string; hdrs?: string };
      const decode = (text = "") => Buffer.from(text, "base64");
      found.push({
        subject: message.subject,
        seq: message.seq,
        body: decode(message.data).toString(),
        headers: message.hdrs ? MsgHdrsImpl.decode(decode(message.hdrs)) : new MsgHdrsImpl(),
      });
      seq = message.seq + 1;
    }
  }

  private user(name: string) {
    return this.users.find(({ login }) => login === `${this.tenant.name}-${name}`)!;
  }
}

/** A worker as a process, and every line that it wrote. */
export class SystemWorker {
  readonly lines: string[] = [];

  readonly child: ChildProcess;

  constructor(
    system: string,
    readonly name: string,
    variables: Record<string, string>,
    private readonly port: number,
  ) {
    this.child = spawn(process.execPath, ["-r", "./tools/runtime.cjs", `workers/${system}/main.ts`, name], {
      cwd: projectFolder,
      env: { ...process.env, ...variables, HEALTH_PORT: String(port), SHUTDOWN_GRACE: "20s" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      createInterface({ input: stream }).on("line", (line) => this.lines.push(line));
  }

  /** Asks its health server; `undefined` where it does not answer. */
  async ask(path: "/healthz" | "/readyz" | "/metrics"): Promise<{ code: number; body: string } | undefined> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`).catch(() => undefined);
    return answer && { code: answer.status, body: await answer.text() };
  }

  async ready(): Promise<void> {
    await until(
      () => `${this.name} is ready:\n${this.lines.join("\n")}`,
      async () => {
        assert.equal(this.child.exitCode, null, this.lines.join("\n"));
        return (await this.ask("/readyz"))?.code === 200;
      },
    );
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill(signal);
      await once(this.child, "exit");
    }
    return this.child.exitCode;
  }

  /** Ends it as an operator does; returns its exit code. */
  stop(): Promise<number | null> {
    return this.kill("SIGTERM");
  }
}
