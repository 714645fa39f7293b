import { restartChanged, restore, current, running } from "../../../components/local/provider/disturb";
import { executable } from "../../../components/local/provider/binary";
import type { ServerName } from "../../../components/local/provider/record";
import { CannotSimulate } from "../../../engine/failure";
import type { Accident, DrillContext, Prepare } from "../drill";
import { type Toxic, type ToxicProxy, Toxiproxy } from "../toxiproxy";

/** A port that nothing listens on: what servers tell each other of their gateways leads nowhere. */
const closed = "127.0.0.1:1";
/** More in each direction, in milliseconds. */
const delayMs = 250;

const both = (type: Toxic["type"], attributes: Toxic["attributes"]): Toxic[] =>
  (["upstream", "downstream"] as const).map((stream) => ({ type, stream, attributes }));

/** Nothing passes, and connections are not closed. */
export const gatewayCut: Prepare = (context) => betweenRegions(context, both("timeout", { timeout: 0 }));

export const gatewaySlow: Prepare = (context) => betweenRegions(context, both("latency", { latency: delayMs }));

/** Puts a proxy before each gateway of two regions, for those of the other one. */
async function betweenRegions(context: DrillContext, toxics: Toxic[]): Promise<Accident> {
  const { home, other } = context;
  if (!other) throw new CannotSimulate("this drill needs a second region");
  const toxiproxy = await Toxiproxy.start(toxiproxyServer());
  const proxies: ToxicProxy[] = [];
  const servers = [...context.serversIn(home), ...context.serversIn(other)];
  const throughProxies = async (from: string, to: string) => {
    const made = await Promise.all(
      context.serversIn(to).map(async (server) => {
        const { config } = (await running(server)).record.applied;
        return toxiproxy.proxy(config.gateway.listen);
      }),
    );
    proxies.push(...made);
    const urls = made.map(({ listen }) => `tls://${listen}`);
    for (const server of context.serversIn(from)) {
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
    }
  };
  try {
    await throughProxies(home, other);
    await throughProxies(other, home);
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

function toxiproxyServer(): string {
  try {
    return executable("toxiproxy-server", "toxiproxy");
  } catch (error) {
    throw new CannotSimulate((error as Error).message);
  }
}
