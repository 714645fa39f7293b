import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type ConsumerInfo, jetstream } from "@nats-io/jetstream";
import { MsgHdrsImpl, type NatsConnection } from "@nats-io/transport-node";
import { assetsOf } from "../../config/assets/assets";
import { deadLetterNames, replayDurable } from "../../workers/messaging/contract";
import { loginOf } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import type { ConsumerSpec, StreamSpec, TenantSpec } from "../../config/schema/tenant";
import { inboxPrefixOf } from "../../components/security/permissions";
import { connect, type ConsumerOptions } from "../../workers/messaging";
import { accountsText, ask, createConsumer, createStream, localEnvironment } from "./accounts";
import { waitMs } from "./limits";
import { patiently } from "./messages";
import { Supercluster } from "./nats";

/** What a worker of the tests does with a message: `id` is noted when it runs and when it is done. */
export interface Order {
  id: string;
  act?: "fail" | "kill";
  /** How long it takes. */
  ms?: number;
}

/** What a worker process is started with. */
export type WorkerOrders = Pick<
  ConsumerOptions<Order>,
  "stream" | "durable" | "replays" | "concurrency" | "attempts" | "spareDeliveries" | "grace" | "doubleAck"
> & { notes: string };

/** A stream with one durable; the stream's subjects begin with its name in lower case. */
export interface Place {
  stream?: Partial<StreamSpec>;
  consumer?: Partial<Extract<ConsumerSpec, { mode: "pull" }>>;
  push?: { deliverSubject: string; ackWait?: NonNullable<ConsumerSpec["ackWait"]> };
  /** Slots by lane, which is the last token of its subject; `new` is that of the worker's own durable. */
  lanes?: Record<string, number>;
}

const account = "shop";
const lower = (stream: string) => stream.toLowerCase();

/** Durable and user of a stream. */
export const workerOf = (stream: string): string => `${lower(stream)}-worker`;

/** Durable of a lane. */
export const laneDurable = (stream: string, lane: string): string =>
  lane === "new" ? workerOf(stream) : `${workerOf(stream)}-${lane}`;

/** A tenant with a stream, a durable and a user for each place, a user that publishes, and dead letters. */
function tenantOf(places: Record<string, Place>): TenantSpec {
  const names = Object.keys(places);
  const consumersOf = (stream: string, { consumer, push, lanes }: Place): Record<string, ConsumerSpec> => {
    const name = workerOf(stream);
    const how = { ackPolicy: "explicit", ackWait: "1s", deliverPolicy: "all" } as const;
    const common = { streams: [stream], ...how };
    if (push) return { [name]: { mode: "push", ...common, ...push } };
    const own: ConsumerSpec = { mode: "pull", attempts: 3, ...common, ...consumer };
    if (!lanes) return { [name]: own };
    const laneOf = (lane: string, slots: number): ConsumerSpec => ({
      ...own,
      filterSubjects: [`${lower(stream)}.${lane}`],
      metadata: { "lanes.slots": String(slots) },
    });
    return Object.fromEntries(
      Object.entries(lanes).map(([lane, slots]) => [laneDurable(stream, lane), laneOf(lane, slots)]),
    );
  };
  const consumers = names.map((name) => consumersOf(name, places[name]!));
  return {
    name: account,
    home: "iad",
    streams: Object.fromEntries(
      names.map((name) => [
        name,
        {
          subjects: [`${lower(name)}.>`],
          retention: "limits",
          storage: "file",
          replicas: 3,
          maxAge: "1d",
          maxBytes: "16MiB",
          discard: "old",
          ...places[name]!.stream,
        },
      ]),
    ),
    consumers: Object.assign({}, ...consumers) as TenantSpec["consumers"],
    users: {
      api: { publishes: names.flatMap((name) => [`${lower(name)}.>`, `replay.${name}.${workerOf(name)}`]) },
      ...Object.fromEntries(names.map((name, index) => [workerOf(name), { consumes: Object.keys(consumers[index]!) }])),
    },
    deadLetters: { maxBytes: "16MiB" },
  };
}

