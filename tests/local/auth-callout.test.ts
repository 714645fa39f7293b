import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createAccount, createCurve } from "@nats-io/nkeys";
import { type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import { accountsOf } from "../../components/security/accounts";
import { inFolder } from "../../components/local/provider/record";
import { connections } from "../../components/security/connections";
import { accountsConf } from "../../components/security/accounts-conf";
import { calloutWorkers } from "../../config/assets/auth-callout";
import { pollUntil } from "../../config/poll-until";
import type { Credential } from "../../config/assets/region";
import { environmentCallout, gallery } from "../../docs/examples/tenants/auth-callout";
import { Callout } from "../../workers/auth-callout/callout";
import { calloutMetrics } from "../../workers/auth-callout/metrics";
import { settings as calloutSettings } from "../../workers/auth-callout/settings";
import { calloutSubject } from "../../workers/messaging/contract";
import { createLogger, type RunningWorker, startWorker } from "../../workers/messaging";
import { connect } from "../../workers/messaging/connection/connect";
import { connectionSettings } from "../../workers/messaging/connection/settings";
import { localEnvironment, usersOf } from "../support/accounts";
import { type Authority, type Certificate, issue, makeAuthority } from "../support/certificates";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { makeIdentity, startSupercluster, type Supercluster } from "../support/nats";
import { quiet } from "../support/worker-lab";

/** Servers before 2.15.3, which know no optional certificates. */
const older = (["oldest", "previous"] as const).find((version) => version === process.env.NATS_SERVER);

/** A service in one of two regions: what its users may do, who is refused, and what is without the service. */
describe("users that log in by token and by certificate, in two regions", function () {
  this.timeout(serversMs);
  const environment = localEnvironment({
    regions: ["iad", "ams"],
    servers: 1,
    jetstream: { jetstream: ["gallery"] },
    authCallout: environmentCallout,
  });
  const accounts = accountsOf(environment, { gallery });
  let authority: Authority;
  let desk: Certificate;
  let users: Record<string, Credential>;
  let cluster: Supercluster;
  let service: RunningWorker | undefined;
  const open: NatsConnection[] = [];
  /** Lines that the services have logged. */
  const said: string[] = [];

  before(async () => {
    authority = await makeAuthority("clients");
    desk = await certificate("gallery-desk");
    users = usersOf(accounts, { "gallery-desk": desk });
    const { authCallout: _, ...before } = environment;
    const only = { ...gallery, users: { viewer: gallery.users.viewer! } };
    cluster = await startSupercluster({
      ...{ regions: environment.regions, servers: environment.servers, settings: before },
      accounts: accountsConf(accountsOf(before, { gallery: only }), users),
      identity: await makeIdentity(1, authority),
    });
  });
  after(async () => {
    await Promise.all(open.map((connection) => connection.close()));
    await stopService();
    await cluster?.stop();
  });

  const certificate = (name: string, by = authority) => issue(by, name, { clientAuth: true, serverAuth: false });

  const variables = (login: string, region = "iad") => ({
    ...connections(
      {
        ...{ name: region, environment: cluster.environment, accounts },
        settings: { ...environment, basePort: cluster.options.basePort },
      },
      { ...cluster.identity, users },
    )[login]!,
  });

  /** The service as its program runs it, with what the deployment gives it. */
  async function serve(change: Record<string, string> = {}): Promise<RunningWorker> {
    const [{ environment: own }] = calloutWorkers(environment) as [ReturnType<typeof calloutWorkers>[number]];
    const started = await startWorker({
      name: "auth-callout",
      settings: calloutSettings,
      env: { ...variables("logins-auth-callout"), ...own, HEALTH_PORT: "0", ...change },
      log: createLogger({ name: "auth-callout", destination: { write: (line) => void said.push(line) } }),
      parts: ({ settings, nc, log, metrics }) => [new Callout(nc, settings, log, calloutMetrics(metrics.registry))],
    });
    await started.started;
    return started;
  }

  async function stopService(): Promise<void> {
    service?.stop("the test is over");
    await service?.ended;
    service = undefined;
  }

  /** Connects as workers do, by the variables that the program gives out. */
  async function as(login: string, region?: string): Promise<NatsConnection> {
    const settings = connectionSettings({ ...variables(login, region) });
    // The first question of a region may come before its servers know that the other one answers.
    const connection = await pollUntil(
      () => connect(settings, { name: login, log: quiet }).catch(() => undefined),
      waitMs,
    );
    assert.ok(connection, `${login} was not let in`);
    open.push(connection);
    return connection;
  }

  const attempt = (options: NodeConnectionOptions) =>
    cluster.connect("", { user: undefined, pass: undefined, reconnect: false, ...options });
  const refused = (options: NodeConnectionOptions) => assert.rejects(attempt(options), /authorization|timeout/i);
  const showing = ({ cert, key }: Certificate, more: NodeConnectionOptions = {}) => ({
    ...more,
    tls: { ca: cluster.identity.clientCa, cert, key },
  });

  it("are let in once servers that ran without have restarted, as they cannot reload it", async () => {
    await refused({ token: "gallery-scanner" });
    for (const server of Object.values(
      cluster.inputs({ settings: environment, accounts: accountsConf(accounts, users) }),
    ))
      await cluster.ensure({ [server.name]: server });
    await cluster.ready();
    service = await serve();
    await as("gallery-scanner");
    await as("gallery-desk");
  });

  it("are let in while a service stops that was asked about them, and another one runs", async () => {
    const other = await serve(variables("logins-auth-callout", "ams"));
    try {
      // Until the server of iad knows that the one in ams answers.
      await stopService();
      await as("gallery-scanner");
      service = await serve();
      for (let round = 0; round < 16; round++) {
        const began = Date.now();
        const options = { token: "gallery-scanner", servers: cluster.urls("iad"), ignoreClusterUpdates: true };
        // Few: each takes the processor for some 70 ms, and servers wait 11 s for an answer.
        const logins = Array.from({ length: 5 }, async () => {
          try {
            await (await attempt(options)).close();
          } catch (error) {
            const log = readFileSync(inFolder(cluster.inputs()["iad-0"]!, "log"), "utf8").split("\n").slice(-20);
            return [`${(error as Error).message} after ${Date.now() - began} ms, in round ${round}`, ...said, ...log];
          }
        });
        // Sooner or later in the middle of them.
        await sleep(25 * round);
        await stopService();
        const refusals = (await Promise.all(logins)).filter((one) => one !== undefined);
        assert.equal(refusals.length, 0, refusals[0]?.join("\n"));
        said.length = 0;
        service = await serve();
      }
    } finally {
      other.stop("the test is over");
      await other.ended;
    }
  });

  it("are given a token, or a certificate with its key, and no name", () => {
    const { NATS_TOKEN, NATS_USER, NATS_CERTIFICATE } = variables("gallery-scanner");
    assert.deepEqual([NATS_TOKEN, NATS_USER, NATS_CERTIFICATE], ["gallery-scanner", undefined, undefined]);
    const own = variables("gallery-desk");
    assert.deepEqual([own.NATS_CERTIFICATE, own.NATS_PRIVATE_KEY, own.NATS_USER], [desk.cert, desk.key, undefined]);
  });

  it("do what is derived for them beside those by password, in every region, and nothing else", async () => {
    const [scanner, clerk, prices] = await Promise.all([
      as("gallery-scanner", "ams"),
      as("gallery-desk", "ams"),
      as("gallery-prices"),
    ]);
    const viewer = await as("gallery-viewer");
    const heard = (async () => {
      const texts: string[] = [];
      for await (const message of viewer.subscribe("tickets.>", { max: 2 })) texts.push(message.string());
      return texts.toSorted();
    })();
    prices.subscribe("prices.get", { callback: (_, message) => void message.respond("12") });
    await Promise.all([viewer.flush(), prices.flush()]);
    // Answers to requests are allowed as they are for others, across regions.
    assert.equal((await requestUntilHeard(clerk, "prices.get", "")).string(), "12");
    scanner.publish("tickets.scanned", "scanned");
    clerk.publish("tickets.sold", "sold");
    assert.deepEqual(await heard, ["scanned", "sold"]);
    for (const [user, subject] of [
      [scanner, "tickets.sold"],
      [scanner, "$JS.API.STREAM.DELETE.TICKETS"],
      [clerk, "tickets.scanned"],
      [clerk, calloutSubject],
      [prices, "tickets.sold"],
    ] as const)
      await assert.rejects(user.request(subject, "", { timeout: waitMs }), /permission/i);
    for (const subject of ["tickets.sold", "prices.get", calloutSubject, "_INBOX_viewer.>"]) {
      const wrong = new Promise<Error | undefined>((resolve) => {
        scanner.subscribe(subject, { callback: (error) => resolve(error ?? undefined) });
      });
      assert.match(String(await wrong), /permission/i, subject);
    }
  });

  it("are in their own account, under their own name", async () => {
    const clerk = await as("gallery-desk");
    const admin = await cluster.connect("sys-admin", { inboxPrefix: "_INBOX_admin" });
    open.push(admin);
    const filter = JSON.stringify({ auth: true, cid: clerk.info!.client_id, server_name: clerk.info!.server_name });
    const answer = await admin.request("$SYS.REQ.SERVER.PING.CONNZ", filter, { timeout: requestMs });
    const { data } = answer.json<{ data: { connections: { authorized_user: string; account: string }[] } }>();
    assert.deepEqual(
      data.connections.map(({ authorized_user: user, account }) => [user, account]),
      [["gallery-desk", "gallery"]],
    );
  });

  it("are refused by another token, certificate or authority, and by names and passwords of their own", async () => {
    await refused({ token: "gallery-viewer" });
    await refused({ token: users["gallery-scanner"]!.hash });
    await refused({ token: "gallery-desk" });
    await refused({ user: "gallery-scanner", pass: "gallery-scanner" });
    await refused({ user: "gallery-desk", pass: "" });
    await refused({ user: "CN=gallery-desk" });
    await refused({});
    await refused(showing(await certificate("gallery-scanner")));
    await refused(showing(await certificate("gallery-viewer")));
    // A certificate does not make a wrong password right, nor a token.
    await refused(showing(desk, { user: "gallery-viewer", pass: "wrong" }));
    await refused(showing(desk, { token: "wrong" }));
    // Another authority's is refused by TLS, and so is what servers show.
    await assert.rejects(attempt(showing(await certificate("gallery-desk", await makeAuthority("others")))));
    await assert.rejects(attempt(showing(await issue(authority, "gallery-desk"))));
  });

  it("leave passwords as they are, with and without a certificate", async () => {
    for (const options of [{}, showing(desk)]) {
      const viewer = await cluster.connect("gallery-viewer", { reconnect: false, ...options });
      await assert.rejects(viewer.request("tickets.sold", "", { timeout: waitMs }), /permission/i);
      await viewer.close();
    }
    await refused({ user: "gallery-viewer", pass: "wrong" });
  });

  it("cannot be let in by another issuer, and no one but servers can ask the service", async () => {
    const login = "logins-auth-callout";
    const asking = await cluster.connect(login, { inboxPrefix: "_INBOX_auth-callout" });
    open.push(asking);
    await assert.rejects(asking.request(calloutSubject, "", { timeout: waitMs }), /permission/i);
    for (const subject of ["$SYS.>", "tickets.>"]) {
      const wrong = new Promise<Error | undefined>((resolve) => {
        asking.subscribe(subject, { callback: (error) => resolve(error ?? undefined) });
      });
      assert.match(String(await wrong), /permission/i, subject);
    }
    await stopService();
    const seed = (pair: { getSeed(): Uint8Array }) => new TextDecoder().decode(pair.getSeed());
    const others: Record<string, string>[] = [
      { AUTH_ISSUER_SEED: seed(createAccount()) },
      { AUTH_XKEY_SEED: seed(createCurve()) },
    ];
    for (const other of others) {
      service = await serve(other);
      await refused({ token: "gallery-scanner" });
      await stopService();
    }
    // Whoever has the key chooses the account: one that there is not lets none in.
    const elsewhere = variables(login).AUTH_USERS!.replaceAll('"gallery"', '"museum"');
    service = await serve({ AUTH_USERS: elsewhere });
    await refused({ token: "gallery-scanner" });
    await stopService();
    service = await serve();
  });

  it("without the service are refused, while those by password get in, and come in once it is back", async () => {
    const scanner = await as("gallery-scanner");
    await stopService();
    await Promise.all([refused({ token: "gallery-scanner" }), refused(showing(desk))]);
    for (const login of ["gallery-viewer", "gallery-provisioner", "sys-admin", "logins-auth-callout"])
      await (await cluster.connect(login, { reconnect: false })).close();
    // Who is connected stays.
    await scanner.flush();
    service = await serve();
    await as("gallery-scanner");
    await as("gallery-desk");
  });

  it("log in again once their login has expired", async () => {
    await stopService();
    service = await serve({ AUTH_EXPIRES: "6s" });
    const scanner = await as("gallery-scanner");
    let reconnected = 0;
    void (async () => {
      for await (const { type } of scanner.status()) if (type === "reconnect") reconnected++;
    })();
    assert.ok(await pollUntil(() => Promise.resolve(reconnected >= 2 || undefined), waitMs));
    assert.ok(!scanner.isClosed());
    await scanner.close();
    await stopService();
    service = await serve();
  });

  it("go on after the accounts file has changed for others", async () => {
    const clerk = await as("gallery-desk");
    const changed = { ...gallery, users: { ...gallery.users, guard: { subscribes: ["tickets.sold"] } } };
    const all = accountsOf(environment, { gallery: changed });
    const files = accountsConf(all, usersOf(all, { "gallery-desk": desk }));
    await cluster.ensure(cluster.inputs({ settings: environment, accounts: files }));
    await (await cluster.connect("gallery-guard", { reconnect: false })).close();
    const went = await pollUntil(
      () =>
        clerk.flush().then(
          () => true as const,
          () => undefined,
        ),
      waitMs,
    );
    assert.ok(went);
    await assert.rejects(clerk.request("tickets.scanned", "", { timeout: waitMs }), /permission/i);
  });
});

describe(`users that log in by token, on the ${older ?? "oldest"} servers`, function () {
  this.timeout(serversMs);
  const tokens = { ...gallery, users: { scanner: gallery.users.scanner!, viewer: gallery.users.viewer! } };
  const environment = localEnvironment({
    ...{ regions: ["iad", "ams"], servers: 1, jetstream: { jetstream: ["gallery"] }, authCallout: {} },
  });
  const accounts = accountsOf(environment, { gallery: tokens });
  const users = usersOf(accounts);
  let cluster: Supercluster;
  let service: RunningWorker | undefined;

  before(async () => {
    cluster = await startSupercluster({
      ...{
        regions: environment.regions,
        servers: environment.servers,
        settings: environment,
        version: older ?? "oldest",
      },
      accounts: accountsConf(accounts, users),
    });
    const region = { name: "iad", environment: cluster.environment, accounts };
    const settings = { ...environment, basePort: cluster.options.basePort };
    const { "logins-auth-callout": own } = connections({ ...region, settings }, { ...cluster.identity, users });
    service = await startWorker({
      ...{ name: "auth-callout", settings: calloutSettings, env: { ...own, HEALTH_PORT: "0" } },
      log: createLogger({ name: "auth-callout", level: "silent" }),
      parts: ({ settings: read, nc, log, metrics }) => [new Callout(nc, read, log, calloutMetrics(metrics.registry))],
    });
    await service.started;
  });
  after(async () => {
    service?.stop("the test is over");
    await service?.ended;
    await cluster?.stop();
  });

  it("do what is derived for them, and are refused with another token; passwords are as ever", async () => {
    const given = { user: undefined, pass: undefined, reconnect: false };
    const attempt = () => cluster.connect("", { ...given, token: "gallery-scanner" }).catch(() => undefined);
    const scanner = await pollUntil(attempt, waitMs);
    assert.ok(scanner);
    const viewer = await cluster.connect("gallery-viewer", { reconnect: false });
    const heard = (async () => {
      for await (const message of viewer.subscribe("tickets.>", { max: 1 })) return message.string();
      return undefined;
    })();
    await viewer.flush();
    // Lost until its server knows who listens at the other.
    const repeat = setInterval(() => scanner.publish("tickets.scanned", "scanned"), 200);
    assert.equal(await heard.finally(() => clearInterval(repeat)), "scanned");
    await assert.rejects(scanner.request("tickets.sold", "", { timeout: waitMs }), /permission/i);
    await assert.rejects(cluster.connect("", { ...given, token: "gallery-viewer" }), /authorization|timeout/i);
    await Promise.all([scanner.close(), viewer.close()]);
  });
});
