import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import { createServer, type Server } from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as tls from "node:tls";
import type { NatsConnection } from "@nats-io/transport-node";
import type * as NatsCore from "@nats-io/nats-core";
import type { Browser, Page } from "playwright-core";
import type { RegionIdentity } from "../../config/assets/region";
import { loginOf } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import { listeners as listenersSchema } from "../../config/schema/listeners";
import { serversOf } from "../../config/topology";
import { inboxPrefixOf } from "../../components/security/permissions";
import { observe } from "../../components/local/provider/observe";
import { inFolder } from "../../components/local/provider/record";
import { environmentListeners, factory } from "../../docs/examples/tenants/listeners";
import { covenant } from "../../tenants/covenant";
import { accountsText, localEnvironment } from "../support/accounts";
import { openPage, scriptOf, startBrowser } from "../support/browser";
import { type Authority, issue, makeAuthority } from "../support/certificates";
import { serversMs, waitMs } from "../support/limits";
import { makeIdentity, Supercluster } from "../support/nats";
import { claimPorts } from "../support/ports";

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
    settings = { listenersBasePort: basePort + regions.length * 20, listeners };
    const environment = localEnvironment({ regions, basePort, ...settings });
    cluster = await Supercluster.prepare(
      { regions, basePort, settings, accounts: accountsText(environment, tenants) },
      await identityOf(),
    );
    const sameOrigin = { ...settings, listeners: listenersSchema.parse({ websocket: { sameOrigin: true } }) };
    inputs = { ...cluster.inputs(), "ams-0": cluster.inputs({ settings: sameOrigin })["ams-0"]! };
    await cluster.ensure(inputs);
    await cluster.ready();
  });
  after(async () => {
    site?.close();
    await cluster?.stop();
  });

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

    it("is at the addresses that the environment says", () => {
      const [server] = serversOf(localEnvironment({ regions, basePort: cluster.options.basePort, ...settings }), "ams");
      assert.equal(server!.websocket, `wss://${address("ams-0")}`);
    });
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
