import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import { environmentDir } from "../../config/cache";
import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import type { LocalEnvironment } from "../../config/schema/settings";
import { type LocalServerInputs, serverDescription, serverFiles } from "../../components/local/layout";
import { natsServer } from "../../components/local/provider/binary";
import { behind, monitorOf, read } from "../../components/local/provider/monitor";
import { ensure } from "../../components/local/provider/ensure";
import { observe } from "../../components/local/provider/observe";
import { end } from "../../components/local/provider/process";
import { pollUntil } from "../../config/poll-until";
import { destroy } from "../../components/local/provider/stop";
import { localEnvironment } from "./accounts";
import { type Authority, issue, makeAuthority } from "./certificates";
import { requestMs, waitMs } from "./limits";
import { claimPorts } from "./ports";
import { testTool } from "./tools";

/** What a test's supercluster is like. */
export interface SuperclusterOptions {
  /** Default: iad, ams, syd. */
  regions?: string[];
  /** Servers a region. Default: 1. */
  servers?: 1 | 3 | 5;
  /** First port; 20 a region are taken. Default: a block that no other test has (`claimPorts`). */
  basePort?: number;
  /** Text of the accounts file. Default: `defaultAccounts`. */
  accounts?: string;
  /**
   * Which nats-server: the project's own, the newest of the line before, or the oldest that is supported. Default: what
   * the environment variable NATS_SERVER says, else the project's own.
   */
  version?: "pinned" | "previous" | "oldest";
  /** Changes of single settings. */
  settings?: Partial<LocalEnvironment>;
}

/** `sys` with user `admin`, `app` with JetStream and user `app`; each password is the user's name. */
export const defaultAccounts = `accounts {
  sys: { users: [ { user: admin, password: admin } ] }
  app: { jetstream: enabled, users: [ { user: app, password: app } ] }
}
`;

/**
 * Identity of a region, with real certificates, by default for a day; all regions of a supercluster can share it.
 *
 * @param authority that clients trust. Default: a new one
 */
export async function makeIdentity(days = 1, authority?: Authority): Promise<RegionIdentity> {
  const [clientCa, peerCa] = await Promise.all([
    authority ?? makeAuthority("clients", days),
    makeAuthority("peers", days),
  ]);
  return {
    clientCa: clientCa.cert,
    peerCa: peerCa.cert,
    server: await issue(clientCa, "server", { days }),
    peer: await issue(peerCa, "peer", { clientAuth: true, days }),
    jetstreamKey: "test-jetstream-key",
    users: {},
  };
}

let count = 0;

/**
 * A supercluster of real servers on this machine, in a temporary folder, with TLS, mTLS and encryption at rest.
 *
 * ```ts
 * before(async () => { cluster = await startSupercluster({ regions: ["iad"], servers: 3 }); });
 * after(() => cluster.stop());
 * ```
 */
export class Supercluster {
  /** The environment's name, no other one's in this process. */
  readonly environment = `test-${process.pid}-${++count}`;

  private constructor(
    readonly options: SuperclusterOptions & { basePort: number },
    readonly identity: RegionIdentity,
  ) {
    // Throws where a tool is missing, before there is anything to clean up.
    this.inputs();
    useTemporaryCache();
  }

  /** One whose servers do not run yet. */
  static async prepare(options: SuperclusterOptions = {}, identity?: RegionIdentity): Promise<Supercluster> {
    const basePort = options.basePort ?? (await claimPorts());
    return new Supercluster({ ...options, basePort }, identity ?? (await makeIdentity()));
  }

  /** Inputs of every server, by name; `change` says what a test wants otherwise. */
  inputs(change: SuperclusterOptions & { identity?: RegionIdentity } = {}): Record<string, LocalServerInputs> {
    const {
      regions = ["iad", "ams", "syd"],
      servers = 1,
      basePort,
      accounts,
      version = process.env.NATS_SERVER as SuperclusterOptions["version"],
      settings,
    } = { ...this.options, ...change };
    const environment = localEnvironment({
      regions,
      servers,
      storage: { file: "1GiB", memory: "64MiB" },
      ...settings,
      basePort,
    });
    const files = serverFiles(change.identity ?? this.identity, accounts ?? defaultAccounts, environment);
    const program =
      version === undefined || version === "pinned" ? {} : { program: testTool(`nats-server-${version}`) };
    const all = regions.flatMap((name) => {
      const region: RegionSpec = { name, environment: this.environment, settings: environment, accounts: [] };
      return Array.from({ length: servers }, (_, index) => ({
        ...serverDescription(region, index),
        ...files,
        ...program,
      }));
    });
    return Object.fromEntries(all.map((server) => [server.name, server]));
  }

