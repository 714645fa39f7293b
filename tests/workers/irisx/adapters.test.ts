import assert from "node:assert/strict";
import type * as http from "node:http";
import { simpleParser } from "mailparser";
import type { SMTPServerOptions } from "smtp-server";
import { Webhook } from "standardwebhooks";
import { webhookSender } from "../../../workers/irisx/adapters/http-webhook";
import { logSender } from "../../../workers/irisx/adapters/log";
import { smtpSender, type SmtpSettings } from "../../../workers/irisx/adapters/smtp";
import { twilioSender } from "../../../workers/irisx/adapters/twilio";
import { webhookSecret } from "../../../workers/irisx/adapters/webhook-secret";
import { type Certificate, issue, makeAuthority } from "../../support/certificates";
import { claimPorts } from "../../support/ports";
import { json, receiveHttp, receiveMail } from "../../support/receivers";

const accountSid = "AC" + "0".repeat(32);

describe("Twilio", () => {
  const settings = { accountSid, token: "token", from: "+12025550100", timeout: 2_000 };
  const sms = { id: "1", to: "+12025550123", body: "Bonjour & à bientôt" };
  const sendTo = async (answer: http.RequestListener, change = {}) => {
    const server = await receiveHttp(answer);
    try {
      return { result: await twilioSender({ ...settings, url: server.url, ...change }).send(sms), server };
    } finally {
      await server.close();
    }
  };

  it("gets a form with the account's login, and its answer's sid is kept", async () => {
    const { result, server } = await sendTo(json(201, { sid: "SM123", status: "queued" }));
    assert.deepEqual(result, { outcome: "sent", providerId: "SM123" });
    const [{ method, url, headers, body } = assert.fail("no request")] = server.requests;
    assert.deepEqual([method, url], ["POST", `/2010-04-01/Accounts/${accountSid}/Messages.json`]);
    assert.match(headers["content-type"]!, /^application\/x-www-form-urlencoded/);
    assert.equal(headers.authorization, `Basic ${Buffer.from(`${accountSid}:token`).toString("base64")}`);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
      To: sms.to,
      From: "+12025550100",
      Body: sms.body,
    });
  });

  it("is asked with an API key and a messaging service where the settings have them", async () => {
    const [apiKey, from] = ["SK" + "1".repeat(32), "MG" + "2".repeat(32)];
    const { server } = await sendTo(json(201, { sid: "SM1" }), { apiKey, from });
    const [{ headers, body } = assert.fail("no request")] = server.requests;
    assert.equal(headers.authorization, `Basic ${Buffer.from(`${apiKey}:token`).toString("base64")}`);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
      To: sms.to,
      MessagingServiceSid: from,
      Body: sms.body,
    });
  });

  const error = (status: number, code: number, message: string) => ({
    code,
    message,
    more_info: `https://www.twilio.com/docs/errors/${code}`,
    status,
  });
  for (const [status, body, headers, expected] of [
    [
      400,
      error(400, 21211, "The 'To' number +1202555 is not a valid phone number."),
      {},
      { outcome: "rejected", reason: "Twilio 400 (21211): The 'To' number +1202555 is not a valid phone number." },
    ],
    [400, error(400, 21610, "unsubscribed"), {}, { outcome: "rejected", reason: "Twilio 400 (21610): unsubscribed" }],
    [404, error(404, 20404, "not found"), {}, { outcome: "rejected", reason: "Twilio 404 (20404): not found" }],
    [
      429,
      error(429, 20429, "Too Many Requests"),
      { "retry-after": "7" },
      { outcome: "unavailable", reason: "Twilio 429 (20429): Too Many Requests", retryAfter: 7_000 },
    ],
    [
      429,
      error(429, 21611, "queue is full"),
      {},
      { outcome: "unavailable", reason: "Twilio 429 (21611): queue is full", retryAfter: undefined },
    ],
    [
      401,
      error(401, 20003, "Authenticate"),
      {},
      { outcome: "unavailable", reason: "Twilio 401 (20003): Authenticate", retryAfter: undefined },
    ],
    [
      403,
      error(403, 20005, "Account not active"),
      {},
      { outcome: "unavailable", reason: "Twilio 403 (20005): Account not active", retryAfter: undefined },
    ],
    [
      500,
      error(500, 20500, "Internal Server Error"),
      { "retry-after": "3" },
      { outcome: "retry", reason: "Twilio 500 (20500): Internal Server Error", retryAfter: 3_000 },
    ],
    [503, "<html>", {}, { outcome: "unavailable", reason: "Twilio 503", retryAfter: undefined }],
  ] as [number, unknown, http.OutgoingHttpHeaders, object][])
    it(`${status} ${JSON.stringify(body).slice(0, 30)} is ${JSON.stringify(expected).slice(0, 30)}`, async () => {
      assert.deepEqual((await sendTo(json(status, body, headers))).result, expected);
    });

  it("has sent what it accepted, whatever else it answers", async () => {
    const { result } = await sendTo((_request, response) => response.writeHead(201).end("not JSON"));
    assert.deepEqual(result, { outcome: "sent", providerId: undefined });
  });

  it("is unavailable while it does not listen, does not answer in time, or answers with something else", async () => {
    const port = await claimPorts();
    const refused = await twilioSender({ ...settings, url: `http://127.0.0.1:${port}` }).send(sms);
    assert.deepEqual(
      [refused.outcome, "reason" in refused && refused.reason],
      ["unavailable", `Twilio did not answer: connect ECONNREFUSED 127.0.0.1:${port}`],
    );
    const { result: silent } = await sendTo(() => undefined, { timeout: 100 });
    assert.deepEqual(silent, {
      outcome: "unavailable",
      reason: "Twilio did not answer: The operation was aborted due to timeout",
    });
    const { result: cut } = await sendTo((request) => request.socket.destroy());
    assert.equal(cut.outcome, "unavailable");
    // A redirect would carry the login to another host.
    const { result: redirected } = await sendTo(json(302, {}, { location: "http://127.0.0.1:9/" }));
    assert.equal(redirected.outcome, "unavailable");
  });
});

