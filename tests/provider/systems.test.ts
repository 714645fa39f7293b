import assert from "node:assert/strict";
import { jetstream, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { pino } from "pino";
import { accountsOf } from "../../components/security/accounts";
import { assetsOf } from "../../config/assets/assets";
import { provisioner } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import { notifications } from "../../docs/examples/workers/notifications";
import { tenants } from "../../tenants";
import { WebhookConsumer } from "../../workers/irisx/consumers/webhook";
import { deliveryStore } from "../../workers/irisx/deliveries/postgres";
import { type WebhookMessage, webhookMessage } from "../../workers/irisx/messages";
import { createDeadLetterWriter, createMessage, createPublisher } from "../../workers/messaging";
import { accountsText, ask, createAssets, localEnvironment } from "../support/accounts";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { startSupercluster, type Supercluster } from "../support/nats";

const environment = localEnvironment({ regions: ["iad", "ams"], servers: 1, jetstreamDomain: "global" });
const { streams, consumers } = assetsOf(environment, tenants);
const users = accountsOf(environment, tenants).flatMap((account) => account.users);

describe("the four systems on real servers", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  const connections: NatsConnection[] = [];

  const connect = async (login: string): Promise<NatsConnection> => {
    const { inboxPrefix } = users.find((user) => user.login === login)!;
    const nc = await cluster.connect(login, { inboxPrefix, reconnect: false });
    connections.push(nc);
    return nc;
  };
  const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> =>
    assert.ok(await pollUntil(async () => (await condition()) || undefined, waitMs), what);

  before(async () => {
    cluster = await startSupercluster({
      regions: environment.regions,
      servers: environment.servers,
      accounts: accountsText(environment, tenants),
      settings: environment,
    });
    for (const account of ["covenant", "irisx"]) {
      const nc = await connect(`${account}-${provisioner}`);
      await createAssets(nc, { streams: streams.filter(({ mirrorOf }) => !mirrorOf), consumers }, account);
    }
  });
  after(async () => {
    await Promise.all(connections.map((nc) => nc.close()));
    await cluster?.stop();
  });

  it("deliver a webhook, by its worker, five times in all, over republishes, and then terminate it", async () => {
    const administrator = await connect(`irisx-${provisioner}`);
    const terminated: { reason: string; deliveries: number }[] = [];
    administrator.subscribe("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.WEBHOOKS.webhook-worker", {
      callback: (_error, advisory) => void terminated.push(advisory.json()),
    });
    await administrator.flush();
    const attempts: string[] = [];
    const worker = await connect("irisx-webhook-worker");
    const js = jetstream(worker, { timeout: requestMs });
    const log = pino({ level: "silent" });
    const store = deliveryStore({ connections: 1 }, assert.fail);
    /** Notes each attempt that was due. */
    class Noting extends WebhookConsumer {
      override async processMessage(message: WebhookMessage, received: JsMsg) {
        const result = await super.processMessage(message, received);
        const { subject, headers } = received;
        if (result.retryAfter === undefined) attempts.push(`${subject} ${headers?.get("Webhook-Attempt") ?? ""}`);
        return result;
      }
    }
    const send = () => Promise.resolve({ outcome: "retry", reason: "Error: 503" } as const);
    const consumer = new Noting(
      {
        ...{ store, log, publisher: createPublisher(js), deadLetters: createDeadLetterWriter(js) },
        sender: { provider: "http", send, close: () => Promise.resolve() },
      },
      [100, 100, 100, 100],
    );
    await consumer.start(js);
    const message = createMessage(webhookMessage, {
      ...{ source: "test", tenantId: "acme", url: "https://example.com/", event: "invoice.paid", data: {} },
    });
    const client = jetstream(await connect("irisx-api"), { timeout: requestMs });
    await client.publish("webhooks.deliver", JSON.stringify(message));
    await until("an advisory", () => terminated.length > 0);
    assert.deepEqual(attempts, ["webhooks.deliver ", ...[2, 3, 4, 5].map((attempt) => `webhooks.retry ${attempt}`)]);
    assert.match(terminated[0]!.reason, /^dead letter stored: terminal: given up after 5 attempts: Error: 503$/);
    const info = await ask(administrator, "CONSUMER.INFO.WEBHOOKS.webhook-worker");
    assert.deepEqual([info.num_pending, info.num_ack_pending], [0, 0]);
    const letters = await ask(administrator, "STREAM.INFO.DEAD_LETTERS");
    assert.equal((letters.state as { messages: number }).messages, 1);
    assert.equal((await store.find({ channel: "webhook", id: message.id }))?.status, "failed");
    await consumer.stop();
    await store.close();
  });

  it("bind all durables of CACHE_INVALIDATOR by one subscription", async () => {
    const administrator = await connect(`covenant-${provisioner}`);
    const durables = consumers.filter(({ name }) => name === "CACHE_INVALIDATOR");
    const bound = async () => {
      const infos = durables.map(({ stream, name }) => ask(administrator, `CONSUMER.INFO.${stream}.${name}`));
      return (await Promise.all(infos)).filter((info) => info.push_bound === true).length;
    };
    assert.deepEqual([durables.length, await bound()], [3, 0]);
    (await connect("covenant-cache-invalidator")).subscribe("consumer.cache-invalidator", {
      callback: () => undefined,
    });
    await until("all are bound", async () => (await bound()) === 3);
  });

  it("notify of an incident once: a second instance is refused, and takes over when the first is gone", async () => {
    const api = jetstream(await connect("covenant-api"), { timeout: requestMs });
    const notified: string[] = [];
    const instance = async (name: string) => {
      const nc = await connect("covenant-notifications");
      const ended = notifications(nc, async ({ subject }) => void notified.push(`${name} ${subject}`));
      ended.catch(() => undefined);
      return { nc, ended };
    };
    const administrator = await connect(`covenant-${provisioner}`);
    const bound = async () =>
      (await ask(administrator, "CONSUMER.INFO.ALERTS_INCIDENTS.NOTIFICATIONS")).push_bound === true;

    const first = await instance("first");
    await until("the first is bound", bound);
    const second = await instance("second");
    await assert.rejects(second.ended, /consumer is already bound/);
    await api.publish("alerts.incidents.critical", "{}");
    await until("a notification", () => notified.length > 0);
    await first.nc.close();
    await until("the first is gone", async () => !(await bound()));
    await instance("third");
    await until("the third is bound", bound);
    await api.publish("alerts.incidents.warning", "{}");
    await until("another notification", () => notified.length > 1);
    assert.deepEqual(notified, ["first alerts.incidents.critical", "third alerts.incidents.warning"]);
  });

  it("refuse the incident after 10,000 stored ones, and drop none", async () => {
    const administrator = await connect(`covenant-${provisioner}`);
    const state = async () =>
      (await ask(administrator, "STREAM.INFO.ALERTS_INCIDENTS")).state as { messages: number; first_seq: number };
    const api = jetstream(await connect("covenant-api"), { timeout: requestMs });
    const publish = () => api.publish("alerts.incidents.info", "{}");
    for (let left = 10_000 - (await state()).messages; left > 0; left -= 500)
      await Promise.all(Array.from({ length: Math.min(left, 500) }, publish));
    await assert.rejects(publish, /maximum messages exceeded/);
    const { messages, first_seq } = await state();
    assert.deepEqual([messages, first_seq], [10_000, 1]);
  });
});