/** Servers with such a tenant, whose workers have the users that are derived, and nothing else. */
export class WorkerLab {
  private readonly processes: WorkerProcess[] = [];
  private readonly connections: NatsConnection[] = [];

  private constructor(
    readonly cluster: Supercluster,
    /** The account's administrator. */
    readonly provisioner: NatsConnection,
    /** May publish to every stream. */
    readonly api: NatsConnection,
    private readonly folder: string,
  ) {}

  static async start(places: Record<string, Place>, shape: { regions: string[]; servers: 1 | 3 }): Promise<WorkerLab> {
    const storage = { file: "4GiB", memory: "64MiB" } as const;
    const environment = localEnvironment({ ...shape, storage, jetstream: { jetstream: [account] } });
    const tenants = { [account]: tenantOf(places) };
    const accounts = accountsText(environment, tenants);
    const cluster = await Supercluster.prepare({ ...shape, accounts, settings: { storage } });
    try {
      await cluster.ensure();
      await cluster.ready();
      const as = (user: string) =>
        cluster.connect(loginOf(account, user), {
          inboxPrefix: inboxPrefixOf(user),
          maxReconnectAttempts: -1,
          reconnectTimeWait: 100,
        });
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-workers-"));
      const lab = new WorkerLab(cluster, await as("provisioner"), await as("api"), folder);
      const { streams, consumers } = assetsOf(environment, tenants);
      for (const asset of streams) await createStream(lab.provisioner, asset);
      for (const asset of consumers) await createConsumer(lab.provisioner, asset);
      return lab;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((worker) => worker.kill()));
    await Promise.all([this.provisioner, this.api, ...this.connections].map((connection) => connection.close()));
    await this.cluster.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** Environment variables of a user, for servers of a region. */
  environment(user: string, region?: string): Record<string, string> {
    const login = loginOf(account, user);
    return {
      NATS_URL: this.cluster.urls(region).join(","),
      NATS_USER: login,
      NATS_PASSWORD: login,
      NATS_CA: this.cluster.identity.clientCa,
      NATS_INBOX_PREFIX: inboxPrefixOf(user),
    };
  }

  /** Connects as the worker of a stream does. */
  async connectWorker(stream: string): Promise<NatsConnection> {
    const login = loginOf(account, workerOf(stream));
    const connection = await connect(
      {
        servers: this.cluster.urls(),
        user: login,
        password: login,
        ca: this.cluster.identity.clientCa,
        inboxPrefix: inboxPrefixOf(workerOf(stream)),
      },
      { name: workerOf(stream), log: quiet },
    );
    this.connections.push(connection);
    return connection;
  }

  /** Publishes orders, and waits until all are acknowledged. */
  async publish(stream: string, orders: Order[], lane = "new"): Promise<void> {
    const client = jetstream(this.api);
    for (let from = 0; from < orders.length; from += 50)
      await Promise.all(
        orders
          .slice(from, from + 50)
          .map((order) =>
            client.publish(`${lower(stream)}.${lane}`, JSON.stringify(order), { msgID: order.id, ...patiently }),
          ),
      );
  }

  /** Starts a process of the stream's worker, which waits until it is told to begin. */
  async worker(stream: string, orders: Partial<WorkerOrders> = {}, region?: string): Promise<WorkerProcess> {
    const notes = path.join(this.folder, stream);
    const place = { stream, durable: workerOf(stream), notes, ...orders };
    const started = await WorkerProcess.start(this.environment(workerOf(stream), region), place);
    this.processes.push(started);
    return started;
  }

  /** What the workers of a stream have noted: how often each order ran, and how often it was done. */
  notes(stream: string): { run: Map<string, number>; done: Map<string, number> } {
    const counts = { run: new Map<string, number>(), done: new Map<string, number>() };
    const file = path.join(this.folder, stream);
    for (const line of fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n") : []) {
      const [what, id] = line.split(" ");
      if (what !== "run" && what !== "done") continue;
      counts[what].set(id!, (counts[what].get(id!) ?? 0) + 1);
    }
    return counts;
  }

  /** Waits until a number of orders of a stream are done. */
  async untilDone(stream: string, count: number): Promise<void> {
    const isDone = () => this.notes(stream).done.size >= count;
    if (!(await pollUntil(isDone, waitMs)))
      throw new Error(`${this.notes(stream).done.size} of ${count} orders of ${stream} are done`);
  }

  async info(stream: string, durable = workerOf(stream)): Promise<ConsumerInfo> {
    return (await ask(this.provisioner, `CONSUMER.INFO.${stream}.${durable}`)) as unknown as ConsumerInfo;
  }

  /** Waits until nothing of a durable is without an acknowledgement. */
  async untilAcknowledged(stream: string): Promise<void> {
    const isDone = async () => {
      const { num_pending, num_ack_pending } = await this.info(stream);
      return num_pending + num_ack_pending === 0;
    };
    if (!(await pollUntil(isDone, waitMs)))
      throw new Error(`${stream}: ${JSON.stringify(await this.info(stream))} is not acknowledged`);
  }

  /** The dead letters of a stream. */
  async deadLetters(stream: string): Promise<Copy[]> {
    const found: Copy[] = [];
    for (let seq = 1; ;) {
      const query = { seq, next_by_subj: `dead.${stream}.>` };
      const next = await ask(this.provisioner, "STREAM.MSG.GET.DEAD_LETTERS", query).catch((error: Error) => {
        if (error.message.includes("10037")) return undefined;
        throw error;
      });
      if (!next) return found;
      const message = next.message as { subject: string; seq: number; data?: string; hdrs: string };
      found.push({
        subject: message.subject,
        headers: MsgHdrsImpl.decode(Buffer.from(message.hdrs, "base64")),
        body: Buffer.from(message.data ?? "", "base64").toString(),
      });
      seq = message.seq + 1;
    }
  }
}

/** A dead letter. */
export interface Copy {
  subject: string;
  headers: MsgHdrsImpl;
  body: string;
}

/** Where the worker of a stream reads what is processed again. */
export const replaysOf = (stream: string) => ({
  stream: deadLetterNames.replays as string,
  durable: replayDurable(stream, workerOf(stream)),
});

/** One process of a worker. */
export class WorkerProcess {
  private constructor(private readonly child: ChildProcess) {}