describe("webhooks", () => {
  const key = Buffer.alloc(32, 7).toString("base64");
  const other = Buffer.alloc(32, 8).toString("base64");
  const webhook = (url: string) => ({ id: "msg_1", tenantId: "acme", url, body: '{"type":"invoice.paid","data":{}}' });
  const any = { keys: [key], targets: "any", timeout: 2_000 } as const;
  const sendTo = async (answer: http.RequestListener, change = {}) => {
    const server = await receiveHttp(answer);
    try {
      return { result: await webhookSender({ ...any, ...change }).send(webhook(`${server.url}/hook?x=1`)), server };
    } finally {
      await server.close();
    }
  };

  it("are verified by the library of Standard Webhooks, with the tenant's secret and no other's", async () => {
    const { result, server } = await sendTo((_request, response) => response.writeHead(204).end());
    assert.deepEqual(result, { outcome: "sent", providerId: "204" });
    const [{ method, url, headers, body } = assert.fail("no request")] = server.requests;
    assert.deepEqual([method, url, headers["webhook-id"]], ["POST", "/hook?x=1", "msg_1"]);
    const received = headers as Record<string, string>;
    assert.deepEqual(new Webhook(webhookSecret(key, "acme")).verify(body, received), JSON.parse(body));
    assert.throws(() => new Webhook(webhookSecret(key, "umbrella")).verify(body, received), /No matching signature/);
  });

  it("are signed by both keys while one replaces the other", async () => {
    const { server } = await sendTo((_request, response) => response.end(), { keys: [other, key] });
    const [{ headers, body } = assert.fail("no request")] = server.requests;
    for (const each of [key, other])
      new Webhook(webhookSecret(each, "acme")).verify(body, headers as Record<string, string>);
  });

  for (const [status, headers, expected] of [
    [400, {}, { outcome: "retry", reason: "the receiver answered 400: no", retryAfter: undefined }],
    [
      302,
      { location: "http://127.0.0.1:9" },
      { outcome: "retry", reason: "the receiver answered 302: no", retryAfter: undefined },
    ],
    [429, { "retry-after": "60" }, { outcome: "retry", reason: "the receiver answered 429: no", retryAfter: 60_000 }],
    [503, {}, { outcome: "retry", reason: "the receiver answered 503: no", retryAfter: undefined }],
    [410, {}, { outcome: "rejected", reason: "the receiver answered 410: no" }],
  ] as [number, http.OutgoingHttpHeaders, object][])
    it(`${status} is ${JSON.stringify(expected)}`, async () => {
      const { result } = await sendTo((_request, response) => response.writeHead(status, headers).end("no"));
      assert.deepEqual(result, expected);
    });

  it("fail while the receiver does not listen, does not answer in time, or closes the connection", async () => {
    const refused = await webhookSender(any).send(webhook("http://127.0.0.1:9/"));
    assert.deepEqual(refused, {
      outcome: "retry",
      reason: "127.0.0.1:9 did not answer: connect ECONNREFUSED 127.0.0.1:9",
    });
    const { result: silent } = await sendTo(() => undefined, { timeout: 100 });
    assert.match(JSON.stringify(silent), /"outcome":"retry","reason":"127.0.0.1:\d+ did not answer: .*timeout/);
    const { result: cut } = await sendTo((request) => request.socket.destroy());
    assert.equal(cut.outcome, "retry");
  });

  it("do not read an answer without an end", async () => {
    const { result } = await sendTo((_request, response) => {
      response.writeHead(200);
      const write = () => response.write("x".repeat(16_384), (error) => error ?? setImmediate(write));
      write();
    });
    assert.deepEqual(result, { outcome: "sent", providerId: "200" });
  });

  it("reach no private address, and nothing without TLS, unless the settings say any", async () => {
    const server = await receiveHttp((_request, response) => response.end());
    const sender = webhookSender({ ...any, targets: "public" });
    const { port } = new URL(server.url);
    for (const [url, reason] of [
      [server.url, "http: is not allowed for webhooks, only https:"],
      [`https://127.0.0.1:${port}`, "127.0.0.1 is not an address of the internet"],
      [`https://[::1]:${port}`, "::1 is not an address of the internet"],
      ["https://169.254.169.254/latest/meta-data", "169.254.169.254 is not an address of the internet"],
    ] as const)
      assert.deepEqual(await sender.send(webhook(url)), { outcome: "rejected", reason });
    const named = await sender.send(webhook(`https://localhost:${port}`));
    assert.match(JSON.stringify(named), /"rejected","reason":"localhost is at .*not an address of the internet"/);
    assert.equal(server.requests.length, 0);
    await server.close();
  });

  it("check the receiver's certificate", async () => {
    const authority = await makeAuthority("receivers");
    const server = await receiveHttp((_request, response) => response.end(), await issue(authority, "receiver"));
    const untrusted = await webhookSender(any).send(webhook(server.url));
    assert.equal(untrusted.outcome, "retry");
    assert.equal(server.requests.length, 0);
    const trusted = await webhookSender({ ...any, ca: authority.cert }).send(webhook(server.url));
    assert.equal(trusted.outcome, "sent");
    await server.close();
  });
});

describe("SMTP", () => {
  const mail = { id: "7c1c", to: ["one@example.com"], subject: "Grüße", body: "Hello", html: "<p>Hello</p>" };
  let tls: Certificate;
  let ca: string;
  before(async () => {
    const authority = await makeAuthority("mail");
    tls = await issue(authority, "mail");
    ca = authority.cert;
  });

  const settings = (url: string, change: Partial<SmtpSettings> = {}): SmtpSettings => ({
    url,
    from: "IRISX <no-reply@irisx.example>",
    requireTls: true,
    ca,
    connections: 2,
    timeout: 3_000,
    ...change,
  });

  async function sendTo(options: SMTPServerOptions, change: Partial<SmtpSettings> = {}, sent: object = {}) {
    const server = await receiveMail(tls, options);
    const sender = smtpSender(settings(server.url, change));
    try {
      return { result: await sender.send({ ...mail, ...sent }), received: server.received };
    } finally {
      await sender.close();
      await server.close();
    }
  }

  const answer = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });

  it("takes an e-mail by STARTTLS and login, with a Message-ID made of the delivery's id", async () => {
    const { result, received } = await sendTo({});
    assert.deepEqual(result, { outcome: "sent", providerId: "<7c1c@irisx.example>", note: undefined });
    const [{ raw, secure, user } = assert.fail("no e-mail")] = received;
    assert.deepEqual([secure, user], [true, "irisx"]);
    const parsed = await simpleParser(raw);
    assert.deepEqual(
      [parsed.messageId, parsed.subject, parsed.text?.trim(), parsed.html, parsed.from?.text],
      ["<7c1c@irisx.example>", "Grüße", "Hello", "<p>Hello</p>", '"IRISX" <no-reply@irisx.example>'],
    );
  });

  it("takes several, one connection after another", async () => {
    const server = await receiveMail(tls);
    const sender = smtpSender(settings(server.url));
    const results = await Promise.all(Array.from({ length: 10 }, (_, id) => sender.send({ ...mail, id: String(id) })));
    assert.ok(results.every(({ outcome }) => outcome === "sent"));
    assert.equal(server.received.length, 10);
    await sender.close();
    await server.close();
  });

  for (const [what, options, expected] of [
    ["450 for the recipient", { onRcptTo: (_a, _s, done) => done(answer(450, "mailbox busy")) }, "retry"],
    ["550 for the recipient", { onRcptTo: (_a, _s, done) => done(answer(550, "no such user")) }, "rejected"],
    ["452 for the sender", { onMailFrom: (_a, _s, done) => done(answer(452, "no space")) }, "retry"],
    [
      "552 for the content",
      { onData: (stream, _s, done) => stream.resume().on("end", () => done(answer(552, "too big"))) },
      "rejected",
    ],
    [
      "451 for the content",
      { onData: (stream, _s, done) => stream.resume().on("end", () => done(answer(451, "later"))) },
      "retry",
    ],
    ["421 for the sender", { onMailFrom: (_a, _s, done) => done(answer(421, "closing")) }, "unavailable"],
    ["a greeting of 554", { onConnect: (_s, done) => done(answer(554, "no SMTP here")) }, "unavailable"],
    ["a greeting of 421", { onConnect: (_s, done) => done(answer(421, "too many connections")) }, "unavailable"],
    ["a refused login", { onAuth: (_a, _s, done) => done(answer(535, "bad credentials")) }, "unavailable"],
    ["no STARTTLS", { disabledCommands: ["STARTTLS"] }, "unavailable"],
  ] as [string, SMTPServerOptions, string][])
    it(`${what} is ${expected}`, async () => {
      const { result, received } = await sendTo(options);
      assert.equal(result.outcome, expected, JSON.stringify(result));
      assert.equal(received.length, 0);
    });

  it("says which recipients were refused where others were not", async () => {
    const { result } = await sendTo(
      {
        onRcptTo: ({ address }, _session, done) =>
          address.startsWith("two@") ? done(answer(550, "no such user")) : done(),
      },
      {},
      { to: ["one@example.com", "two@example.com"] },
    );
    assert.deepEqual(result, {
      outcome: "sent",
      providerId: "<7c1c@irisx.example>",
      note: "refused for two@example.com",
    });
  });

  it("is unavailable where it does not listen, has another authority's certificate, or does not answer", async () => {
    const refused = await smtpSender(settings("smtp://127.0.0.1:9")).send(mail);
    assert.equal(refused.outcome, "unavailable");
    assert.match(JSON.stringify(refused), /ECONNREFUSED/);
    const { result: untrusted, received } = await sendTo({}, { ca: (await makeAuthority("other")).cert });
    assert.deepEqual([untrusted.outcome, received.length], ["unavailable", 0]);
    const { result: silent } = await sendTo({ onMailFrom: () => undefined }, { timeout: 500 });
    assert.equal(silent.outcome, "unavailable");
  });
});

describe("the local sink", () => {
  it("logs that nothing is sent, and why", async () => {
    const lines: unknown[] = [];
    const sender = logSender((line, fields) => lines.push([line, fields]), "SMS", "SMS_PROVIDER");
    assert.deepEqual(await sender.send({ id: "1" }), { outcome: "logged" });
    assert.deepEqual(lines, [['SMS is not sent, only logged: SMS_PROVIDER is "log"', { id: "1" }]]);
    assert.equal(sender.provider, "log");
  });
});
