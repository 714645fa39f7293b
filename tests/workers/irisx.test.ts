import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { type ConsumerInfo, jetstream } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { simpleParser } from "mailparser";
import { Webhook } from "standardwebhooks";
import { accountsOf } from "../../components/security/accounts";
import { assetsOf } from "../../config/assets/assets";
import { provisioner, systemAccount } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import { type Snapshot, takeSnapshot } from "../../operations/supercluster/snapshot";
import { Connections } from "../../operations/verify/connections";
import { isSettled, proveStream } from "../../operations/verify/durables";
import { Leftovers } from "../../operations/verify/leftovers";
import { publish } from "../../operations/verify/messages";
import { planOf, takes } from "../../operations/verify/plan";
import { irisx } from "../../tenants/irisx";
import { webhookSecret } from "../../workers/irisx/adapters/webhook-secret";
import { deliveryStore } from "../../workers/irisx/deliveries/postgres";
import { deliveryStatus } from "../../workers/irisx/deliveries/reports";
import { smsMessage } from "../../workers/irisx/messages";
import { createMessage, readMessage } from "../../workers/messaging";
import { accountsText, ask, createAssets, localEnvironment } from "../support/accounts";
import { type Certificate, issue, makeAuthority } from "../support/certificates";
import { serversMs, waitMs } from "../support/limits";
import { startSupercluster, type Supercluster } from "../support/nats";
import { claimPorts } from "../support/ports";
import { type PostgresServer, startPostgres } from "../support/postgres";
import { projectFolder } from "../support/project-copy";
import { runFolder } from "../support/run";
import { json, mailLogin, receiveHttp, receiveMail } from "../support/receivers";

const environment = localEnvironment({ regions: ["iad", "ams"], servers: 1, jetstreamDomain: "global" });
const tenants = { irisx };
const assets = assetsOf(environment, tenants);
const users = accountsOf(environment, tenants).flatMap((account) => account.users);

const names = ["sms-worker", "email-worker", "webhook-worker", "api"] as const;
const secrets = {
  TWILIO_AUTH_TOKEN: "twilio-token-of-this-test",
  WEBHOOK_SECRET: Buffer.alloc(32, 5).toString("base64"),
  API_TOKEN: "token-of-this-test-with-32-characters",
};

