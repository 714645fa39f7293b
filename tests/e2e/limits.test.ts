import assert from "node:assert/strict";
import * as fs from "node:fs";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import type { StreamSpec, TenantSpec } from "../../config/schema/tenant";
import { heldStreams } from "../../jetstream/system-requests";
import type { RegionOutputs } from "../../stacks/outputs";
import { addStream, ask } from "../support/accounts";
import { inSteps } from "../support/in-steps";
import { engineMs, requestMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { Publisher } from "../support/publisher";
import { Regions } from "../support/regions";

const mebibyte = 1024 ** 2;
const stream = (subject: string, maxBytes: StreamSpec["maxBytes"], more: Partial<StreamSpec> = {}): StreamSpec => ({
  subjects: [subject],
  retention: "limits",
  storage: "file",
  maxAge: "1d",
  maxBytes,
  discard: "old",
  replicas: 3,
  ...more,
});
/** Retained, as outside a local environment. */
const retain: Partial<StreamSpec> = { deletionPolicy: "retain" };
const lossAllowed: Partial<StreamSpec> = { ...retain, allowDataLoss: [{ change: "maxBytes", maxMessages: 1_000 }] };
const many = (names: string[]) => Object.fromEntries(names.map((name) => [name, stream(name.toLowerCase(), "1MiB")]));
const fourteen = Array.from({ length: 14 }, (_, index) => `OLD${index}`);

/** What each account has in the first release, and in the second. */
const releases: Record<string, [before: TenantSpec["streams"], after: TenantSpec["streams"]]> = {
  lowered: [
    { A: stream("a", "64MiB", retain), B: stream("b", "64MiB", retain), STEPS: stream("steps", "64MiB", retain) },
    {
      A: stream("a", "8MiB", lossAllowed),
      B: stream("b", "8MiB", lossAllowed),
      STEPS: stream("steps", "8MiB", { ...lossAllowed, lowerBy: { maxBytes: "28MiB" } }),
    },
  ],
  empty: [
    { A: stream("a", "64MiB"), B: stream("b", "64MiB"), ...many(fourteen) },
    { A: stream("a", "8MiB"), B: stream("b", "8MiB"), ...many(["NEW0", "NEW1"]) },
  ],
  memory: [
    { A: stream("a", "64MiB", { ...retain, storage: "memory" }) },
    { A: stream("a", "8MiB", { ...lossAllowed, storage: "memory" }) },
  ],
  retained: [{ A: stream("a", "64MiB", retain) }, {}],
  bare: [{}, {}],
};
/** Connections of account `lowered`, by the second release: fewer than its clients have. */
const connections = 6;
const accounts = Object.keys(releases);
const withNeighbour = accounts.filter((account) => account !== "bare");

const subjects = ["a", "b", "steps", "neighbour", "by.hand"];

const storageOf = (account: string) => ({ storage: account === "memory" ? "memory" : "file" }) as const;

const tenant = (name: string, release: 0 | 1): TenantSpec => ({
  name,
  home: "iad",
  streams: {
    ...releases[name]![release],
    ...(withNeighbour.includes(name) && { NEIGHBOUR: stream("neighbour", "16MiB", storageOf(name)) }),
  },
  consumers: {},
  users: { api: { publishes: subjects } },
  ...(name === "lowered" && release === 1 && { limits: { connections } }),
});

/** Account limits while streams change, with a publisher to a neighbouring stream of each account. */
describe("account limits", function () {
  this.timeout(engineMs);
  inSteps();
  let regions: Regions;
  /** What the second release printed. */
  let shown: string;
  const provisioners = new Map<string, NatsConnection>();
  const publishers = new Map<string, Publisher>();
  /** Of account `lowered`, beside its provisioner and its publisher. */
  const idle: NatsConnection[] = [];

  const write = (account: string, spec: TenantSpec) =>
    fs.writeFileSync(
      regions.deployment.path(`tenants/${account}.ts`),
      `export const ${account} = ${JSON.stringify(spec)} as const;\n`,
    );
  const declare = (release: 0 | 1) => accounts.forEach((account) => write(account, tenant(account, release)));
  const start = async () => {
    const { status, text, restarted } = await regions.start();
    assert.equal(status, 0, text);
    assert.deepEqual(restarted, []);
    return text;
  };
  const up = (stack: string) =>
    regions.deployment.pulumi("up", "--stack", stack, "--yes", "--skip-preview", "--refresh");
  const limitOf = async (account: string) => {
    const { limits } = (await ask(provisioners.get(account)!, "INFO")) as unknown as {
      limits: Record<"max_storage" | "max_memory" | "max_streams", number>;
    };
    const bytes = storageOf(account).storage === "memory" ? limits.max_memory : limits.max_storage;
    return [bytes / mebibyte, limits.max_streams];
  };
  /** MiB that an account may store with these streams beside its neighbour. */
  const storage = (...sizes: number[]) => Math.ceil(sizes.reduce((sum, size) => sum + 3 * size, 3 * 16) * 1.2);
  const outputs = () =>
    JSON.parse(regions.deployment.pulumi("stack", "output", "--stack", "local-iad", "--json")) as RegionOutputs;
  /** No publisher was refused, and all that was acknowledged is there. */
  const nobodyRefused = async () => {
    for (const [account, publisher] of publishers) {
      assert.deepEqual(publisher.refused, [], account);
      const acknowledged = publisher.count("NEIGHBOUR");
      const { state } = (await ask(provisioners.get(account)!, "STREAM.INFO.NEIGHBOUR")) as {
        state: { messages: number };
      };
      assert.ok(acknowledged > 0 && state.messages >= acknowledged, account);
    }
  };

  before(async () => {
    regions = await Regions.prepare(accounts, { regions: ["iad"], servers: 3 });
    declare(0);
    await start();
    for (const account of accounts) {
      provisioners.set(account, await regions.deployment.client("iad", account, "provisioner"));
      const api = await regions.deployment.client("iad", account, "api");
      const fill = { lowered: ["a", "b", "steps"], memory: ["a"], retained: ["a"] }[account] ?? [];
      for (const subject of fill)
        for (let count = 0; count < 25; count++)
          await api.request(subject, Buffer.alloc(mebibyte), { timeout: requestMs });
      if (!withNeighbour.includes(account)) continue;
      const publisher = new Publisher(api, provisioners.get(account));
      await publisher.start("NEIGHBOUR", "neighbour", { pauseMs: 10, timeoutMs: requestMs });
      publishers.set(account, publisher);
    }
  });
  after(async () => {
    await Promise.all([...publishers.values()].map((publisher) => publisher.stop()));
    await regions?.remove();
  });

  it("are none of an account without declared streams: one that is created by hand stores messages", async () => {
    await addStream(provisioners.get("bare")!, { name: "BY_HAND", subjects: ["by.hand"], num_replicas: 3 });
    const api = await regions.deployment.client("iad", "bare", "api");
    const { stream: stored } = (await requestUntilHeard(api, "by.hand", "x")).json<{ stream: string }>();
    assert.equal(stored, "BY_HAND");
    assert.deepEqual(await limitOf("bare"), [-1 / mebibyte, -1]);
  });

  it("have no limit of consumers: a hundred clients watch a bucket", async () => {
    const bare = provisioners.get("bare")!;
    const bucket = await new Kvm(jetstream(bare, { timeout: requestMs })).create("nodes", { replicas: 3 });
    const watches = await Promise.all(Array.from({ length: 100 }, () => bucket.watch()));
    const consumers = async () =>
      ((await ask(bare, "STREAM.INFO.KV_nodes")).state as { consumer_count: number }).consumer_count;
    // The stream's leader may count the last of them a moment later.
    assert.equal(await snapshotUntil(consumers, (count) => count === 100, waitMs), 100);
    watches.forEach((watch) => watch.stop());
  });

  it("stay, as users do, where a protected stream is taken out: start ends before its first stack", async () => {
    const refused = { ...tenant("retained", 1), users: {} };
    write("retained", refused);
    const { status, text } = await regions.deployment.meanwhile("start");
    assert.equal(status, 1, text);
    assert.match(text, /nothing was changed, because .* refused:\n +local-jetstream: stream retained\/A: is protected/);
    assert.doesNotMatch(text, /\$ pulumi up/);
    const before = publishers.get("retained")!.count("NEIGHBOUR");
    assert.ok(await pollUntil(() => publishers.get("retained")!.count("NEIGHBOUR") > before, waitMs));
    await nobodyRefused();
  });

  it("follow in one command: none is too low while streams are lowered, replaced or retained", async () => {
    declare(1);
    // As documented for a stream that is to stay: docs/streams.md.
    regions.deployment.pulumi("state", "unprotect", "--stack", "local-jetstream", "--yes", urnOf("retained-A"));
    const plan = regions.deployment.cli("plan");
    assert.equal(plan.status, 0, plan.text);
    assert.match(plan.text, /forget +retained\/A\n +is kept on the servers and no longer reconciled/);
    assert.match(plan.text, /not declared, and left as they are: bare\/BY_HAND, bare\/KV_nodes\n/);
    for (let count = 0; count < 6; count++) idle.push(await regions.deployment.client("iad", "lowered", "api"));
    shown = await start();
    await nobodyRefused();
    for (const client of idle) await client.flush();
    assert.equal(shown.match(/\$ pulumi up --stack local-iad/g)?.length, 2, shown);
    assert.deepEqual(await limitOf("lowered"), [storage(8, 8, 36), 5 + 5]);
    // The canary is in memory too.
    assert.deepEqual(await limitOf("memory"), [storage(8, 1), 3 + 5]);
    assert.deepEqual(await limitOf("empty"), [storage(8, 8, 1, 1), 6 + 5]);
    const system = await regions.deployment.client("iad", "sys", "admin");
    const { limits, silent } = await heldStreams(system, ["iad-0", "iad-1", "iad-2"], requestMs);
    assert.deepEqual([limits.empty!.file / mebibyte, limits.bare!.file, silent], [storage(8, 8, 1, 1), Infinity, []]);
    assert.deepEqual(await limitOf("retained"), [storage(64), 3 + 5]);
  });

  it("cover what is not declared, which status and verify name", () => {
    assert.deepEqual(Object.keys(outputs().reservations.retained!).sort(), ["A", "CANARY", "NEIGHBOUR"]);
    // `start` prints both.
    assert.match(shown, /NOT DECLARED[^]*bare +BY_HAND +1 [^]*retained +A +25 /);
    assert.match(
      shown,
      /stream retained\/A +warning +is not declared; it holds 25 messages, and the limits of its account cover it/,
    );
    assert.match(
      shown,
      /stream lowered\/STEPS +warning +maxBytes is "36MiB", specified as "8MiB", and lowered in steps, one per up/,
    );
  });

  it("of connections stay above what is in use, and say so", () => {
    // Eight clients, and a fifth more.
    assert.deepEqual(outputs().connections, { lowered: 10 });
    assert.match(
      shown,
      /limits\.connections of 6 is not in force yet \(the limit is 10\), because 8 clients are connected/,
    );
  });

  it("follow by hand with the next up of a region, and then there is nothing to change", async () => {
    await Promise.all(idle.map((client) => client.close()));
    up("local-jetstream");
    assert.match(up("local-iad"), /3 updated/);
    assert.deepEqual(await limitOf("lowered"), [storage(8, 8, 8), 5 + 5]);
    assert.deepEqual(outputs().connections, { lowered: connections });
    regions.deployment.pulumi("preview", "--stack", "local-iad", "--expect-no-changes");
    await nobodyRefused();
  });

  it("are not deleted with what is retained: stop refuses, and says what to do", () => {
    const { status, text } = regions.deployment.cli("stop");
    assert.equal(status, 2, text);
    assert.match(text, /keeps: .*lowered-A, .*--keep-data.*Nothing was done\./);
  });

  function urnOf(name: string): string {
    const { deployment } = JSON.parse(regions.deployment.pulumi("stack", "export", "--stack", "local-jetstream")) as {
      deployment: { resources: { urn: string }[] };
    };
    return deployment.resources.find(({ urn }) => urn.endsWith(`::${name}`))!.urn;
  }
});
