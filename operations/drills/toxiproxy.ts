import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { executable } from "../../components/local/provider/binary";
import { freePort } from "../../components/local/provider/ports";
import { pollUntil } from "../../config/poll-until";

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

const startMs = 30_000;

/** A toxiproxy-server with any number of proxies; it ends with this process. */
export class Toxiproxy {
  private count = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly api: string,
    private readonly ports?: Ports,
  ) {}

  /** @param ports of its API and its proxies. Default: free ones; while a proxy is down its port may be taken. */
  static async start(program = executable("toxiproxy-server", "toxiproxy"), ports?: Ports): Promise<Toxiproxy> {
    const port = ports?.first ?? (await freePort());
    const child = spawn(program, ["-host", "127.0.0.1", "-port", String(port)], { stdio: "ignore" });
    await once(child, "spawn");
    const started = new Toxiproxy(child, `http://127.0.0.1:${port}`, ports);
    if (await pollUntil(() => call("GET", `${started.api}/version`).catch(() => undefined), startMs)) return started;
    await started.stop();
    throw new Error(`toxiproxy-server does not answer on port ${port}`);
  }

  /** Makes a proxy to an address, `host:port`. */
  async proxy(upstream: string): Promise<ToxicProxy> {
    const name = `${upstream}-${++this.count}`;
    if (this.ports && this.count >= this.ports.count)
      throw new Error(`a toxiproxy has ports for ${this.ports.count - 1} proxies`);
    const address = `127.0.0.1:${this.ports ? this.ports.first + this.count : 0}`;
    const { listen } = await call("POST", `${this.api}/proxies`, { name, listen: address, upstream });
    return new ToxicProxy(`${this.api}/proxies/${name}`, listen!);
  }

  async stop(): Promise<void> {
    if (this.child.kill("SIGKILL")) await once(this.child, "exit");
  }
}

/** A block of ports on 127.0.0.1. */
interface Ports {
  first: number;
  count: number;
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
  const response = await fetch(url, {
    method,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(startMs),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return JSON.parse(text || "{}") as { name?: string; listen?: string };
}
