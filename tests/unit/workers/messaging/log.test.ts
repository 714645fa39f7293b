import * as assert from "node:assert/strict";
import * as fc from "fast-check";
import { createLogger, secretsOf } from "../../../../workers/messaging";
import { isSecretName } from "../../../../workers/messaging/redact";

/** What a logger has written, line by line. */
function logging(options: { secrets?: string[]; level?: string } = {}) {
  const lines: string[] = [];
  const log = createLogger({ name: "test", ...options, destination: { write: (line) => void lines.push(line) } });
  return { log, lines, events: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

/** Distinct enough to be found in no other text. */
const secret = fc.string({ minLength: 12, maxLength: 30 }).map((text) => `s3cr3t-${text}`);
const secretField = fc.constantFrom(
  "password",
  "NATS_PASSWORD",
  "token",
  "authToken",
  "Authorization",
  "x-api-key",
  "apiKey",
  "clientSecret",
  "NATS_CREDS",
  "Set-Cookie",
);

describe("log", () => {
  it("is a line of JSON an event, with level, time and name", () => {
    const { log, events } = logging();
    log.info({ subject: "a.b", at: new Date(0) }, "published");
    log.debug("not written");
    const [event, ...others] = events();
    assert.deepEqual(others, []);
    const { time, ...rest } = event!;
    assert.deepEqual(rest, {
      level: "info",
      name: "test",
      subject: "a.b",
      at: "1970-01-01T00:00:00.000Z",
      msg: "published",
    });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it("has an error with its stack and its own fields, secrets redacted", () => {
    const { log, events } = logging();
    const error = Object.assign(new Error("no"), { request: { headers: { authorization: "Basic abc" } } });
    log.error({ err: error }, "failed");
    const [{ err } = {}] = events() as { err?: { message: string; stack: string; request: unknown } }[];
    assert.equal(err?.message, "no");
    assert.match(err.stack, /log\.test/);
    assert.deepEqual(err.request, { headers: { authorization: "[redacted]" } });
  });

  it("never has a field with a secret's name, at any depth", () => {
    fc.assert(
      fc.property(
        secretField,
        secret,
        fc.array(fc.constantFrom("a", "options", "headers"), { maxLength: 6 }),
        (...of) => {
          const [field, value, path] = of;
          const { log, lines } = logging();
          const leaf: unknown = { [field]: value };
          const nested = path.reduce(
            (inner, name, index) => (index % 2 ? [{ [name]: inner }] : { [name]: inner }),
            leaf,
          );
          log.child({ options: nested }).info({ nested }, "connected");
          assert.equal(lines.length, 1);
          assert.ok(!lines[0]!.includes(JSON.stringify(value).slice(1, -1)));
        },
      ),
    );
  });

  it("never has a value of a secret variable, wherever it stands, and stays JSON", () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        const secrets = secretsOf({ NATS_PASSWORD: value });
        const { log, lines, events } = logging({ secrets });
        log.info({ text: before + value + after, url: `https://a/?p=${encodeURIComponent(value)}` }, before + value);
        log.error({ err: new Error(`refused: ${value}`) }, value);
        assert.equal(events().length, 2);
        for (const line of lines) {
          assert.ok(!line.includes(JSON.stringify(value).slice(1, -1)));
          assert.ok(!line.includes(encodeURIComponent(value)));
        }
      }),
    );
  });

  it("has no credentials of URLs and no Authorization headers, unknown ones included", () => {
    const { log, events } = logging();
    log.info({ url: "postgres://irisx:hunter22@127.0.0.1/irisx" }, "sent Authorization: Bearer abc.def-123");
    const [event] = events();
    assert.equal(event?.url, "postgres://[redacted]@127.0.0.1/irisx");
    assert.equal(event?.msg, "sent Authorization: Bearer [redacted]");
  });

  it("takes secrets from variables with a secret's name and from URLs, but no short ones", () => {
    const env = {
      NATS_PASSWORD: "long enough",
      DATABASE_URL: "postgres://app:p%40ssword@db/app",
      NATS_URL: "nats://a:4222,nats://user:another@b:4222",
      NATS_TOKEN: "short",
      HOME: "/home/somebody",
      PROXY: "http://user:100%wrong@proxy",
    };
    assert.deepEqual(secretsOf(env).sort(), [
      "100%25wrong",
      "100%wrong",
      "another",
      "long enough",
      "long%20enough",
      "p%2540ssword",
      "p%40ssword",
      "p@ssword",
    ]);
  });

  it("has no passwords in parameters of URLs, and no URL of a variable that is a secret, nor its path", () => {
    const url = "postgres://db.example/app?user=app&password=hunter%2F22&sslmode=require";
    const node = "https://mainnet.example/v3/0123456789abcdef";
    const secrets = secretsOf({ DATABASE_URL: url, RPC_URL: `${node}, https://other.example?apikey=abcdefgh` });
    const { log, lines } = logging({ secrets });
    log.info({ url }, "refused: hunter/22");
    log.info({ node }, "GET /v3/0123456789abcdef, https://other.example?apikey=abcdefgh, abcdefgh");
    assert.doesNotMatch(lines.join(""), /hunter|0123456789abcdef|abcdefgh/);
    assert.match(lines[0]!, /user=app&password=\[redacted\]&sslmode=require/);
    const unknown = logging();
    unknown.log.info("https://api.example/?access_token=abc&x=1#y and redis://h?password=p");
    assert.equal(
      unknown.events()[0]?.msg,
      "https://api.example/?access_token=[redacted]&x=1#y and redis://h?password=[redacted]",
    );
  });

  it("tells secrets' names from others", () => {
    const others = ["tokens", "passwordResets", "secretary", "author", "monkey", "keys", "bypass-count"];
    assert.deepEqual(others.filter(isSecretName), []);
  });

  it("ends what contains itself", () => {
    const circle: Record<string, unknown> = { token: "s3cr3t" };
    circle.self = circle;
    const { log, events } = logging();
    log.info({ circle }, "round");
    assert.deepEqual(events()[0]?.circle, { token: "[redacted]", self: "[Circular]" });
  });
});
