import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { Status } from "../../operations/supercluster/status";
import { pollUntil } from "../../config/poll-until";
import { inSteps } from "../support/in-steps";
import { engineMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { Publisher } from "../support/publisher";
import { Regions } from "../support/regions";

const base = "../docs/examples/tenants/auth-callout";

/**
 * Turned on as an operator does: real engine, program, servers, and the service as its processes. What of it servers
 * decide: tests/local/auth-callout.test.ts.
 */
describe("an environment with an auth callout", function () {
  this.timeout(engineMs);
  inSteps();
  let regions: Regions;
  const open: NatsConnection[] = [];
  /** A client by the first token, which publishes from the beginning. */
  let scanner: NatsConnection;
  let publisher: Publisher;

  const isNothingToChange = () => {
    for (const stack of ["identity", "iad", "ams"])
      regions.deployment.pulumi("preview", "--stack", `local-${stack}`, "--expect-no-changes");
  };

  /** Folder of the contexts that the nats CLI is given, which are written again. */
  const writeContexts = () => /XDG_CONFIG_HOME='?([^'\n]+)/.exec(regions.deployment.succeeds("context"))![1]!;
  let contexts: string;

  /** How the nats CLI is told to log in, since `writeContexts`. */
  function contextOf(user: string, region = "iad"): NodeConnectionOptions {
    const file = path.join(contexts, "nats", "context", `gallery-${user}-${region}.json`);
    const text = (name: string | undefined) => (name === undefined ? undefined : secretText(name));
    const {
      url,
      token,
      cert,
      key,
      ca,
      inbox_prefix: inboxPrefix,
      ...rest
    } = JSON.parse(secretText(file)) as {
      [Key in "url" | "ca" | "inbox_prefix"]: string;
    } & { [Key in "token" | "cert" | "key" | "user" | "password"]?: string };
    return {
      ...{ servers: url.split(","), inboxPrefix, ignoreClusterUpdates: true, timeout: waitMs },
      ...{ token, user: rest.user, pass: rest.password },
      tls: { ca: fs.readFileSync(ca, "utf8"), cert: text(cert), key: text(key) },
    };
  }

  /** Of a file that nobody else reads. */
  function secretText(file: string): string {
    assert.equal(fs.statSync(file).mode & 0o077, 0, file);
    return fs.readFileSync(file, "utf8");
  }

  async function as(options: NodeConnectionOptions): Promise<NatsConnection> {
    const connection = await connect({ ...options, maxReconnectAttempts: -1 });
    open.push(connection);
    return connection;
  }
  const refused = (options: NodeConnectionOptions) =>
    assert.rejects(connect({ ...options, reconnect: false }), /authorization|timeout/i);

  const processes = () =>
    ["iad", "ams"].map((region) => {
      const folder = path.join(regions.deployment.copy.cache, "environments/local", region);
      const record = fs.readFileSync(path.join(folder, "workers/logins-auth-callout/worker.json"), "utf8");
      return (JSON.parse(record) as { process: { pid: number } }).process.pid;
    });

  async function goesOn(): Promise<void> {
    const before = publisher.count("TICKETS");
    assert.ok(await pollUntil(async () => publisher.count("TICKETS") > before + 2 || undefined, waitMs));
    assert.deepEqual([publisher.refused, await publisher.lost("TICKETS")], [[], []]);
  }

  before(async () => {
    regions = await Regions.prepare(["gallery"], { regions: ["iad", "ams"], servers: 1 });
    fs.writeFileSync(regions.deployment.path("tenants/gallery.ts"), `export { gallery } from "${base}";\n`);
    regions.deployment.set({ authCallout: { certificates: true } });
  });
  after(async () => {
    await publisher?.stop();
    await Promise.all(open.map((connection) => connection.close()));
    await regions?.remove();
  });

  it("runs its service in every region, though no workers were asked for, and is verified", () => {
    const text = regions.deployment.succeeds("start");
    assert.match(text, /workers logins +ok +2 workers ready/);
    isNothingToChange();
    contexts = writeContexts();
  });

  it("lets in users by token and certificate with what is given out, to what they may do alone", async () => {
    const [desk, viewer, prices] = await Promise.all([
      as(contextOf("desk", "ams")),
      as(contextOf("viewer")),
      as(contextOf("prices")),
    ]);
    scanner = await as(contextOf("scanner", "ams"));
    publisher = new Publisher(scanner, await regions.deployment.client("iad", "gallery", "provisioner"));
    await publisher.start("TICKETS", "tickets.scanned");
    const heard = new Promise<string>((resolve) => {
      viewer.subscribe("tickets.sold", { max: 1, callback: (_, message) => resolve(message.string()) });
    });
    prices.subscribe("prices.get", { callback: (_, message) => void message.respond("12") });
    await Promise.all([viewer.flush(), prices.flush()]);
    assert.equal((await requestUntilHeard(desk, "prices.get", "")).string(), "12");
    desk.publish("tickets.sold", "sold");
    assert.equal(await heard, "sold");
    for (const [client, subject] of [
      [scanner, "tickets.sold"],
      [desk, "tickets.scanned"],
      [prices, "tickets.sold"],
    ] as const)
      await assert.rejects(client.request(subject, "", { timeout: waitMs }), /permission/i);
    await refused({ ...contextOf("scanner"), token: "another" });
    await refused({ ...contextOf("desk"), tls: contextOf("viewer").tls });
    await goesOn();
  });

  it("replaces a token while its clients publish and log in, and refuses none", async () => {
    const old = contextOf("scanner");
    let logins = 0;
    const failures: string[] = [];
    let isOver = false;
    const loggingIn = (async () => {
      while (!isOver) {
        const login = connect({ ...old, reconnect: false });
        await login.then(
          (client) => client.close().then(() => logins++),
          (error: Error) => failures.push(error.message),
        );
        await sleep(100);
      }
    })();
    // Without waiting for it, the service of the next region would restart before this one's has connected.
    const own = regions.deployment.path("workers/auth-callout/.env");
    fs.writeFileSync(own, `NODE_OPTIONS=--require=${require.resolve("../support/slow-connection.cjs")}\n`);
    const { status, text } = await regions.deployment.meanwhile("rotate", "--user", "gallery/scanner", "--yes");
    fs.rmSync(own);
    isOver = true;
    await loggingIn;
    assert.equal(status, 0, text);
    assert.deepEqual(failures, []);
    assert.ok(logins > 2, `${logins} logins`);
    assert.match(text, /these clients still use the old one, gallery-scanner; .*\n.* on ams-0, since/);
    contexts = writeContexts();
    const next = await as(contextOf("scanner"));
    assert.notEqual(contextOf("scanner").token, old.token);
    await assert.rejects(next.request("tickets.sold", "", { timeout: waitMs }), /permission/i);
    await goesOn();

    const kept = regions.deployment.cli("rotate", "--user", "gallery/scanner", "--finish", "--yes");
    assert.match(kept.text, /client of gallery\/scanner still logged in as gallery-scanner:\n.* on ams-0, since/);
    await publisher.stop();
    const finished = await regions.deployment.meanwhile(
      ...["rotate", "--user", "gallery/scanner", "--finish", "--disconnect", "--yes"],
    );
    assert.equal(finished.status, 0, finished.text);
    // Servers would have asked about it again only once its login had expired.
    assert.match((await scanner.closed())?.message ?? "", /authorization/i);
    await refused(old);
    await next.flush();
    publisher = new Publisher(next, await regions.deployment.client("iad", "gallery", "provisioner"));
    await publisher.start("TICKETS", "tickets.scanned", { as: "next" });
  });

  it("says where no process of the service runs; who is connected, and users by password, go on", async () => {
    for (const pid of processes()) process.kill(pid, "SIGKILL");
    const verified = await regions.deployment.meanwhile("verify");
    assert.equal(verified.status, 1, verified.text);
    assert.match(
      verified.text,
      /workers logins +FAILED +auth-callout in iad: \S+ does not answer; auth-callout in ams: \S+ does not answer/,
    );
    const { text } = await regions.deployment.meanwhile("status", "--json");
    const { workers = [], problems = [] } = JSON.parse(text) as Status;
    assert.deepEqual(
      workers.map(({ account, name, region, isReady }) => [account, name, region, isReady]),
      ["iad", "ams"].map((region) => ["logins", "auth-callout", region, false]),
    );
    const found = problems.find(({ what }) => what === "workers logins");
    assert.equal(found?.todo, "docs/runbooks/alerts/NATSAuthCalloutDown.md");
    await refused(contextOf("scanner"));
    await (await as(contextOf("viewer"))).flush();
    await goesOn();
  });

  it("starts it again with the next deployment, which brings it a new user, and changes nothing more", async () => {
    const changed = [
      `import { gallery as before } from "${base}";`,
      'const guard = { login: "token", subscribes: ["tickets.sold"] };',
      "export const gallery = { ...before, users: { ...before.users, guard } };",
      "",
    ];
    fs.writeFileSync(regions.deployment.path("tenants/gallery.ts"), changed.join("\n"));
    assert.match(regions.deployment.succeeds("start", "--dry-run"), /logins-auth-callout/);
    regions.deployment.succeeds("start");
    isNothingToChange();
    contexts = writeContexts();
    const guard = await as(contextOf("guard"));
    await assert.rejects(guard.request("tickets.sold", "", { timeout: waitMs }), /permission/i);
    const desk = await as(contextOf("desk"));
    const heard = new Promise<string>((resolve) => {
      guard.subscribe("tickets.sold", { max: 1, callback: (_, message) => resolve(message.string()) });
    });
    await guard.flush();
    desk.publish("tickets.sold", "sold");
    assert.equal(await heard, "sold");
    await goesOn();
  });
});
