import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { NatsConnection } from "@nats-io/transport-node";
import { backendUrlOf, pulumiEnvironment } from "../../engine/environment";
import { addStream, ask } from "../support/accounts";
import { engineMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";
import { copyProject } from "../support/project-copy";

/** Reads what a test wants from a file, so that each step of a test is a change of that file. */
const program = `
import * as fs from "node:fs";
import { Consumer } from "./components/jetstream/consumer";
import { JetstreamProvider } from "./components/jetstream/jetstream-provider";
import { Stream } from "./components/jetstream/stream";
const { connection, streams, consumers } = JSON.parse(fs.readFileSync("wanted.json", "utf8"));
const provider = new JetstreamProvider("nats", connection);
const dependsOn = Object.entries<any>(streams).map(
  ([name, { aliases, ...args }]) => new Stream(name, args, { provider, aliases }),
);
for (const [name, args] of Object.entries<any>(consumers)) new Consumer(name, args, { provider, dependsOn });
`;

const orders = {
  account: "app",
  name: "ORDERS",
  region: "iad",
  subjects: ["orders.>"],
  storage: "file",
  maxAge: "7d",
  replicas: 1,
};
const billing = { account: "app", stream: "ORDERS", name: "billing", ackPolicy: "explicit", deletionPolicy: "delete" };

describe("streams and consumers in the real engine", function () {
  this.timeout(engineMs);
  const copy = copyProject();
  const env = {
    ...pulumiEnvironment({ target: "local" }, "jetstream"),
    PULUMI_BACKEND_URL: backendUrlOf(`${copy.cache}/state`),
  };
  let cluster: Supercluster;
  let app: NatsConnection;
  const writes: string[] = [];

  const pulumi = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--non-interactive"], {
      cwd: copy.folder,
      env,
      encoding: "utf8",
    });
    return { status, text: stdout + stderr };
  };
  const succeeds = (...args: string[]) => {
    const { status, text } = pulumi(...args);
    assert.equal(status, 0, text);
    return text;
  };
  const want = (streams: Record<string, object>, consumers: Record<string, object> = {}) =>
    fs.writeFileSync(
      path.join(copy.folder, "wanted.json"),
      JSON.stringify({ connection: connectionOf(cluster, "supercluster/one"), streams, consumers }),
    );
  const up = (stack = "one", ...args: string[]) => succeeds("up", "--stack", stack, "--yes", "--skip-preview", ...args);
  const preview = (...args: string[]) => pulumi("preview", "--stack", "one", ...args);
  const wrote = async (): Promise<string[]> => {
    // Advisories are published after the answer: whatever this request leaves is behind them.
    await ask(app, "INFO");
    await new Promise((resolve) => setTimeout(resolve, 200));
    return writes.splice(0);
  };
  const config = async () => (await ask(app, "STREAM.INFO.ORDERS")).config as Record<string, unknown>;

  before(async () => {
    fs.mkdirSync(path.join(copy.cache, "state"));
    fs.writeFileSync(path.join(copy.folder, "index.ts"), program);
    for (const stack of fs.globSync(path.join(copy.folder, "Pulumi.*.yaml"))) fs.rmSync(stack);
    cluster = await startSupercluster({ regions: ["iad", "ams"] });
    app = await cluster.connect("app");
    app.subscribe("$JS.EVENT.ADVISORY.API", {
      callback: (_, message) => {
        const { subject } = message.json<{ subject: string }>();
        if (/CREATE|UPDATE|DELETE/.test(subject)) writes.push(subject.replace("$JS.API.", ""));
      },
    });
    await app.flush();
    succeeds("stack", "init", "one");
    want({ orders }, { billing });
    up();
    for (let index = 0; index < 100; index++) await requestUntilHeard(app, "orders.placed", "x".repeat(1_000));
    await wrote();
  });

  after(async () => {
    await app?.close();
    await cluster?.stop();
    copy.remove();
  });

  it("stay the same when their names in code change, with an alias: nothing is written", async () => {
    want({ renamed: { ...orders, aliases: [{ name: "orders" }] } }, { billing });
    const text = up();
    assert.match(text, /\d+ unchanged/);
    assert.doesNotMatch(text, /created|deleted|replaced/);
    assert.deepEqual(await wrote(), []);
    want({ renamed: orders }, { billing });
    succeeds("preview", "--stack", "one", "--expect-no-changes");
  });

  it("refuse at preview what would cost messages, saying how many, and do it where that is allowed", async () => {
    want({ renamed: { ...orders, maxMsgs: 40 } }, { billing });
    const { status, text } = preview();
    assert.notEqual(status, 0);
    assert.match(text, /maxMsgs[^]*would drop 60 of 100 messages, 6\d\.\d KiB; consumer billing is 100 behind/);
    assert.match(text, /allowDataLoss: \[\{ change: "maxMsgs", maxMessages: 60 \}\]/);
    assert.deepEqual(await wrote(), []);
    want({ renamed: { ...orders, maxMsgs: 40, allowDataLoss: [{ change: "maxMsgs", maxMessages: 60 }] } }, { billing });
    up();
    assert.equal(((await ask(app, "STREAM.INFO.ORDERS")).state as { messages: number }).messages, 40);
    assert.deepEqual(await wrote(), ["STREAM.UPDATE.ORDERS"]);
  });

  it("lower a limit one step an up, and say that there is more to do", async () => {
    const lowered = { ...orders, maxMsgs: 40, maxAge: "3d", lowerBy: { maxAge: "2d" } };
    want({ renamed: lowered }, { billing });
    const ages: unknown[] = [];
    for (let step = 0; step < 2; step++) {
      up();
      ages.push(((await config()).max_age as number) / 86_400e9);
    }
    assert.deepEqual(ages, [5, 3]);
    succeeds("preview", "--stack", "one", "--expect-no-changes");
    assert.deepEqual(await wrote(), ["STREAM.UPDATE.ORDERS", "STREAM.UPDATE.ORDERS"]);
    want({ renamed: { ...orders, maxMsgs: 40, maxAge: "3d" } }, { billing });
    up();
  });

  it("that are retained are refused by the engine when they are taken out; consumers that may go do", async () => {
    want({});
    const { status, text } = preview();
    assert.notEqual(status, 0);
    assert.match(text, /renamed[^]*protect/);
    want({ renamed: { ...orders, maxMsgs: 40, maxAge: "3d" } });
    up();
    assert.deepEqual(await wrote(), ["CONSUMER.DELETE.ORDERS.billing"]);
  });

  it("move to another stack with its state: nothing is written; the new stack changes them next", async () => {
    const moved = { ...orders, maxMsgs: 40, maxAge: "3d" };
    succeeds("stack", "init", "two");
    const { deployment } = JSON.parse(succeeds("stack", "export", "--stack", "one")) as {
      deployment: { resources: { urn: string; type: string }[] };
    };
    const urn = deployment.resources.find(({ type }) => type.endsWith(":Stream"))!.urn;
    succeeds("state", "move", "--source", "one", "--dest", "two", "--yes", "--include-parents", urn);
    const wanted = (stream: object) =>
      fs.writeFileSync(
        path.join(copy.folder, "wanted.json"),
        JSON.stringify({
          connection: connectionOf(cluster, "supercluster/two"),
          streams: { renamed: stream },
          consumers: {},
        }),
      );
    wanted(moved);
    const text = up("two");
    assert.doesNotMatch(text, /[1-9]\d* (deleted|replaced)/);
    assert.deepEqual(await wrote(), []);
    wanted({ ...moved, maxMsgs: 50 });
    up("two");
    assert.deepEqual(await wrote(), ["STREAM.UPDATE.ORDERS"]);
    assert.equal(((await config()).metadata as Record<string, string>)["supercluster.owner"], "supercluster/two");
  });

  it("are recreated where the server cannot change them, if that is allowed, and only then", async () => {
    const wanted = (stream: object) =>
      fs.writeFileSync(
        path.join(copy.folder, "wanted.json"),
        JSON.stringify({
          connection: connectionOf(cluster, "supercluster/two"),
          streams: { renamed: stream },
          consumers: {},
        }),
      );
    const inMemory = { ...orders, maxMsgs: 50, maxAge: "3d", storage: "memory", deletionPolicy: "delete" };
    wanted(inMemory);
    assert.match(
      pulumi("preview", "--stack", "two").text,
      /storage[^]*cannot be changed in place \(error 10052\)[^]*would delete 40 of 40 messages/,
    );
    // Protection goes first, in a change of its own.
    wanted({ ...inMemory, storage: "file" });
    up("two");
    wanted({ ...inMemory, allowDataLoss: [{ change: "replace", maxMessages: 40 }] });
    const text = up("two");
    assert.match(text, /1 replaced/);
    assert.equal((await config()).storage, "memory");
    assert.deepEqual(await wrote(), ["STREAM.DELETE.ORDERS", "STREAM.CREATE.ORDERS"]);
  });

  it("that are there already are taken over without a write, when the specification says so", async () => {
    await addStream(app, { name: "LEGACY", subjects: ["legacy"], max_msgs: 1_000 });
    await wrote();
    const legacy = { account: "app", name: "LEGACY", region: "iad", subjects: ["legacy"], maxMsgs: 1_000 };
    want({ legacy });
    assert.match(pulumi("up", "--stack", "one", "--yes", "--skip-preview").text, /exists and has no owner's mark/);
    want({ legacy: { ...legacy, region: "iad", adopt: true } });
    up();
    succeeds("preview", "--stack", "one", "--expect-no-changes");
    assert.deepEqual(
      (await wrote()).filter((subject) => !subject.includes("UPDATE.LEGACY")),
      [],
    );
  });

  it("that are retained are forgotten when they are not protected any more, and stay on the server", async () => {
    const { deployment } = JSON.parse(succeeds("stack", "export", "--stack", "one")) as {
      deployment: { resources: { urn: string; type: string }[] };
    };
    const urn = deployment.resources.find(({ type }) => type.endsWith(":Stream"))!.urn;
    want({});
    assert.match(pulumi("up", "--stack", "one", "--yes", "--skip-preview").text, /protect/);
    succeeds("state", "unprotect", "--stack", "one", "--yes", urn);
    up();
    assert.equal(((await ask(app, "STREAM.INFO.LEGACY")).config as Record<string, unknown>).max_msgs, 1_000);
    assert.deepEqual(await wrote(), []);
  });

  it("that are retained are deleted in one run once absent, with that many messages allowed", async () => {
    const ended = { account: "app", name: "ENDED", region: "iad", subjects: ["ended"], storage: "memory" };
    const reader = { account: "app", stream: "ENDED", name: "reader", ackPolicy: "explicit" };
    const absent = { absent: true, deletionPolicy: "delete" };
    succeeds("stack", "init", "three");
    want({ ended }, { reader });
    up("three");
    for (let index = 0; index < 3; index++) await requestUntilHeard(app, "ended", "x");
    await wrote();
    want(
      { ended: { ...ended, ...absent, allowDataLoss: [{ change: "delete", maxMessages: 3 }] } },
      { reader: { ...reader, ...absent } },
    );
    assert.match(up("three"), /2 updated/);
    assert.deepEqual(await wrote(), ["STREAM.DELETE.ENDED"]);
    want({});
    assert.match(up("three", "--refresh"), /2 deleted/);
    assert.deepEqual(await wrote(), []);
  });
});

const connectionOf = (cluster: Supercluster, owner: string) => ({
  owner,
  regions: ["iad", "ams"].map((name) => ({
    name,
    servers: [`${name}-0`],
    clientUrls: cluster.urls(name),
    degraded: false,
  })),
  ca: cluster.identity.clientCa,
  provisioners: { app: { login: "app", password: "app", inboxPrefix: "_INBOX_app" } },
  system: { login: "admin", password: "admin", inboxPrefix: "_INBOX_admin" },
});