  /** Brings all servers to the inputs, at once; done when they serve. */
  async ensure(inputs = this.inputs()): Promise<void> {
    await Promise.all(Object.values(inputs).map(ensure));
  }

  /** Waits until every server follows a meta leader with all servers as peers and is current. */
  async ready(inputs = this.inputs()): Promise<void> {
    const servers = Object.values(inputs);
    const ready = await pollUntil(async () => {
      const states = await Promise.all(servers.map(metaState));
      return states.every(({ healthy, peers }) => healthy && peers === servers.length) ? true : undefined;
    }, waitMs);
    if (!ready)
      throw new Error(
        `no meta group of ${servers.length}: ${JSON.stringify(await Promise.all(servers.map(metaState)))}`,
      );
  }

  /** URLs that clients of a region connect to. */
  urls(region?: string): string[] {
    return Object.values(this.inputs())
      .filter((server) => !region || server.region === region)
      .map(({ config }) => `tls://${config.listen}`);
  }

  /** Connects as a user whose password is its name. */
  async connect(user = "app", options: NodeConnectionOptions = {}): Promise<NatsConnection> {
    const tls = { ca: this.identity.clientCa };
    const made = await connect({ servers: this.urls(), user, pass: user, tls, timeout: waitMs, ...options });
    // The client's own default is 1 s.
    const request = made.request.bind(made);
    made.request = (subject, payload, more) => request(subject, payload, { timeout: requestMs, ...more });
    return made;
  }

  /** A connection that comes back, whatever happens to servers. */
  connectForever(user: string, servers = this.urls(), options: NodeConnectionOptions = {}): Promise<NatsConnection> {
    return this.connect(user, {
      ...options,
      servers,
      ignoreClusterUpdates: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      reconnectJitterTLS: 100,
    });
  }

  /**
   * Kills a server, by its name, as `kill -9` does; with SIGTERM it says goodbye to the others. `ensure` starts it
   * again.
   */
  async kill(name: string, signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const running = await observe(this.inputs()[name]!);
    if (running) await end(running.process, [signal, waitMs]);
  }

  /** Ends every server and removes all that it left. */
  async stop(): Promise<void> {
    await Promise.all(Object.values(this.inputs()).map(destroy));
    fs.rmSync(environmentDir(this.environment), { recursive: true, force: true });
    releaseTemporaryCache();
  }
}

/** Starts a supercluster and waits until it is ready. */
export async function startSupercluster({
  identity,
  ...options
}: SuperclusterOptions & { identity?: RegionIdentity } = {}): Promise<Supercluster> {
  const cluster = await Supercluster.prepare(options, identity);
  try {
    await cluster.ensure();
    await cluster.ready();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** What a server says of itself and of the meta group. */
export async function metaState(
  server: LocalServerInputs,
): Promise<{ healthy: boolean; leader?: string; peers?: number; offline?: string[] }> {
  const monitor = monitorOf(server, server.config);
  const [health, jsz] = await Promise.all([behind(monitor), read<Jsz>(monitor, "jsz")]);
  const meta = jsz?.meta_cluster;
  // Only a leader lists the others.
  const offline = meta?.replicas?.filter((replica) => replica.offline).map(({ name }) => name);
  return { healthy: health === undefined, leader: meta?.leader, peers: meta?.cluster_size, offline };
}

interface Jsz {
  meta_cluster?: { leader?: string; cluster_size?: number; replicas?: { name: string; offline?: boolean }[] };
}

let users = 0;
let previous: string | undefined;
let folder: string;

/** Nothing of a test may lie in the project's own cache; only the program comes from there. */
function useTemporaryCache(): void {
  const binary = natsServer();
  if (users++) return;
  previous = process.env.SUPERCLUSTER_CACHE;
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-")));
  fs.mkdirSync(path.join(folder, "bin"));
  fs.symlinkSync(binary, path.join(folder, "bin", "nats-server"));
  process.env.SUPERCLUSTER_CACHE = folder;
}

function releaseTemporaryCache(): void {
  if (--users) return;
  if (previous === undefined) delete process.env.SUPERCLUSTER_CACHE;
  else process.env.SUPERCLUSTER_CACHE = previous;
  fs.rmSync(folder, { recursive: true, force: true });
}
