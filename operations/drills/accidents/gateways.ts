import { restartChanged, restore, current, running } from "../../../components/local/provider/disturb";
import { executable } from "../../../components/local/provider/binary";
import { monitorOf, read } from "../../../components/local/provider/monitor";
import type { ServerName } from "../../../components/local/provider/record";
import { pollUntil } from "../../../config/poll-until";
import { CannotSimulate, Failure } from "../../../engine/failure";
import type { Gatewayz } from "../../../jetstream/monitoring";
import type { Accident, DrillContext, Prepare } from "../drill";
import { type Toxic, type ToxicProxy, Toxiproxy } from "../toxiproxy";

/** A port that nothing listens on: what servers tell each other of their gateways leads nowhere. */
const closed = "127.0.0.1:1";
/** Other regions still tell where the gateways really are. A server that goes around is restarted, as often as this. */
const attempts = 5;
/** Of each server: servers try the addresses that they know in any order, so most of these should be proxies. */
const proxiesEach = 8;
const connectMs = 30_000;
/** In milliseconds. A server leaves a connection without an answer after some minutes, and may go around then. */
const longest = 60_000;
/** More in each direction, in milliseconds. */
const delayMs = 250;

const both = (type: Toxic["type"], attributes: Toxic["attributes"]): Toxic[] =>
  (["upstream", "downstream"] as const).map((stream) => ({ type, stream, attributes }));

/** Nothing passes, and connections are not closed. */
export const gatewayCut: Prepare = (context) => betweenRegions(context, both("timeout", { timeout: 0 }));

export const gatewaySlow: Prepare = (context) => betweenRegions(context, both("latency", { latency: delayMs }));

/** Puts proxies before each gateway of two regions, for those of the other one. */
async function betweenRegions(context: DrillContext, toxics: Toxic[]): Promise<Accident> {
  const { home, other } = context;
  if (!other) throw new CannotSimulate("this drill needs a second region");
  if (context.holdMs > longest) throw new CannotSimulate(`this drill lasts at most ${longest / 1_000} s (--hold)`);
  const toxiproxy = await Toxiproxy.start(toxiproxyServer());
  const proxies: ToxicProxy[] = [];
  const servers = [...context.serversIn(home), ...context.serversIn(other)];
  const throughProxies = async (from: string, to: string) => {
    const byServer = await Promise.all(
      context.serversIn(to).map(async (server) => {
        const { config } = (await running(server)).record.applied;
        return Promise.all(Array.from({ length: proxiesEach }, () => toxiproxy.proxy(config.gateway.listen)));
      }),
    );
    const made = byServer.flat();
    proxies.push(...made);
    const urls = made.map(({ listen }) => `tls://${listen}`);
    const ports = new Set(made.map(({ listen }) => Number(listen.split(":").at(-1))));
    const restart = async (server: ServerName) => {
      context.progress(`${server.name}: restarting, with its gateways to ${to} through proxies`);
      await restartChanged(server, (config) => ({
        ...config,
        gateway: {
          ...config.gateway,
          advertise: closed,
          gateways: config.gateway.gateways.map((gateway) => (gateway.name === to ? { ...gateway, urls } : gateway)),
        },
      }));
      await current(server);
    };
    for (const server of context.serversIn(from)) await restart(server);
    /** Restarts those that do not reach the region through the proxies; returns their names. */
    return async () => {
      const around: ServerName[] = [];
      for (const server of context.serversIn(from)) if (!ports.has(await gatewayPort(server, to))) around.push(server);
      for (const server of around) await restart(server);
      return around.map(({ name }) => name);
    };
  };
  try {
    const [ofHome, ofOther] = [await throughProxies(home, other), await throughProxies(other, home)];
    // A restart makes those of the other region connect again.
    for (let attempt = 1; ; attempt++) {
      const around = [...(await ofHome()), ...(await ofOther())];
      if (around.length === 0) break;
      if (attempt === attempts)
        throw new Failure(`gateways of ${around.join(", ")} went around the proxies; run the drill again`);
    }
  } catch (error) {
    await toxiproxy.stop();
    throw error;
  }
  const added: { proxy: ToxicProxy; name: string }[] = [];
  return {
    async begin() {
      context.note(`between ${home} and ${other}: ${toxics[0]!.type} ${JSON.stringify(toxics[0]!.attributes)}`);
      await Promise.all(
        proxies.flatMap((proxy) =>
          toxics.map(async (toxic) => added.push({ proxy, name: await proxy.addToxic(toxic) })),
        ),
      );
    },
    async undo() {
      await Promise.all(added.splice(0).map(({ proxy, name }) => proxy.removeToxic(name)));
    },
    async finish() {
      context.progress(`restarting ${servers.map(({ name }: ServerName) => name).join(", ")} with their settings`);
      await restore(servers).finally(() => toxiproxy.stop());
    },
  };
}

/** The port that a server's gateway to a region is connected to; 0: to none. */
async function gatewayPort(server: ServerName, region: string): Promise<number> {
  const { config } = (await running(server)).record.applied;
  const port = async () => {
    const gatewayz = await read<Gatewayz>(monitorOf(server, config), "gatewayz");
    return gatewayz?.outbound_gateways?.[region]?.connection?.port;
  };
  return (await pollUntil(port, connectMs, 250)) ?? 0;
}

function toxiproxyServer(): string {
  try {
    return executable("toxiproxy-server", "toxiproxy");
  } catch (error) {
    throw new CannotSimulate((error as Error).message);
  }
}
