import assert from "node:assert/strict";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { parse } from "yaml";
import { environments } from "../../config/schema/settings";
import { type ServerAddresses, serversOf } from "../../config/topology";
import { ask } from "../support/accounts";
import { Deployment } from "../support/deployment";
import { Publisher } from "../support/publisher";

const basePort = 30500;

/** A deployment whose regions come and go, under publishers. */
class Regions {
  readonly deployment: Deployment;
  private publishers: { publisher: Publisher; stream: string }[] = [];

  constructor(tenants: string[], settings: { regions: string[]; servers: 1 | 3 }) {
    this.deployment = new Deployment(basePort, tenants);
    for (const region of this.environment().regions.filter((known) => !settings.regions.includes(known)))
      fs.rmSync(this.deployment.path(`Pulumi.local-${region}.yaml`));
    this.deployment.set(settings);
  }

  /** Servers of the regions that the settings have now. */
  servers(regions = this.environment().regions) {
    return regions.flatMap((region) => serversOf(this.environment(), region));
  }

  /** Starts it as it is set. Returns what was said, and which of the servers that were there restarted: one after another. */
  async start(): Promise<{ status: number | null; text: string; restarted: string[] }> {
    const before = await startTimes(this.servers());
    const result = await this.deployment.meanwhile("start");
    const after = await startTimes(this.servers());
    const restarted = [...before.keys()].filter((name) => after.get(name) !== before.get(name)).sort();
    const absences = restarted
      .map((name) => this.absence(name))
      .sort((one, other) => one.from.localeCompare(other.from));
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

  async publish(account: string, user: string, stream: string, subject: string): Promise<void> {
    const reader = await this.deployment.client("iad", account, "provisioner");
    const publisher = new Publisher(await this.deployment.client("iad", account, user), reader);
    await publisher.start(stream, subject);
    this.publishers.push({ publisher, stream });
  }

  /** Nothing that was acknowledged is lost, and more is since the last time. */
  async nothingLost(): Promise<void> {
    for (const { publisher, stream } of this.publishers) {
      const before = publisher.count(stream);
      for (const deadline = Date.now() + 10_000; publisher.count(stream) === before && Date.now() < deadline;)
        await sleep(50);
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
      const { outbound_gateways: gateways = {} } = await get<{ outbound_gateways?: object }>("gatewayz");
      assert.deepEqual(Object.keys(gateways).sort(), regions.filter((region) => !name.startsWith(region)).sort(), name);
      const { meta_cluster: meta } = await get<{ meta_cluster: { leader: string; cluster_size: number } }>("jsz");
      assert.equal(meta.cluster_size, all.length, name);
      assert.ok(
        all.some((server) => server.name === meta.leader),
        `${name} follows ${meta.leader}`,
      );
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.publishers.map(({ publisher }) => publisher.stop()));
    await this.deployment.remove();
  }

  /** From when to when a restarted server served nobody, by its logs. */
  private absence(name: string): { name: string; from: string; to: string } {
    const folder = `${this.deployment.copy.cache}/environments/local/${name.slice(0, -2)}/${name}`;
    const at = (file: string, what: string) => {
      const line = fs
        .readFileSync(`${folder}/${file}`, "utf8")
        .split("\n")
        .find((one) => one.includes(what));
      return /\] (\S+ \S+) \[INF\]/.exec(line ?? "")![1]!;
    };
    return { name, from: at("server.log.1", "Entering lame duck mode"), to: at("server.log", "Server is ready") };
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

describe("one region that grows, with all tenants and three servers a region", function () {
  this.timeout(240_000);
  let regions: Regions;

  /** The tenants' files as somebody has them who has only these regions. */
  const tenantsIn = (names: string[]) =>
    fs.writeFileSync(
      regions.deployment.path("tenants/index.ts"),
      `import { aigentflow } from "./aigentflow";
import { arrakis } from "./arrakis";
import { covenant } from "./covenant";
import { irisx } from "./irisx";
const names = ${JSON.stringify(names)};
const within = ({ streams, ...tenant }: any) => ({
  ...tenant,
  streams: Object.fromEntries(
    Object.entries<any>(streams).map(([name, { mirrors = {}, ...stream }]) => [name, { ...stream, mirrors: Object.fromEntries(Object.entries(mirrors).filter(([region]) => names.includes(region))) }]),
  ),
});
export const tenants = Object.fromEntries([arrakis, covenant, irisx, aigentflow].map((tenant) => [tenant.name, within(tenant)]));
`,
    );

  before(() => {
    regions = new Regions(["arrakis", "covenant", "irisx", "aigentflow"], { regions: ["iad"], servers: 3 });
  });
  after(() => regions?.remove());

  it("refuses mirrors in regions that it does not have", () => {
    const { status, text } = regions.deployment.cli("start");
    assert.equal(status, 2, text);
    assert.match(
      text,
      /tenants\.arrakis\.streams\.ELIGIBILITY\.mirrors\.ams: "ams" is no region of the environment; .*Known: iad\./,
    );
  });

  it("works alone", async () => {
    tenantsIn(["iad"]);
    const { status, text } = await regions.start();
    assert.equal(status, 0, text);
    assert.doesNotMatch(text, /warning/);
    await regions.meshIsComplete();
    await regions.publish("irisx", "api", "SMS", "sms.send");
    await regions.publish("arrakis", "gateway", "EVENTS", "events.test");
  });

  it("becomes two, restarting one server after another: nothing acknowledged is lost, and it says that two are not enough", async () => {
    tenantsIn(["iad", "ams"]);
    const { text, restarted } = await regions.grow(["iad", "ams"]);
    assert.match(text, /^warning: iad and ams do not survive each other's loss: .*Add a third region/m);
    assert.match(text, /settings +warning +iad and ams do not survive/);
    assert.deepEqual(restarted, ["iad-0", "iad-1", "iad-2"]);
    await regions.meshIsComplete();
    await regions.nothingLost();
  });

  it("becomes three, with every mirror that its tenants ask for", async () => {
    tenantsIn(["iad", "ams", "syd"]);
    const { text, restarted } = await regions.grow(["iad", "ams", "syd"]);
    assert.doesNotMatch(text, /warning/);
    assert.match(text, /mirrors covenant +ok +8 mirrors/);
    assert.deepEqual(restarted, ["ams-0", "ams-1", "ams-2", "iad-0", "iad-1", "iad-2"]);
    await regions.meshIsComplete();
    await regions.nothingLost();
  });
});

describe("three regions that become six, and one that leaves", function () {
  this.timeout(240_000);
  const six = ["iad", "ams", "syd", "sin", "sfo", "jnb"];
  let regions: Regions;
  let irisx: NatsConnection;

  const irisxWith = (changes: string) =>
    fs.writeFileSync(
      regions.deployment.path("tenants/index.ts"),
      `import { irisx as declared } from "./irisx";
const { SMS, EMAIL, WEBHOOKS } = declared.streams as any;
export const tenants = { irisx: { ...declared, streams: { SMS, EMAIL, WEBHOOKS${changes} } } };
`,
    );
  const home = async (stream: string) => ((await ask(irisx, `STREAM.INFO.${stream}`)).cluster as { name: string }).name;
  const removePeers = (...args: string[]) => regions.deployment.cli("remove-peers", "--region", "jnb", ...args);
  const file = () => regions.deployment.path("Pulumi.local-jnb.yaml");

  before(async () => {
    regions = new Regions(["irisx"], { regions: ["iad", "ams", "syd"], servers: 1 });
    const { status, text } = await regions.start();
    assert.equal(status, 0, text);
    irisx = await regions.deployment.client("iad", "irisx", "provisioner");
    for (const [stream, subject] of [
      ["SMS", "sms.send"],
      ["WEBHOOKS", "webhooks.deliver"],
    ])
      await regions.publish("irisx", "api", stream!, subject!);
  });
  after(() => regions?.remove());

  it("grows by one entry and a file each, as it says; a stream moves into a new region", async () => {
    irisxWith(`: { ...WEBHOOKS, home: "jnb" }, SMS: { ...SMS, mirrors: { jnb: { maxAge: "1d", maxBytes: "64MiB" } } }`);
    const { text, restarted } = await regions.grow(six);
    assert.match(text, /gateways out +ok +every server to 5 other regions/);
    assert.deepEqual(restarted, ["ams-0", "iad-0", "syd-0"]);
    await regions.meshIsComplete();
    assert.equal(await home("WEBHOOKS"), "jnb");
    await regions.nothingLost();
  });

  it("does not let go of a region that streams are in: the settings are refused, and say what comes first", () => {
    const refusedByRegion = removePeers("--yes");
    assert.equal(refusedByRegion.status, 2, refusedByRegion.text);
    assert.match(refusedByRegion.text, /jnb is a region of environment local; take it out of Pulumi\.yaml first/);
    regions.deployment.set({ regions: six.slice(0, 5) });
    const { status, text } = regions.deployment.cli("start");
    assert.equal(status, 2, text);
    for (const path of ["streams.WEBHOOKS.home", "streams.SMS.mirrors.jnb"]) {
      assert.match(
        text,
        new RegExp(
          `tenants\\.irisx\\.${path}: "jnb" is no region .*streams and mirrors go first, while it is in regions`,
        ),
      );
    }
    regions.deployment.set({ regions: six });
  });

  it("has its streams moved off first, and nothing acknowledged is lost", async () => {
    irisxWith("");
    regions.deployment.pulumi("up", "--stack", "local-jetstream", "--yes", "--skip-preview", "--refresh");
    assert.equal(await home("WEBHOOKS"), "iad");
    await assert.rejects(ask(irisx, "STREAM.INFO.SMS-jnb"), /10059/);
    await regions.nothingLost();
  });

  it("does not forget a region that is still there: its stack, its server, a stream by hand, each with what to do", async () => {
    await ask(irisx, "STREAM.CREATE.LEFT", { name: "LEFT", subjects: ["left"], placement: { cluster: "jnb" } });
    regions.deployment.set({ regions: six.slice(0, 5) });
    const content = fs.readFileSync(file());
    fs.rmSync(file());
    const { status, text } = removePeers("--yes");
    assert.equal(status, 1, text);
    assert.match(text, /stack local-jnb still has resources; destroy it first: pulumi destroy --stack local-jnb/);
    assert.match(text, /jnb-0 still running/);
    assert.match(text, /stream irisx\/LEFT has a copy on jnb-0/);
    fs.writeFileSync(file(), content);
  });

  it("does not forget servers that may have the only copy of a stream", async () => {
    regions.deployment.pulumi("destroy", "--stack", "local-jnb", "--yes", "--skip-preview");
    fs.rmSync(file());
    const { status, text } = removePeers("--yes");
    assert.equal(status, 1, text);
    assert.match(text, /no server answers for irisx\/LEFT: all copies may be on the servers to remove/);
    assert.doesNotMatch(text, /still/);
    // Carried out by the meta leader; nobody is left to answer.
    await ask(irisx, "STREAM.DELETE.LEFT").catch(() => undefined);
  });

  it("is forgotten: the meta group is one smaller, and asking again does nothing", async () => {
    const text = regions.deployment.succeeds("remove-peers", "--region", "jnb", "--yes");
    assert.match(text, /jnb-0 is removed: 5 peers left, 5 current/);
    assert.match(removePeers().text, /nobody can be asked here/);
    assert.match(
      regions.deployment.succeeds("remove-peers", "--region", "jnb", "--yes"),
      /no server of jnb is a peer of the meta group; nothing to do/,
    );
  });

  it("leaves five regions that know nothing of it, restarted one after another under publishers who lose nothing", async () => {
    const { status, text, restarted } = await regions.start();
    assert.equal(status, 0, text);
    assert.deepEqual(restarted, ["ams-0", "iad-0", "sfo-0", "sin-0", "syd-0"]);
    await regions.meshIsComplete();
    await regions.nothingLost();
  });

  it("forgets a region that is lost for good, disks and all, whoever was the leader", async () => {
    await regions.deployment.end("sfo", "SIGKILL");
    fs.rmSync(`${regions.deployment.copy.cache}/environments/local/sfo`, { recursive: true });
    regions.deployment.pulumi("stack", "rm", "local-sfo", "--yes", "--force");
    fs.rmSync(regions.deployment.path("Pulumi.local-sfo.yaml"), { force: true });
    regions.deployment.set({ regions: six.slice(0, 4) });
    assert.match(
      regions.deployment.succeeds("remove-peers", "--region", "sfo", "--yes"),
      /sfo-0 is removed: 4 peers left, 4 current/,
    );
    await regions.nothingLost();
  });
});
