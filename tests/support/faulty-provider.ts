import assert from "node:assert/strict";
import { pollUntil } from "../../config/poll-until";
import type { ConnectionSettings } from "../../components/jetstream/provider/settings";
import { Breakpoints } from "./breakpoints";
import { waitMs } from "./limits";
import { ProviderProcess } from "./provider-process";
import { lostAnswers, type ToxicProxy, type Toxiproxy } from "./toxiproxy";

/** A provider process that stops where it is told, and reaches each server through a proxy of its own. */
export class FaultyProvider {
  private constructor(
    private readonly config: Record<string, string>,
    private readonly proxies: ToxicProxy[],
    readonly breakpoints: Breakpoints,
    public process: ProviderProcess,
  ) {}

  static async start(toxiproxy: Toxiproxy, settings: ConnectionSettings): Promise<FaultyProvider> {
    const proxies: ToxicProxy[] = [];
    const regions = [];
    for (const region of settings.regions) {
      const own = await Promise.all(region.clientUrls.map((url) => toxiproxy.proxy(new URL(url).host)));
      proxies.push(...own);
      regions.push({ ...region, clientUrls: own.map(({ listen }) => `tls://${listen}`) });
    }
    const config = { "supercluster:connection": JSON.stringify({ ...settings, regions }) };
    const breakpoints = new Breakpoints();
    return new FaultyProvider(config, proxies, breakpoints, await ProviderProcess.start(config, breakpoints.env));
  }

  /** Answers get lost from now on, though requests arrive: from all servers, or one, by its number. */
  async loseAnswers(server?: number): Promise<void> {
    const proxies = server === undefined ? this.proxies : [this.proxies[server]!];
    await Promise.all(proxies.map((proxy) => proxy.addToxic({ ...lostAnswers, name: "lost-answers" })));
  }

  /** Ends its connections, and takes no new ones. */
  async cut(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.down()));
  }

  /** All proxies work again. */
  async recover(): Promise<void> {
    await Promise.all(
      this.proxies.map(async (proxy) => {
        await proxy.removeToxic("lost-answers").catch(() => undefined);
        await proxy.restore();
      }),
    );
  }

  /** Leaves it only one server, by number, and then all of them again: it stays there as long as that works. */
  async settleOn(server: number, works: (process: ProviderProcess) => Promise<boolean>): Promise<void> {
    await Promise.all(this.proxies.filter((_, index) => index !== server).map((proxy) => proxy.down()));
    assert.ok(
      await pollUntil(async () => (await works(this.process)) || undefined, waitMs),
      `it works with server ${server} alone`,
    );
    await this.recover();
  }

  isDead = false;

  /** Kills the process, as `kill -9` does, wherever it stands. */
  async kill(): Promise<void> {
    await this.process.stop();
    this.isDead = true;
  }

  /** A new process with the same settings. */
  async restart(): Promise<void> {
    this.breakpoints.reset();
    this.process = await ProviderProcess.start(this.config, this.breakpoints.env);
    this.isDead = false;
  }

  async stop(): Promise<void> {
    this.breakpoints.remove();
    await this.process.stop();
  }
}
