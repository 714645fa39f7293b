import assert from "node:assert/strict";
import * as fs from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { pollUntil } from "../../config/poll-until";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import { environments } from "../../config/schema/settings";
import { type ServerAddresses, serversOf } from "../../config/topology";
import { absenceIn } from "./absence";
import { Deployment } from "./deployment";
import { waitMs } from "./limits";
import { Publisher } from "./publisher";

/** A deployment whose regions come and go, under publishers. */
export class Regions {
  private publishers: { publisher: Publisher; stream: string }[] = [];

  private constructor(readonly deployment: Deployment) {}

  static async prepare(tenants: string[], settings: { regions: string[]; servers: 1 | 3 }): Promise<Regions> {
    const made = new Regions(await Deployment.prepare(tenants));
    for (const region of made.environment().regions.filter((known) => !settings.regions.includes(known)))
      fs.rmSync(made.deployment.path(`Pulumi.local-${region}.yaml`));
    made.deployment.set(settings);
    made.deployment.useTenants(tenants, settings.regions);
    return made;
  }

  /** Servers of the regions that the settings have now. */
  servers(regions = this.environment().regions) {
    return regions.flatMap((region) => serversOf(this.environment(), region));
  }

  /**
   * Starts it as it is set. Returns what was said, and which of the servers that were there restarted: one after
   * another.
   */
  async start(): Promise<{ status: number | null; text: string; restarted: string[] }> {
    const before = await startTimes(this.servers());
    const result = await this.deployment.meanwhile("start");
    const after = await startTimes(this.servers());
    const restarted = [...before.keys()].filter((name) => after.get(name) !== before.get(name)).sort();
    const absences = restarted.map((name) => this.absence(name)).sort((one, other) => one.from - other.from);
    absences
      .slice(1)
      .forEach(({ name, from }, index) =>
        assert.ok(from > absences[index]!.to, `${name} stops when ${absences[index]!.name} serves again`),
      );
    return { ...result, restarted };
  }

  /** Starts it with regions that are new, whose files are written as it says. */
  async grow(regions: string[]): Promise<{ text: string; restarted: string[] }> {
    this.deployment.set({ regions });
    const refused = this.deployment.cli("start");
    assert.equal(refused.status, 2, refused.text);
    const missing = [
      ...refused.text.matchAll(/(Pulumi\.local-\w+\.yaml): is missing; write it with this content:\n((?: {6}.*\n)+)/g),
    ];
    for (const [, file, content] of missing)
      fs.writeFileSync(this.deployment.path(file!), content!.replace(/^ {6}/gm, ""));
    const { status, ...rest } = await this.start();
    assert.equal(status, 0, rest.text);
    return rest;
  }

  /** `pauseMs`: between two messages. */
  async publish(account: string, user: string, stream: string, subject: string, pauseMs?: number): Promise<Publisher> {
    const reader = await this.deployment.client("iad", account, "provisioner");
    const publisher = new Publisher(await this.deployment.client("iad", account, user), reader);
    await publisher.start(stream, subject, { pauseMs });
    this.publishers.push({ publisher, stream });
    return publisher;
  }

  /** Nothing that was acknowledged is lost, and more is since the last time. */
  async nothingLost(): Promise<void> {
    for (const { publisher, stream } of this.publishers) {
      const before = publisher.count(stream);
      await pollUntil(() => publisher.count(stream) > before, waitMs);
      assert.ok(publisher.count(stream) > before, `${stream} takes messages`);
      assert.deepEqual(await publisher.lost(stream), [], stream);
    }
  }

  /** Every server has a gateway to every other region and to no more, and counts all servers as its meta group. */
  async meshIsComplete(): Promise<void> {
    const { regions } = this.environment();
    const all = this.servers();
    for (const { name, monitor } of all) {
      const get = async <T>(what: string) => (await (await fetch(`${monitor}/${what}`)).json()) as T;
      const mesh = async () => {
        const { outbound_gateways: gateways = {} } = await get<{ outbound_gateways?: object }>("gatewayz");
        const { meta_cluster: meta } = await get<{ meta_cluster: { leader: string; cluster_size: number } }>("jsz");
        return {
          to: Object.keys(gateways).sort(),
          size: meta.cluster_size,
          follows: all.some((server) => server.name === meta.leader) ? "a server" : meta.leader,
        };
      };
      const to = regions.filter((region) => !name.startsWith(region)).sort();
      const complete = { to, size: all.length, follows: "a server" };
      // The meta group may elect a leader, or a gateway connect again, at any moment.
      const found = await snapshotUntil(mesh, (one) => isDeepStrictEqual(one, complete), waitMs);
      assert.deepEqual(found, complete, name);
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.publishers.map(({ publisher }) => publisher.stop()));
    await this.deployment.remove();
  }

  private absence(name: string): { name: string; from: number; to: number } {
    return { name, ...absenceIn(`${this.deployment.copy.cache}/environments/local/${name.slice(0, -2)}/${name}`) };
  }

  environment() {
    const { config } = parse(fs.readFileSync(this.deployment.path("Pulumi.yaml"), "utf8")) as {
      config: { environments: { default: unknown } };
    };
    return environments.parse(config.environments.default).local!;
  }
}

type Server = Pick<ServerAddresses, "name" | "monitor">;

/** When each server was started, of those that run. */
async function startTimes(servers: Server[]): Promise<Map<string, string>> {
  const all = await Promise.all(
    servers.map(async ({ name, monitor }) => {
      const varz = (await fetch(`${monitor}/varz`).then(
        (answer) => answer.json(),
        () => undefined,
      )) as { start: string } | undefined;
      return varz ? [[name, varz.start] as const] : [];
    }),
  );
  return new Map(all.flat());
}
