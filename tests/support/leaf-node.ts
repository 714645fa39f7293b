import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { natsServer } from "../../components/local/provider/binary";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "./limits";

/** What a leaf node logs in with, and where. */
export interface Hub {
  /** `host:port` that hubs listen on for leaf nodes. */
  address: string;
  /** PEM of the authority that signed their certificate. */
  ca: string;
  /** The password is the same. */
  login: string;
}

/** A nats-server elsewhere: a leaf node with a JetStream of its own, in domain `edge`, and one account, `site`. */
export class LeafNode {
  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly server: ChildProcess,
    private readonly line: Line,
  ) {}

  /** @param port on 127.0.0.1, for its own clients */
  static async start(port: number, hub: Hub): Promise<LeafNode> {
    const line = await Line.to(hub.address);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-leaf-"));
    fs.writeFileSync(path.join(folder, "ca.crt"), hub.ca);
    const config = {
      ...{ server_name: `edge-${port}`, listen: `127.0.0.1:${port}` },
      jetstream: { store_dir: path.join(folder, "data"), domain: "edge", max_file_store: 64 * 1024 ** 2 },
      leafnodes: {
        reconnect: "1s",
        remotes: [
          {
            url: `nats-leaf://${hub.login}:${hub.login}@127.0.0.1:${line.port}`,
            account: "site",
            tls: { ca_file: path.join(folder, "ca.crt"), timeout: 10 },
          },
        ],
      },
      accounts: { site: { jetstream: "enabled", users: [{ user: "site", password: "site" }] } },
    };
    fs.writeFileSync(path.join(folder, "nats.conf"), JSON.stringify(config), { mode: 0o600 });
    const log = fs.openSync(path.join(folder, "server.log"), "a");
    const server = spawn(natsServer(), ["-c", path.join(folder, "nats.conf")], { stdio: ["ignore", log, log] });
    fs.closeSync(log);
    return new LeafNode(folder, port, server, line);
  }

  /** What it has logged. */
  log(): string {
    return fs.readFileSync(path.join(this.folder, "server.log"), "utf8");
  }

  /** A client of the leaf node itself. */
  async connect(inboxPrefix?: string): Promise<NatsConnection> {
    const options = { servers: `127.0.0.1:${this.port}`, user: "site", pass: "site", inboxPrefix };
    const found = await pollUntil(() => connect(options).catch(() => undefined), waitMs);
    if (!found) throw new Error(`the leaf node does not serve: ${this.log()}`);
    return found;
  }

  /** Cuts it off from its hub until it is joined again. */
  cutOff(): Promise<void> {
    return this.line.close();
  }

  join(): Promise<void> {
    return this.line.open();
  }

  async stop(): Promise<void> {
    if (this.server.exitCode === null && this.server.kill("SIGKILL")) await once(this.server, "exit");
    await this.line.close();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A line that can be cut: a port of 127.0.0.1 whose connections go to another address. */
class Line {
  private server?: net.Server;
  private readonly sockets = new Set<net.Socket>();
  port = 0;

  private constructor(private readonly address: string) {}

  static async to(address: string): Promise<Line> {
    const line = new Line(address);
    await line.open();
    return line;
  }

  async open(): Promise<void> {
    const [host, port] = this.address.split(":");
    this.server = net.createServer((near) => {
      const far = net.connect({ host, port: Number(port) });
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.once("error", () => socket.destroy());
        socket.once("close", () => [near, far].forEach((one) => one.destroy()));
      }
    });
    this.server.listen({ host: "127.0.0.1", port: this.port });
    await once(this.server, "listening");
    this.port = (this.server.address() as net.AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = this.server?.listening ? once(this.server, "close") : undefined;
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    await closed;
  }
}