  static async start(env: Record<string, string>, orders: WorkerOrders): Promise<WorkerProcess> {
    const child = fork(path.join(__dirname, "worker-process.ts"), {
      cwd: path.join(__dirname, "..", ".."),
      execArgv: ["-r", "./tools/runtime.cjs"],
      // The cache of the test has no transpiled files.
      env: { ...process.env, SUPERCLUSTER_CACHE: undefined, ...env, TEST_WORKER: JSON.stringify(orders) },
    });
    await Promise.race([once(child, "message"), ended(child, "before it was connected")]);
    return new WorkerProcess(child);
  }

  /** Begins to take messages. */
  async go(): Promise<void> {
    const started = once(this.child, "message");
    this.child.send("go");
    await Promise.race([started, ended(this.child, "before it took messages")]);
  }

  /** Resolves when it has ended, with its exit code or signal. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return this.child.exitCode ?? this.child.signalCode;
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | NodeJS.Signals | null> {
    this.child.kill(signal);
    return this.ended();
  }
}

/** Rejects when a process ends. */
async function ended(child: ChildProcess, when: string): Promise<never> {
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  throw new Error(`the worker ended ${when}: ${code ?? signal}`);
}

/** A log for tests that look at what happens instead. */
export const quiet = { debug() {}, info() {}, warn() {}, error() {} };
