import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "./limits";
import { blockSize, claimPorts } from "./ports";
import { testTool } from "./tools";

/** What a proxy does to what passes it: https://github.com/Shopify/toxiproxy#toxics */
export interface Toxic {
  /** Default: type and direction. */
  name?: string;
  type: "latency" | "bandwidth" | "slow_close" | "timeout" | "reset_peer" | "slicer" | "limit_data";
  /** What clients send, or what they get (default). */
  stream?: "upstream" | "downstream";
  /** Times in ms, sizes in bytes, rates in KB/s. */
  attributes: Record<string, number>;
}

/** Requests arrive, answers get lost. Taking it away ends the connections: a stream with a hole in it is of no use. */
export const lostAnswers: Toxic = { type: "timeout", stream: "downstream", attributes: { timeout: 0 } };

/** A toxiproxy-server with any number of proxies. */
export class Toxiproxy {
  private count = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly api: string,
    /** The next ones are the proxies': a port that the system chose could be taken while its proxy is down. */
    private readonly port: number,
  ) {}

  static async start(): Promise<Toxiproxy> {
    const port = await claimPorts();
    const child = spawn(testTool("toxiproxy-server"), ["-host", "127.0.0.1", "-port", String(port)], {
      stdio: "ignore",
    });
    await once(child, "spawn");
    const started = new Toxiproxy(child, `http://127.0.0.1:${port}`, port);
    if (await pollUntil(() => call("GET", `${started.api}/version`).catch(() => undefined), waitMs)) return started;
    await started.stop();
    throw new Error(`toxiproxy-server does not answer on port ${port}`);
  }

  /** Makes a proxy to an address, `host:port`. */
  async proxy(upstream: string): Promise<ToxicProxy> {
    const name = `${upstream}-${++this.count}`;
    if (this.count >= blockSize) throw new Error(`a toxiproxy has ports for ${blockSize - 1} proxies`);
    const address = `127.0.0.1:${this.port + this.count}`;
    const { listen } = await call("POST", `${this.api}/proxies`, { name, listen: address, upstream });
    return new ToxicProxy(`${this.api}/proxies/${name}`, listen!);
  }

  async stop(): Promise<void> {
    if (this.child.kill("SIGKILL")) await once(this.child, "exit");
  }
}

/** A proxy between clients and one address. */
export class ToxicProxy {
  constructor(
    private readonly api: string,
    /** `host:port` that clients connect to; stays the same. */
    readonly listen: string,
  ) {}

  /** Ends all connections and takes no new ones. */
  down = (): Promise<unknown> => call("PATCH", this.api, { enabled: false });
  /** Takes connections again. */
  restore = (): Promise<unknown> => call("PATCH", this.api, { enabled: true });
  /** Adds a toxic, also for connections that are there; returns its name. */
  addToxic = async (toxic: Toxic): Promise<string> => (await call("POST", `${this.api}/toxics`, toxic)).name!;
  removeToxic = (name: string): Promise<unknown> => call("DELETE", `${this.api}/toxics/${name}`);
}

async function call(method: string, url: string, body?: object): Promise<{ name?: string; listen?: string }> {
  const response = await fetch(url, { method, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return JSON.parse(text || "{}") as { name?: string; listen?: string };
}