const until = async <T>(what: string, find: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> =>
  (await pollUntil(find, waitMs, 100)) ?? assert.fail(`not within ${waitMs} ms: ${what}`);

/** A worker as a process of its own, and every line that it wrote. */
class Worker {
  readonly lines: string[] = [];

  private constructor(
    readonly name: string,
    readonly child: ChildProcess,
    private readonly health: number,
  ) {
    for (const stream of [child.stdout!, child.stderr!])
      createInterface({ input: stream }).on("line", (line) => this.lines.push(line));
  }

  static start(name: (typeof names)[number], variables: Record<string, string>, healthPort: number): Worker {
    const child = spawn(process.execPath, ["-r", "./tools/runtime.cjs", "workers/irisx/main.ts", name], {
      cwd: projectFolder,
      env: { ...process.env, ...variables, HEALTH_PORT: String(healthPort), SHUTDOWN_GRACE: "20s" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new Worker(name, child, healthPort);
  }

  async ready(): Promise<void> {
    await until(`${this.name} is ready:\n${this.lines.join("\n")}`, async () => {
      assert.equal(this.child.exitCode, null, this.lines.join("\n"));
      const answer = await fetch(`http://127.0.0.1:${this.health}/readyz`).catch(() => undefined);
      return answer?.ok;
    });
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.health}/metrics`)).text();
  }

  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    this.child.kill("SIGTERM");
    await once(this.child, "exit");
    return this.child.exitCode;
  }
}

describe("irisx from its HTTP API to servers that receive", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let administrator: NatsConnection;
  let mailCertificate: Certificate;
  let mailAuthority: string;

  const connect = (user: string): Promise<NatsConnection> => {
    const { login, inboxPrefix } = users.find(({ login }) => login === `irisx-${user}`)!;
    return cluster.connect(login, { inboxPrefix, reconnect: false });
  };

  before(async () => {
    cluster = await startSupercluster({
      regions: environment.regions,
      servers: environment.servers,
      accounts: accountsText(environment, tenants),
      settings: environment,
    });
    administrator = await connect(provisioner);
    const streams = assets.streams.filter(({ mirrorOf }) => !mirrorOf);
    await createAssets(administrator, { streams, consumers: assets.consumers }, "irisx");
    const authority = await makeAuthority("mail");
    mailCertificate = await issue(authority, "mail");
    mailAuthority = authority.cert;
  });
  after(async () => {
    await administrator?.close();
    await cluster?.stop();
  });

  /** What the process of a user connects with. */
  const connectionOf = (user: string): Record<string, string> => {
    const { login, inboxPrefix } = users.find(({ login }) => login === `irisx-${user}`)!;
    return {
      NATS_URL: cluster.urls("iad").join(","),
      NATS_USER: login,
      NATS_PASSWORD: login,
      NATS_INBOX_PREFIX: inboxPrefix,
      NATS_CA: cluster.identity.clientCa,
    };
  };

  /** The last message on a subject. */
  const last = async (stream: string, subject: string) => {
    const answer = await ask(administrator, `STREAM.MSG.GET.${stream}`, { last_by_subj: subject }).catch(
      (error: Error) => (/10037/.test(error.message) ? undefined : Promise.reject(error)),
    );
    const message = answer?.message as { data: string; hdrs?: string; seq: number } | undefined;
    const decode = (text = "") => Buffer.from(text, "base64");
    return message && { data: decode(message.data), hdrs: decode(message.hdrs).toString(), seq: message.seq };
  };

  /** The status of a delivery, once it is published. */
  const status = (stream: string, subject: string, id: string) =>
    until(`status of ${id} on ${subject}`, async () => {
      const message = await last(stream, subject);
      const read = message && readMessage(deliveryStatus, message.data);
      return read?.deliveryId === id && read;
    });

  /** Receivers, and the four workers as processes with their users, which hand over to them. */
  async function startAll(database: Record<string, string>) {
    const twilio = await receiveHttp((request, response) => answers.twilio(request, response));
    const answers = { twilio: json(201, { sid: "SM42", status: "queued" }) };
    const receiver = await receiveHttp((_request, response) => response.end("thanks"));
    const mail = await receiveMail(mailCertificate);
    const ports = await claimPorts();
    const settings: Record<(typeof names)[number], Record<string, string>> = {
      "sms-worker": {
        SMS_PROVIDER: "twilio",
        TWILIO_ACCOUNT_SID: "AC" + "0".repeat(32),
        TWILIO_AUTH_TOKEN: secrets.TWILIO_AUTH_TOKEN,
        TWILIO_FROM: "+12025550100",
        TWILIO_URL: twilio.url,
      },
      "email-worker": {
        EMAIL_PROVIDER: "smtp",
        SMTP_URL: mail.url,
        SMTP_FROM: "IRISX <no-reply@irisx.example>",
        SMTP_CA: mailAuthority,
      },
      "webhook-worker": {
        WEBHOOK_PROVIDER: "http",
        WEBHOOK_SECRET: secrets.WEBHOOK_SECRET,
        WEBHOOK_TARGETS: "any",
      },
      api: { PORT: String(ports), API_TOKEN: secrets.API_TOKEN },
    };
    const workers = names.map((name, index) => {
      return Worker.start(name, { ...connectionOf(name), ...settings[name], ...database }, ports + 1 + index);
    });
    const call = async (method: "GET" | "POST", path: string, body?: object) => {
      const answer = await fetch(`http://127.0.0.1:${ports}${path}`, {
        method,
        headers: { authorization: `Bearer ${secrets.API_TOKEN}`, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { code: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    return {
      ...{ answers, twilio, receiver, mail, workers, call },
      /** Publishes by the API; returns the id. */
      async post(path: string, body: object): Promise<string> {
        const answer = await call("POST", path, body);
        assert.deepEqual([answer.code, answer.body.status], [202, "queued"], JSON.stringify(answer.body));
        return answer.body.id as string;
      },
      /** Ends the workers by SIGTERM; returns their exit codes. */
      async stop(): Promise<(number | null)[]> {
        const codes = await Promise.all(workers.map((worker) => worker.stop()));
        await Promise.all([twilio, receiver, mail].map((server) => server.close()));
        return codes;
      },
    };
  }
  type Running = Awaited<ReturnType<typeof startAll>>;

  /** An SMS, an e-mail and a webhook reach their receivers; returns their ids. */
  async function deliverOneOfEach({ post, twilio, receiver, mail }: Running) {
    const tenantId = "acme";
    const sms = await post("/sms", { tenantId, to: "+12025550123", body: "Hello" });
    const email = await post("/email", { tenantId, to: "user@example.com", subject: "Grüße", body: "Hello" });
    const hook = { tenantId, url: `${receiver.url}/hook`, event: "invoice.paid", data: { total: 12 } };
    const webhook = await post("/webhooks", hook);

    const [request] = await until("an SMS", () => twilio.requests.length > 0 && twilio.requests);
    assert.equal(new URLSearchParams(request!.body).get("To"), "+12025550123");
    const [received] = await until("an e-mail", () => mail.received.length > 0 && mail.received);
    assert.deepEqual([received!.secure, received!.user], [true, mailLogin.user]);
    const parsed = await simpleParser(received!.raw);
    assert.deepEqual([parsed.subject, parsed.messageId], ["Grüße", `<${email}@irisx.example>`]);
    const [posted] = await until("a webhook", () => receiver.requests.length > 0 && receiver.requests);
    const signature = new Webhook(webhookSecret(secrets.WEBHOOK_SECRET, tenantId));
    const verified = signature.verify(posted!.body, posted!.headers as Record<string, string>);
    assert.deepEqual([posted!.headers["webhook-id"], (verified as { data: unknown }).data], [webhook, hook.data]);

    const statuses = [await status("SMS", "sms.status", sms), await status("EMAIL", "email.status", email)];
    assert.deepEqual(
      statuses.map((each) => [each.status, each.provider, each.providerId, each.tenantId, each.attempts]),
      [
        ["sent", "twilio", "SM42", tenantId, 1],
        ["sent", "smtp", `<${email}@irisx.example>`, tenantId, 1],
      ],
    );
    return { sms, email, webhook };
  }

  /** All that was published has been acknowledged, and nothing is left to the workers. */
  const nothingWaits = () =>
    until("nothing waits", async () => {
      const durables = { "sms-worker": "SMS", "email-worker": "EMAIL", "webhook-worker": "WEBHOOKS" };
      const infos = await Promise.all(
        Object.entries(durables).map(([name, stream]) => ask(administrator, `CONSUMER.INFO.${stream}.${name}`)),
      );
      return infos.every((info) => info.num_pending === 0 && info.num_ack_pending === 0);
    });

  /** Logs have no secret, and no user lacked a permission. */
  function logsAreClean({ workers }: Running): void {
    const text = workers.flatMap(({ lines }) => lines).join("\n");
    assert.ok(text.length > 0);
    for (const secret of [...Object.values(secrets), mailLogin.password])
      assert.ok(!text.includes(secret), `${secret} is in a log`);
    assert.doesNotMatch(text, /permission/i);
  }

  it("with embedded state: one of each arrives, and SIGTERM ends every worker with 0", async () => {
    const all = await startAll({});
    try {
      await Promise.all(all.workers.map((worker) => worker.ready()));
      const { sms } = await deliverOneOfEach(all);
      await nothingWaits();
      // The state of each process is its own.
      assert.equal((await all.call("GET", `/sms/${sms}`)).body.status, "queued");
      assert.deepEqual(await all.stop(), [0, 0, 0, 0]);
      logsAreClean(all);
      assert.match(all.workers[0]!.lines.join("\n"), /DATABASE_URL is not set: the state is in memory/);
    } finally {
      await all.stop();
    }
  });

  describe("with state in PostgreSQL", () => {
    let postgres: PostgresServer;
    let all: Running;
    before(async () => {
      postgres = await startPostgres();
      all = await startAll({ DATABASE_URL: postgres.url });
      await Promise.all(all.workers.map((worker) => worker.ready()));
    });
    after(async () => {
      await all?.stop();
      await postgres?.stop();
    });

    const state = async (path: string, id: string) => (await all.call("GET", `${path}/${id}`)).body;

    it("one of each arrives, and the API shows where it stands", async () => {
      const { sms, email, webhook } = await deliverOneOfEach(all);
      await nothingWaits();
      for (const [path, id, provider, providerId] of [
        ["/sms", sms, "twilio", "SM42"],
        ["/email", email, "smtp", `<${email}@irisx.example>`],
        ["/webhooks", webhook, "http", "200"],
      ] as const) {
        const { createdAt, updatedAt, ...rest } = await state(path, id);
        const expected = { id, tenantId: "acme", status: "sent", attempts: 1, provider, providerId };
        assert.deepEqual(rest, expected);
        assert.ok(new Date(String(updatedAt)) >= new Date(String(createdAt)));
      }
    });

    it("an SMS with a priority goes by the lane of it, and arrives", async () => {
      const lanes = { high: "sms-worker-high", normal: "sms-worker", low: "sms-worker-low" };
      for (const [priority, durable] of Object.entries(lanes)) {
        const body = `${priority} priority`;
        const id = await all.post("/sms", { tenantId: "acme", to: "+12025550122", body, priority });
        await until("it is sent", async () => (await state("/sms", id)).status === "sent");
        assert.equal(new URLSearchParams(all.twilio.requests.at(-1)!.body).get("Body"), body);
        const stored = await last("SMS", `sms.send.${priority}`);
        assert.equal((JSON.parse(Buffer.from(stored!.data).toString()) as { id: string }).id, id);
        await until(`${durable} has acknowledged it`, async () => {
          const info = (await ask(administrator, `CONSUMER.INFO.SMS.${durable}`)) as unknown as ConsumerInfo;
          return info.ack_floor.stream_seq === stored!.seq && info.num_ack_pending === 0;
        });
      }
      const refused = await all.call("POST", "/sms", {
        tenantId: "acme",
        to: "+12025550122",
        body: "",
        priority: "top",
      });
      assert.equal(refused.code, 400);
      assert.match(JSON.stringify(refused.body), /priority.*expected one of high, normal, low/);
    });

    it("what was sent is not sent again where it is published again", async () => {
      const id = await all.post("/sms", { tenantId: "acme", to: "+12025550124", body: "Once" });
      await until("it is sent", async () => (await state("/sms", id)).status === "sent");
      const sent = all.twilio.requests.length;
      const publisher = await connect("api");
      const message = createMessage(smsMessage, {
        id,
        source: "test",
        tenantId: "acme",
        to: "+12025550124",
        body: "Once",
      });
      // Another message id: to the stream it is another message.
      await jetstream(publisher).publish("sms.send", JSON.stringify(message), { msgID: randomUUID() });
      await publisher.close();
      await nothingWaits();
      assert.equal(all.twilio.requests.length, sent);
      assert.equal((await state("/sms", id)).attempts, 1);
    });

    it("what the provider refuses is failed, reported, and a dead letter", async () => {
      all.answers.twilio = json(400, { code: 21211, message: "not a valid phone number", status: 400 });
      const id = await all.post("/sms", { tenantId: "acme", to: "+12025550125", body: "Hello" });
      const reported = await status("SMS", "sms.status", id);
      const error = "Twilio 400 (21211): not a valid phone number";
      assert.deepEqual([reported.status, reported.error, reported.attempts], ["failed", error, 1]);
      assert.deepEqual([(await state("/sms", id)).status, (await state("/sms", id)).error], ["failed", error]);
      const letter = await until("a dead letter", () => last("DEAD_LETTERS", "dead.SMS.*.sms-worker"));
      assert.equal((JSON.parse(Buffer.from(letter.data).toString()) as { id: string }).id, id);
      assert.match(letter.hdrs, /Dead-Letter-Reason: terminal\r\n/);
      await nothingWaits();
    });

    it("what a replay asks for is sent, and shown as sent", async () => {
      all.answers.twilio = json(201, { sid: "SM43" });
      const letter = await until("a dead letter", () => last("DEAD_LETTERS", "dead.SMS.*.sms-worker"));
      const { id } = JSON.parse(Buffer.from(letter.data).toString()) as { id: string };
      const cli = await connect("dead-letters-cli");
      await jetstream(cli).publish("replay.SMS.sms-worker", letter.data, { msgID: randomUUID(), headers: headers() });
      await cli.close();
      const sent = await until("it is sent", async () => {
        const found = await state("/sms", id);
        return found.status === "sent" && found;
      });
      assert.deepEqual([sent.providerId, sent.attempts], ["SM43", 2]);
    });

    it("while the provider takes nothing, messages wait, with few calls, and none becomes a dead letter", async () => {
      all.answers.twilio = json(503, { code: 20503, message: "down", status: 503 });
      const letters = async () =>
        ((await ask(administrator, "STREAM.INFO.DEAD_LETTERS")).state as { messages: number }).messages;
      const before = await letters();
      const calls = all.twilio.requests.length;
      const ids = await Promise.all(
        Array.from({ length: 20 }, () => all.post("/sms", { tenantId: "acme", to: "+12025550126", body: "Later" })),
      );
      await until("the breaker is open", async () => {
        const metrics = await all.workers[0]!.metrics();
        return /nats_consumer_breaker_open\{consumer="sms-worker"\} 1/.test(metrics);
      });
      all.answers.twilio = json(201, { sid: "SM44" });
      await until("all are sent", async () => {
        const states = await Promise.all(ids.map((id) => state("/sms", id)));
        return states.every((each) => each.status === "sent");
      });
      const wasted = all.twilio.requests.length - calls - ids.length;
      assert.ok(wasted >= 1 && wasted <= 15, `${wasted} calls of an API that was down`);
      assert.equal(await letters(), before);
    });

    it("while the database does not answer, the API queues, and messages wait until it does", async () => {
      const calls = all.twilio.requests.length;
      await postgres.pause();
      const id = await all.post("/sms", { tenantId: "acme", to: "+12025550127", body: "Later" });
      await until("the breaker is open", async () =>
        /nats_consumer_breaker_open\{consumer="sms-worker"\} 1/.test(await all.workers[0]!.metrics()),
      );
      assert.equal((await all.call("GET", `/sms/${id}`)).code, 503);
      assert.equal(all.twilio.requests.length, calls);
      await postgres.start();
      await until("it is sent", async () => (await state("/sms", id)).status === "sent");
      assert.equal(all.twilio.requests.length, calls + 1);
    });

    it("a webhook that fails is published again, numbered, for a later attempt", async () => {
      const port = await claimPorts();
      const hook = { tenantId: "acme", url: `http://127.0.0.1:${port}/`, event: "invoice.paid", data: {} };
      const id = await all.post("/webhooks", hook);
      const again = await until("it is published again", () => last("WEBHOOKS", "webhooks.retry"));
      assert.equal((JSON.parse(Buffer.from(again.data).toString()) as { id: string }).id, id);
      assert.match(again.hdrs, /Webhook-Attempt: 2\r\n/);
      assert.match(again.hdrs, /Webhook-Not-Before: \d{13}\r\n/);
      const found = await state("/webhooks", id);
      assert.deepEqual([found.status, found.attempts], ["retrying", 1]);
      assert.match(String(found.error), /did not answer: connect ECONNREFUSED/);
    });

    describe("as npm run verify sees them", () => {
      const sms = planOf({ environment }, irisx).streams.find(({ stream }) => stream === "SMS")!;
      let connections: Connections;
      let system: NatsConnection;
      const observe = () => takeSnapshot(system, environment.regions.length);
      const detailOf = (snapshot: Snapshot, durable: string) =>
        snapshot.streams.irisx?.SMS?.consumer_detail?.find(({ name }) => name === durable);

      before(async () => {
        const accounts = accountsOf(environment, tenants).map((account) => {
          const own = account.users.map(({ name, login, inboxPrefix }) => {
            return [name, { login, password: login, inboxPrefix }] as const;
          });
          return [account.name, { users: Object.fromEntries(own) }] as const;
        });
        connections = new Connections({
          name: "test",
          environment: { ...environment, basePort: cluster.options.basePort },
          ca: cluster.identity.clientCa,
          accounts: Object.fromEntries(accounts),
        });
        system = await connections.get("iad", systemAccount.name, systemAccount.user);
      });
      after(() => connections?.close());

      it("workers take a proof's messages without sending them, while an older one waits for its retry", async () => {
        all.answers.twilio = json(500, { code: 20500, message: "internal error", status: 500 });
        const id = await all.post("/sms", { tenantId: "acme", to: "+12025550129", body: "Later" });
        await until("it waits", async () => (await state("/sms", id)).status === "retrying");
        all.answers.twilio = json(201, { sid: "SM45" });
        const snapshot = await until("the servers report it", async () => {
          const found = await observe();
          return (detailOf(found, "sms-worker")?.num_ack_pending ?? 0) > 0 && found;
        });
        const proofs = await proveStream(sms, {
          ...{ connections, snapshot, observe, leftovers: new Leftovers("test") },
          worked: new Set(sms.durables.map(({ consumer }) => `irisx/SMS/${consumer.name}`)),
          subscribers: () => Promise.reject(new Error("only asked for durables without a worker")),
        });
        assert.deepEqual(
          proofs.map(({ name, result, detail }) => [name, result, detail.replace(/\d+ ms/, "0 ms")]),
          ["sms-worker-high", "sms-worker", "sms-worker-low"].map((lane) => [
            `durable irisx/SMS/${lane}`,
            "ok",
            `${sms.from} -> its worker, acknowledged within 0 ms`,
          ]),
        );
        const sent = all.twilio.requests.map(({ body }) => new URLSearchParams(body).get("To"));
        assert.ok(
          sent.every((to) => to?.startsWith("+1202555")),
          "no message of a proof was sent",
        );
      });

      it("SIGTERM ends every worker with 0; logs have no secret, and no user lacked a permission", async () => {
        assert.deepEqual(await Promise.all(all.workers.map((worker) => worker.stop())), [0, 0, 0, 0]);
        logsAreClean(all);
      });

      it("without a worker, no message of a proof is acknowledged", async () => {
        const before = await until("the servers report it", async () => detailOf(await observe(), "sms-worker"));
        const normal = sms.durables.find(({ consumer }) => consumer.name === "sms-worker")!;
        const { subject, publisher } = sms.messages.find((message) => takes(normal.consumer, message.subject))!;
        const last = await publish(await connections.get(sms.from, "irisx", publisher), subject, randomUUID());
        const found = await until("the servers report it", async () => {
          const snapshot = await observe();
          return (snapshot.streams.irisx?.SMS?.state.last_seq ?? 0) >= last && detailOf(snapshot, "sms-worker");
        });
        assert.ok(!isSettled(found, last, before.num_ack_pending));
      });
    });
  });

  it("by default nothing is sent: each message is logged, and its status says so", async () => {
    const folder = fs.mkdtempSync(path.join(runFolder, "deliveries-"));
    const variables = { ...connectionOf("sms-worker"), DATABASE_FOLDER: folder };
    const worker = Worker.start("sms-worker", variables, await claimPorts());
    try {
      await worker.ready();
      const message = createMessage(smsMessage, {
        ...{ source: "test", tenantId: "acme", to: "+12025550123", body: "Nobody reads this" },
      });
      const api = await connect("api");
      await jetstream(api).publish("sms.send", JSON.stringify(message), { msgID: message.id });
      await api.close();
      const { status: reported, provider } = await status("SMS", "sms.status", message.id);
      assert.deepEqual([reported, provider], ["logged", "log"]);
      assert.equal(await worker.stop(), 0);
      const log = worker.lines.join("\n");
      assert.match(log, /"warn".*SMS_PROVIDER is \\"log\\": nothing is sent, each message is only logged/);
      assert.match(log, new RegExp(`"id":"${message.id}".*the SMS is not sent, only logged`));
      const store = deliveryStore({ folder, connections: 1 }, assert.fail);
      assert.equal((await store.find({ channel: "sms", id: message.id }))?.status, "logged");
      await store.close();
    } finally {
      await worker.stop();
    }
  });

  // The last: its webhooks are tried again for minutes.
  describe("sample traffic", () => {
    it("is published until Ctrl-C, and then summed up", async () => {
      const child = spawn(process.execPath, ["-r", "./tools/runtime.cjs", "workers/irisx/traffic.ts", "--rate", "50"], {
        cwd: projectFolder,
        env: { ...process.env, ...connectionOf("api") },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const output = { out: "", err: "" };
      child.stdout.on("data", (chunk) => (output.out += String(chunk)));
      child.stderr.on("data", (chunk) => (output.err += String(chunk)));
      await until("progress", () => /[1-9]\d* acknowledged/.test(output.err));
      child.kill("SIGINT");
      await once(child, "close");
      assert.equal(child.exitCode, 0, output.err);
      const [, acknowledged, failed] =
        /(\d+) acknowledged, (\d+) failed\n$/.exec(output.out) ?? assert.fail(output.out);
      assert.ok(Number(acknowledged) > 0);
      assert.equal(failed, "0");
    });
  });
});
