import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { type EventEmitter, once } from "node:events";
import * as fs from "node:fs";
import { createServer, type Server } from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as tls from "node:tls";
import type { NatsConnection } from "@nats-io/transport-node";
import type * as NatsCore from "@nats-io/nats-core";
import { connect, connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import type { Browser, Page } from "playwright-core";
import { assetsOf } from "../../config/assets/assets";
import type { RegionIdentity } from "../../config/assets/region";
import { isOfMqtt, mqttReservation } from "../../config/assets/mqtt";
import { loginOf } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import { listeners as listenersSchema } from "../../config/schema/listeners";
import { serversOf } from "../../config/topology";
import { inboxPrefixOf } from "../../components/security/permissions";
import { observe } from "../../components/local/provider/observe";
import { inFolder } from "../../components/local/provider/record";
import { environmentListeners, factory } from "../../docs/examples/tenants/listeners";
import { listenerChecks } from "../../operations/verify/listeners";
import { covenant } from "../../tenants/covenant";
import { accountsText, addStream, ask, createStream, localEnvironment } from "../support/accounts";
import { openPage, scriptOf, startBrowser } from "../support/browser";
import { type Authority, issue, makeAuthority } from "../support/certificates";
import { type Hub, LeafNode } from "../support/leaf-node";
import { serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { makeIdentity, Supercluster } from "../support/nats";
import { claimPorts } from "../support/ports";

type OnMessage = [topic: string, payload: Buffer, packet: IPublishPacket];

const tenants = { covenant, factory };
const regions = ["iad", "ams"];

/** The listeners of the example, on real servers: what each user may do there, and what it may not. */
describe("listeners beside NATS's own protocol", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let authority: Authority;
  let site: Server;
  let inputs: ReturnType<Supercluster["inputs"]>;
  let settings: NonNullable<Supercluster["options"]["settings"]>;

  /** A page of the site; its origin is the one that the environment allows. */
  const origin = () => `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  /** The same page by another name, which the environment does not allow. */
  const foreign = () => origin().replace("127.0.0.1", "localhost");
  const address = (server: string) => inputs[server]!.config.websocket!.listen;
  const identityOf = async (change: Partial<RegionIdentity> = {}): Promise<RegionIdentity> => ({
    ...(await makeIdentity()),
    clientCa: authority.cert,
    server: await issue(authority, "server"),
    ...change,
  });

  before(async () => {
    const script = scriptOf("@nats-io/nats-core", "nats");
    site = createServer((request, answer) => {
      if (request.url === "/nats.js") return answer.setHeader("content-type", "text/javascript").end(script);
      answer.setHeader("content-type", "text/html").end('<!doctype html><script src="/nats.js"></script>');
    }).listen(0);
    await once(site, "listening");
    authority = await makeAuthority("clients");
    const basePort = await claimPorts();
    const listeners = listenersSchema.parse({
      ...environmentListeners,
      websocket: { ...environmentListeners.websocket, allowedOrigins: [origin()] },
    });
    settings = { listenersBasePort: basePort + regions.length * 20, listeners, jetstreamDomain: "global" };
    const accounts = accountsText(localEnvironment({ regions, basePort, ...settings }), tenants);
    cluster = await Supercluster.prepare({ regions, basePort, settings, accounts }, await identityOf());
    const sameOrigin = {
      ...settings,
      listeners: { ...listeners, websocket: listenersSchema.parse({ websocket: { sameOrigin: true } }).websocket },
    };
    inputs = { ...cluster.inputs(), "ams-0": cluster.inputs({ settings: sameOrigin })["ams-0"]! };
    await cluster.ensure(inputs);
    await cluster.ready();
  });
  after(async () => {
    site?.close();
    await cluster?.stop();
  });

  const environment = () => localEnvironment({ regions, servers: 1, basePort: cluster.options.basePort, ...settings });

  /** Connects by NATS's own protocol, as a user of a tenant. */
  const as = (account: string, user: string): Promise<NatsConnection> =>
    cluster.connect(loginOf(account, user), { inboxPrefix: inboxPrefixOf(user) });

  describe("WebSocket", () => {
    let browser: Browser;

    before(async () => (browser = await startBrowser()));
    after(() => browser?.close());

    /** Does something in a page that has connected as a user; the password is its login. */
    async function inPage<T>(
      [account, user]: [string, string],
      act: (nc: NatsCore.NatsConnection) => Promise<T>,
      { url = origin(), server = "iad-0" } = {},
    ): Promise<T | string> {
      const { page } = await openPage(browser, url, { ignoreHTTPSErrors: true });
      try {
        return await connected(page, `wss://${address(server)}`, loginOf(account, user), inboxPrefixOf(user), act);
      } finally {
        await page.context().close();
      }
    }

    /** What a handshake is answered with, and the extensions that the server takes. */
    const handshake = (server: string, headers: Record<string, string> = {}) =>
      new Promise<{ status: number; extensions?: string | string[] }>((resolve, reject) => {
        const request = https.get(`https://${address(server)}`, {
          agent: false,
          ca: authority.cert,
          headers: {
            ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
            ...{ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", ...headers },
          },
        });
        request.once("upgrade", ({ statusCode, headers: answered }, socket) => {
          socket.destroy();
          resolve({ status: statusCode!, extensions: answered["sec-websocket-extensions"] });
        });
        request.once("response", ({ statusCode }) => {
          request.destroy();
          resolve({ status: statusCode! });
        });
        request.once("error", reject);
      });

    it("lets a page publish and hear what its user may, with programs that are connected otherwise", async () => {
      const machine = await as("factory", "machine");
      const orders = machine.subscribe("orders.>", { max: 1 });
      const reading = setInterval(() => machine.publish("readings.temperature", "21 degrees"), 200);
      const seen = inPage(["factory", "operator"], async (nc) => {
        const readings = nc.subscribe("readings.>");
        for await (const message of readings) {
          nc.publish("orders.stop", "at once");
          await nc.flush();
          return `${message.subject}: ${message.string()}`;
        }
        return "nothing";
      }).finally(() => clearInterval(reading));
      assert.equal(await seen, "readings.temperature: 21 degrees");
      for await (const { subject, data } of orders)
        assert.deepEqual([subject, Buffer.from(data).toString()], ["orders.stop", "at once"]);
      await machine.close();
    });

    it("is for covenant's apps: they hear of incidents, and cannot make any", async () => {
      const api = await as("covenant", "api");
      const incident = setInterval(() => api.publish("alerts.incidents.info", "from the API"), 200);
      const seen = inPage(["covenant", "mobile"], async (nc) => {
        const errors: string[] = [];
        void (async () => {
          for await (const status of nc.status()) if (status.type === "error") errors.push(status.error.message);
        })();
        const alerts = nc.subscribe("alerts.>");
        nc.publish("user-events.opened", "");
        nc.publish("alerts.incidents.critical", "forged");
        for await (const message of alerts) {
          if (errors.length) return [message.string(), ...errors].join("; ");
        }
        return "nothing";
      }).finally(() => clearInterval(incident));
      assert.match(await seen, /^from the API; [^;]*publish to "alerts.incidents.critical"[^;]*$/i);
      await api.close();
    });

    it("denies a page what its user may not", async () => {
      const refused = await inPage(["factory", "operator"], async (nc) => {
        const errors: string[] = [];
        void (async () => {
          for await (const status of nc.status()) if (status.type === "error") errors.push(status.error.message);
        })();
        nc.publish("readings.forged", "");
        nc.publish("$JS.API.STREAM.NAMES", "");
        const stop = nc.subscribe("orders.>", { callback: () => {} });
        const other = nc.subscribe("_INBOX_machine.>", { callback: () => {} });
        for (let tries = 0; errors.length < 4 && tries < 600; tries++)
          await new Promise((resolve) => setTimeout(resolve, 100));
        stop.unsubscribe();
        other.unsubscribe();
        return errors.sort().join("\n");
      });
      for (const what of [
        /publish to "readings.forged"/i,
        /publish to "\$JS.API.STREAM.NAMES"/i,
        /subscription to "orders.>"/i,
        /subscription to "_INBOX_machine.>"/i,
      ])
        assert.match(refused, what);
    });

    it("refuses users that are not for it, with the right password too", async () => {
      for (const user of [
        ["covenant", "analytics"] as const,
        ["covenant", "provisioner"] as const,
        ["sys", "admin"] as const,
      ])
        assert.match(
          await inPage([...user], () => Promise.resolve("connected")),
          /authorization violation/i,
          user.join(),
        );
      // The same login is good where it belongs.
      await (await as("covenant", "analytics")).close();
    });

    it("refuses a page of another origin, and lets programs in that have none", async () => {
      const refused = await inPage(["covenant", "mobile"], () => Promise.resolve("connected"), { url: foreign() });
      assert.match(refused, /^error: /);
      const log = inFolder(inputs["iad-0"]!, "log");
      const isSaid = () =>
        Promise.resolve(fs.readFileSync(log, "utf8").includes("not in the allowed list") || undefined);
      assert.ok(await pollUntil(isSaid, waitMs));
      assert.deepEqual(
        await Promise.all([
          handshake("iad-0", { origin: foreign() }),
          handshake("iad-0", { origin: "https://app.example.com" }),
          handshake("iad-0", { origin: origin() }),
          handshake("iad-0"),
        ]).then((all) => all.map(({ status }) => status)),
        [403, 403, 101, 101],
      );
    });

    it("lets only its own host's pages in, where that is asked for", async () => {
      const statuses = [`https://${address("ams-0")}`, origin(), undefined].map((one) =>
        handshake("ams-0", one === undefined ? {} : { origin: one }),
      );
      assert.deepEqual(
        (await Promise.all(statuses)).map(({ status }) => status),
        [101, 403, 101],
      );
    });

    it("compresses only where that is asked for, and only for clients that ask", async () => {
      const asking = { "sec-websocket-extensions": "permessage-deflate; client_no_context_takeover" };
      assert.match(String((await handshake("iad-0", asking)).extensions), /permessage-deflate/);
      assert.equal((await handshake("iad-0")).extensions, undefined);
      assert.equal((await handshake("ams-0", asking)).extensions, undefined);
    });

    it("shows the clients' certificate, and a renewed one without a restart", async () => {
      const shown = () => serialOf(address("iad-0"), authority.cert);
      const before = await shown();
      assert.equal(before, new X509Certificate(cluster.identity.server.cert).serialNumber);
      const { process } = (await observe(inputs["iad-0"]!))!;
      const renewed = cluster.inputs({ identity: { ...cluster.identity, server: await issue(authority, "server") } });
      await cluster.ensure({ "iad-0": renewed["iad-0"]! });
      assert.notEqual(await shown(), before);
      assert.deepEqual((await observe(inputs["iad-0"]!))!.process, process);
    });

    it("is at the address that the environment says", () => {
      const [server] = serversOf(environment(), "ams");
      assert.equal(server!.websocket, `wss://${address("ams-0")}`);
    });
  });

  describe("leaf nodes", () => {
    let leaf: LeafNode;
    let site: NatsConnection;
    let provisioner: NatsConnection;
    const ownPort = (index: number) => cluster.options.basePort + regions.length * 35 + index;
    const hub = (login: string): Hub => ({
      ...{ address: inputs["iad-0"]!.config.leafnodes!.listen, ca: authority.cert, login },
    });
    const copy = (stream: string) => ({
      mirror: { name: stream, external: { api: "$JS.global.API", deliver: "_INBOX_hall.copies" } },
    });
    const messagesIn = async (nc: NatsConnection, stream: string) => {
      const { state } = (await ask(nc, `STREAM.INFO.${stream}`)) as { state: { messages: number } };
      return state.messages;
    };
    const has = async (stream: string, count: number) =>
      (await pollUntil(async () => (await messagesIn(site, stream)) === count || undefined, waitMs)) ?? false;

    before(async () => {
      provisioner = await as("factory", "provisioner");
      const { streams } = assetsOf(environment(), { factory });
      for (const stream of streams.filter(({ name }) => name in factory.streams))
        await createStream(provisioner, stream);
      leaf = await LeafNode.start(ownPort(0), hub("factory-hall"));
      site = await leaf.connect("_INBOX_hall");
    });
    after(async () => {
      await site?.close();
      await leaf?.stop();
      await provisioner?.close();
    });

    it("carry both ways what their user may, and nothing else", async () => {
      const [machine, operator] = [await as("factory", "machine"), await as("factory", "operator")];
      const ordersAtMachine: string[] = [];
      machine.subscribe("orders.>", { callback: (_, { subject }) => void ordersAtMachine.push(subject) });
      const orders = site.subscribe("orders.stop", { max: 1 });
      const secrets: string[] = [];
      site.subscribe("readings.>", { callback: (_, { subject }) => void secrets.push(subject) });
      const readings = operator.subscribe("readings.from-the-hall", { max: 1 });
      await Promise.all([machine.flush(), operator.flush(), site.flush()]);
      // What is forged goes first, so it would be heard before what ends the test.
      const repeat = setInterval(() => {
        site.publish("orders.forged");
        site.publish("readings.from-the-hall");
        machine.publish("readings.from-a-machine");
        operator.publish("orders.stop");
      }, 200);
      try {
        for await (const { subject } of orders) assert.equal(subject, "orders.stop");
        for await (const { subject } of readings) assert.equal(subject, "readings.from-the-hall");
        assert.ok(await pollUntil(() => Promise.resolve(ordersAtMachine.length > 0 || undefined), waitMs));
      } finally {
        clearInterval(repeat);
      }
      assert.deepEqual(
        [new Set(ordersAtMachine), secrets.includes("readings.from-a-machine")],
        [new Set(["orders.stop"]), false],
      );
      await Promise.all([machine.close(), operator.close()]);
    });

    it("copy the streams that their user may copy by a JetStream of their own, cut off and back", async () => {
      const cook = await as("factory", "cook");
      const machine = await as("factory", "machine");
      await requestUntilHeard(cook, "recipes.bread", "flour");
      await requestUntilHeard(machine, "readings.oven", "220 degrees");
      await addStream(site, { name: "OWN", subjects: ["own"] });
      await addStream(site, { name: "READINGS", ...copy("READINGS") });
      await addStream(site, { name: "RECIPES", ...copy("RECIPES") });
      assert.ok(await has("RECIPES", 1), "the copy has what was there");
      await leaf.cutOff();
      await requestUntilHeard(cook, "recipes.cake", "sugar");
      // Its own JetStream goes on, and so does what it has copied.
      await requestUntilHeard(site, "own", "of the hall");
      assert.deepEqual([await messagesIn(site, "OWN"), await messagesIn(site, "RECIPES")], [1, 1]);
      await leaf.join();
      assert.ok(await has("RECIPES", 2), "the copy has what came meanwhile");
      assert.deepEqual(
        [(await messagesIn(provisioner, "READINGS")) > 0, await messagesIn(site, "READINGS")],
        [true, 0],
      );
      await Promise.all([cook.close(), machine.close()]);
    });

    it("are refused for users that are not for it", async () => {
      const other = await LeafNode.start(ownPort(1), hub("factory-machine"));
      try {
        const isRefused = () => Promise.resolve(/authorization violation/i.test(other.log()) || undefined);
        assert.ok(await pollUntil(isRefused, waitMs), other.log());
      } finally {
        await other.stop();
      }
    });
  });

  describe("MQTT", () => {
    const clients: MqttClient[] = [];
    const eventOf = (client: MqttClient, event: string): Promise<unknown[]> =>
      once(client as unknown as EventEmitter, event, { signal: AbortSignal.timeout(waitMs) });
    const at = (server = "iad-0") => `mqtts://${inputs[server]!.config.mqtt!.listen}`;
    /** A session that outlives its connections, by the user's name. */
    const connectMqtt = async (user: string, options: IClientOptions = {}, url = at()): Promise<MqttClient> => {
      const login = loginOf("factory", user);
      const own = { username: login, password: login, clientId: user, clean: false, ca: authority.cert };
      const more = { connectTimeout: waitMs, reconnectPeriod: 0, ...options };
      let last: unknown;
      // A server that cannot reach the streams of a session yet closes the connection.
      const attempt = () =>
        connectAsync(url, { ...own, ...more }, false).catch((error: Error) => {
          if (/not authorized/i.test(error.message)) throw error;
          last = error;
          return undefined;
        });
      const client = await pollUntil(attempt, waitMs);
      if (!client) throw new Error(`${login} was not let in`, { cause: last });
      clients.push(client);
      return client;
    };
    /** The next message that a client gets, with its topic. */
    const next = async (client: MqttClient) => {
      const [topic, payload, packet] = (await eventOf(client, "message")) as OnMessage;
      return { topic, text: payload.toString(), qos: packet.qos, retain: packet.retain };
    };
    afterEach(() => Promise.all(clients.splice(0).map((client) => client.endAsync(true))));

    it("acknowledges what its user may publish, which is a message of NATS", async () => {
      const operator = await as("factory", "operator");
      const heard: string[][] = [];
      operator.subscribe("readings.*", {
        callback: (_, message) => void heard.push([message.subject, message.string()]),
      });
      await operator.flush();
      const sensor = await connectMqtt("sensor");
      // Again, since its server may learn of the subscription later.
      await pollUntil(
        async () => {
          await sensor.publishAsync("readings/temperature", "21 degrees", { qos: 1 });
          return heard.length > 0;
        },
        waitMs,
        200,
      );
      assert.deepEqual(heard[0], ["readings.temperature", "21 degrees"]);
      await operator.close();
    });

    it("keeps messages of QoS 1 for a session that is away, in an account with limits", async () => {
      const before = await connectMqtt("sensor");
      await before.subscribeAsync("orders/+", { qos: 1 });
      await before.endAsync();
      const panel = await connectMqtt("panel");
      await panel.publishAsync("orders/stop", "at once", { qos: 1 });
      const login = loginOf("factory", "sensor");
      // Its messages come as soon as it is connected.
      const sensor = connect(at(), {
        ...{ username: login, password: login, clientId: "sensor", clean: false, ca: authority.cert },
        ...{ connectTimeout: waitMs, reconnectPeriod: 0 },
      });
      clients.push(sensor);
      assert.deepEqual(await next(sensor), { topic: "orders/stop", text: "at once", qos: 1, retain: false });
    });

    it("gives retained messages to those that subscribe later, in another region too", async () => {
      const panel = await connectMqtt("panel");
      await panel.publishAsync("orders/mode", "quiet", { qos: 1, retain: true });
      const sensor = await connectMqtt("sensor", { clientId: "sensor-of-ams", clean: true }, at("ams-0"));
      const message = next(sensor);
      await sensor.subscribeAsync("orders/mode", { qos: 1 });
      assert.deepEqual(await message, { topic: "orders/mode", text: "quiet", qos: 1, retain: true });
    });

    it("denies what its user may not", async () => {
      const sensor = await connectMqtt("sensor");
      // The last is orders itself too, which its user may not hear.
      for (const topic of ["readings/#", "$MQTT/#", "#", "orders/#"])
        await assert.rejects(sensor.subscribeAsync(topic, { qos: 1 }), /Unspecified error/, topic);
      const machine = await as("factory", "machine");
      const heard: string[] = [];
      machine.subscribe("orders.>", { callback: (_, { subject }) => void heard.push(subject) });
      await machine.flush();
      const panel = await connectMqtt("panel");
      // Again, since their server may learn of the subscription later. What is forged goes first.
      const isHeard = async () => {
        await sensor.publishAsync("orders/forged", "", { qos: 1 });
        await panel.publishAsync("orders/end", "", { qos: 1 });
        return heard.includes("orders.end");
      };
      assert.ok(await pollUntil(isHeard, waitMs, 200));
      assert.deepEqual(new Set(heard), new Set(["orders.end"]));
      await machine.close();
    });

    it("refuses users that are not for it, and connections without TLS", async () => {
      await assert.rejects(connectMqtt("machine"), /not authorized/i);
      const login = loginOf("factory", "sensor");
      const plain = connect(at().replace("mqtts:", "mqtt:"), { username: login, password: login, reconnectPeriod: 0 });
      clients.push(plain);
      let isConnected = false;
      plain.once("connect", () => (isConnected = true));
      await eventOf(plain, "close");
      assert.equal(isConnected, false);
    });

    it("has only streams that limits of the account count, and that status does not call undeclared", async () => {
      const provisioner = await as("factory", "provisioner");
      const { streams } = (await ask(provisioner, "STREAM.NAMES")) as { streams: string[] };
      const made = streams.filter((name) => name.startsWith("$MQTT_"));
      assert.deepEqual(made.sort(), Object.keys(mqttReservation(environment(), factory)).sort());
      assert.ok(made.every(isOfMqtt));
      await provisioner.close();
    });
  });

  it("pass the check of verify, each by its own way into TLS", async () => {
    const access = { environment: environment(), ca: authority.cert };
    const results = async (ca: string) =>
      (await listenerChecks({ ...access, ca })).map(({ name, result }) => `${name}: ${result}`);
    const names = ["websocket", "leafNodes", "mqtt"];
    let found: string[] = [];
    // A check waits for 5 s, which a busy machine may need.
    await pollUntil(async () => {
      found = await results(authority.cert);
      return found.every((line) => line.endsWith(": ok"));
    }, waitMs);
    assert.deepEqual(
      found,
      names.map((name) => `listener ${name}: ok`),
    );
    const other = await makeAuthority("another");
    assert.deepEqual(
      await results(other.cert),
      names.map((name) => `listener ${name}: failed`),
    );
  });
});

/** Runs a function in a page over a connection of the official client; what failed, where it does not connect. */
function connected<T>(
  page: Page,
  servers: string,
  user: string,
  inboxPrefix: string,
  act: (nc: NatsCore.NatsConnection) => Promise<T>,
): Promise<T | string> {
  const options = JSON.stringify({ servers, user, pass: user, inboxPrefix, reconnect: false, timeout: waitMs });
  return page.evaluate<T | string>(
    `nats.wsconnect(${options}).then((nc) => (${act.toString()})(nc), (error) => "error: " + error.message)`,
  );
}

/** Serial number of the certificate that a listener of TLS shows, which the authority must have signed. */
const serialOf = async (hostPort: string, ca: string): Promise<string> => {
  const { hostname: host, port } = new URL(`https://${hostPort}`);
  const socket = tls.connect({ host, port: Number(port), ca });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
};
