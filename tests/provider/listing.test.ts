import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import pLimit from "p-limit";
import { consumerFields, streamFields } from "../../jetstream/fields";
import { marker } from "../../jetstream/ownership";
import type { ConnectionSettings } from "../../components/jetstream/provider/settings";
import { toWire } from "../../jetstream/wire";
import { destroy } from "../../components/local/provider/stop";
import { pollUntil } from "../../config/poll-until";
import { addStream, ask } from "../support/accounts";
import { serversMs, waitMs } from "../support/limits";
import { metaState, startSupercluster, type Supercluster } from "../support/nats";
import { consumer, ProviderProcess, type Resource, stream } from "../support/provider-process";
import { byKind, RequestLog } from "../support/request-log";

type Args = Record<string, unknown> & { name: string };

const streamArgs = (name: string, region: string, change: Partial<Args> = {}): Args => ({
  account: "app",
  name,
  region,
  subjects: [`${name}.>`],
  retention: "limits",
  storage: "memory",
  maxAge: "1h",
  maxBytes: "16KiB",
  discard: "old",
  replicas: 1,
  ...change,
});
const consumerArgs = (of: string, name: string): Args => ({
  account: "app",
  stream: of,
  name,
  ackPolicy: "explicit",
  deliverPolicy: "all",
});

const owner = "supercluster/test-listing";

/** As the provider would have made it. */
const configOf = (fields: typeof streamFields, args: Args) => {
  const config = toWire(fields, args);
  return { ...config, metadata: { ...(config.metadata as object | undefined), ...marker(owner) } };
};

describe("a refresh", function () {
  this.timeout(serversMs);
  let log: RequestLog;
  let cluster: Supercluster;
  let app: NatsConnection;
  let provider: ProviderProcess | undefined;

  const start = async (regions: string[], servers: 1 | 3): Promise<void> => {
    log = new RequestLog();
    cluster = await startSupercluster({ regions, servers });
    // The region that no test kills.
    app = await cluster.connect("app", { servers: cluster.urls(regions[0]) });
  };
  const stop = async (): Promise<void> => {
    await provider?.stop();
    await app?.close();
    await cluster?.stop();
    log?.remove();
  };

  const create = async (streams: Args[], consumers: Args[]): Promise<void> => {
    const limit = pLimit(8);
    await Promise.all(
      streams.map((args) => limit(() => addStream(app, { name: args.name, ...configOf(streamFields, args) }))),
    );
    await Promise.all(
      consumers.map((args) =>
        limit(() =>
          ask(app, `CONSUMER.CREATE.${args.stream as string}.${args.name}`, {
            stream_name: args.stream,
            config: configOf(consumerFields, args),
            action: "create",
          }),
        ),
      ),
    );
  };

  /** A new provider process, as each run of the engine has one. */
  const startProvider = async (degraded: string[] = []): Promise<ProviderProcess> => {
    await provider?.stop();
    const settings: ConnectionSettings = {
      owner,
      regions: cluster.options.regions!.map((name) => ({
        name,
        servers: Object.values(cluster.inputs()).flatMap((server) => (server.region === name ? [server.name] : [])),
        clientUrls: cluster.urls(name),
        degraded: degraded.includes(name),
      })),
      ca: cluster.identity.clientCa,
      provisioners: { app: { login: "app", password: "app", inboxPrefix: "_INBOX_app" } },
      system: { login: "admin", password: "admin", inboxPrefix: "_INBOX_admin" },
    };
    provider = await ProviderProcess.start(
      { "supercluster:connection": JSON.stringify(settings) },
      { ...process.env, ...log.env },
    );
    return provider;
  };

  /**
   * Reads everything, as a refresh does: by id what it is now, `undefined` what is missing, "unknown" what keeps its
   * state.
   */
  const readAll = async (
    streams: Args[],
    consumers: Args[],
  ): Promise<{ found: Record<string, unknown>; requests: Record<string, number>; ms: number }> => {
    log.take();
    const started = Date.now();
    const read = async (type: Resource, id: string, args: Args): Promise<[string, unknown]> => {
      const { id: found, props, inputs } = await provider!.read(type, id, args);
      if (!found) return [id, undefined];
      if (inputs) return [id, inputs];
      assert.deepEqual(props, args, "what is unknown keeps its state");
      return [id, "unknown"];
    };
    const all = await Promise.all([
      ...streams.map((args) => read(stream, `app/${args.name}`, args)),
      ...consumers.map((args) => read(consumer, `app/${args.stream as string}/${args.name}`, args)),
    ]);
    return { found: Object.fromEntries(all), requests: byKind(log.take()), ms: Date.now() - started };
  };
  const asWritten = (streams: Args[], consumers: Args[]): Record<string, unknown> =>
    Object.fromEntries<unknown>([
      ...streams.map((args): [string, Args] => [`app/${args.name}`, args]),
      ...consumers.map((args): [string, Args] => [`app/${args.stream as string}/${args.name}`, args]),
    ]);

  describe("of 300 streams and 40 consumers of 20 of them", () => {
    const streams = Array.from({ length: 300 }, (_, index) => streamArgs(`S${index}`, index < 290 ? "iad" : "syd"));
    const consumers = [...streams.slice(0, 19), streams[299]!].flatMap(({ name }) => [
      consumerArgs(name, "first"),
      consumerArgs(name, "second"),
    ]);
    const expected = asWritten(streams, consumers);
    const lists = { "STREAM.LIST": 2, "CONSUMER.LIST": 20 };

    before(async () => {
      await start(["iad", "ams", "syd"], 1);
      await create(streams, consumers);
      await startProvider();
    });
    after(stop);

    it("asks for two pages of streams and one of consumers a stream that has any, and writes nothing", async () => {
      const { found, requests } = await readAll(streams, consumers);
      assert.deepEqual(found, expected);
      assert.deepEqual(requests, lists);
    });

    it("shows drift property by property, and asks again for what was asked for before", async () => {
      const { config } = await ask(app, "STREAM.INFO.S7");
      await ask(app, "STREAM.UPDATE.S7", { ...(config as object), max_age: 7200e9, max_msgs: 5 });
      const { config: first } = await ask(app, "CONSUMER.INFO.S7.first");
      await ask(app, "CONSUMER.CREATE.S7.first", {
        stream_name: "S7",
        config: { ...(first as object), max_deliver: 3 },
        action: "update",
      });
      const { found, requests } = await readAll(streams, consumers);
      assert.deepEqual(found, {
        ...expected,
        "app/S7": { ...streams[7], maxAge: "2h", maxMsgs: 5 },
        "app/S7/first": { ...consumers[14], maxDeliver: 3 },
      });
      assert.deepEqual(requests, lists);
      await provider!.update(stream, "app/S7", found["app/S7"], streams[7]!);
      await provider!.update(consumer, "app/S7/first", found["app/S7/first"], consumers[14]!);
    });

    it("does not show what was there before its own writes", async () => {
      await provider!.read(stream, "app/S1", streams[1]!);
      await provider!.update(stream, "app/S2", streams[2]!, { ...streams[2], maxMsgs: 9 });
      assert.deepEqual((await provider!.read(stream, "app/S2", streams[2]!)).inputs, { ...streams[2], maxMsgs: 9 });
      await provider!.update(stream, "app/S2", { ...streams[2], maxMsgs: 9 }, streams[2]!);
    });

    it("reports what is not listed as missing after one INFO", async () => {
      for (const gone of ["CONSUMER.DELETE.S3.second", "STREAM.DELETE.S5", "STREAM.DELETE.S250"]) await ask(app, gone);
      const { found, requests } = await readAll(streams, consumers);
      const missing = Object.fromEntries(
        ["app/S3/second", "app/S5", "app/S5/first", "app/S5/second", "app/S250"].map((id) => [id, undefined]),
      );
      assert.deepEqual(found, { ...expected, ...missing });
      assert.deepEqual(requests, { "STREAM.LIST": 2, "CONSUMER.LIST": 19, "STREAM.INFO": 2, "CONSUMER.INFO": 3 });
    });

    it("takes what comes from elsewhere at once for what it is: missing is asked for, not remembered", async () => {
      await create([streams[5]!, streams[250]!], [consumers[7]!, consumers[10]!, consumers[11]!]);
      await startProvider();
      await provider!.read(stream, "app/S0", streams[0]!);
      await ask(app, "STREAM.CREATE.LATER", configOf(streamFields, streamArgs("LATER", "iad")));
      assert.equal((await provider!.read(stream, "app/LATER", streamArgs("LATER", "iad"))).id, "app/LATER");
      await ask(app, "STREAM.DELETE.LATER");
    });

    const unknownInSyd = Object.fromEntries(
      [...Array.from({ length: 10 }, (_, index) => `app/S${290 + index}`), "app/S299/first", "app/S299/second"].map(
        (id) => [id, "unknown"],
      ),
    );

    it("keeps what it knew of a region that has just died, asks nothing else of it, and reads all others", async () => {
      await cluster.kill("syd-0");
      await pollUntil(() => ask(app, "STREAM.INFO.S0").catch(() => undefined), waitMs);
      await startProvider();
      const { found, requests, ms } = await readAll(streams, consumers);
      assert.deepEqual(found, { ...expected, ...unknownInSyd });
      assert.deepEqual(requests, { "STREAM.LIST": 2, "CONSUMER.LIST": 19 });
      assert.ok(ms < waitMs, `took ${ms} ms`);
      assert.ok(
        provider!.stderr.some((line) =>
          /^warning SC1001: app\/S299\/first: could not be read, its last known state is kept: /.test(line),
        ),
        provider!.stderr.join("\n"),
      );
    });

    it("does not ask for what lives in a region that is named degraded", async () => {
      await startProvider(["syd"]);
      const { found, requests } = await readAll(streams.slice(290), []);
      assert.ok(Object.values(found).every((what) => what === "unknown"));
      assert.deepEqual(requests, {});
    });

    it("knows nothing without a meta leader, and finds that out once for all", async () => {
      await cluster.kill("ams-0");
      // A leader goes on leading until it has noticed that it is alone.
      assert.ok(
        await pollUntil(async () => !(await metaState(cluster.inputs()["iad-0"]!)).leader || undefined, waitMs),
      );
      const { found, ms } = await readAll(streams.slice(0, 100), consumers);
      assert.ok(Object.values(found).every((what) => what === "unknown"));
      assert.ok(ms < waitMs, `took ${ms} ms`);
    });
  });

  describe("with two of three servers of a region down", () => {
    const streams = [
      ...["A1", "A2"].map((name) => streamArgs(name, "ams", { replicas: 3 })),
      ...["I1", "I2", "I3"].map((name) => streamArgs(name, "iad", { replicas: 3 })),
      ...["J1", "J2", "J3", "J4", "J5", "J6"].map((name) => streamArgs(name, "iad")),
    ];
    const consumers = streams.map(({ name }) => consumerArgs(name, "worker"));

    before(async () => {
      await start(["ams", "iad"], 3);
      await create(streams, consumers);
    });
    after(stop);

    it("keeps what it knew of streams without a leader, and reads all others", async () => {
      const leaders = Object.fromEntries(
        (await list()).streams.map(({ config, cluster: { leader } }) => [config.name, leader!]),
      );
      const survivor = leaders.J1!;
      for (const server of ["iad-0", "iad-1", "iad-2"].filter((name) => name !== survivor))
        await destroy(cluster.inputs()[server]!);
      const isAlive = ({ name }: Args) => name.startsWith("A") || (name.startsWith("J") && leaders[name] === survivor);
      const alive = streams.filter(isAlive);
      assert.ok(alive.length > 2 && alive.length < 8, "single replicas are on more than one server");
      // Until the last server of three has noticed that it is alone, it goes on leading.
      const answersAlone = async () =>
        (await list().catch(() => undefined))?.streams.some(
          ({ config, cluster: { leader } }) => config.name.startsWith("I") && !leader,
        ) || undefined;
      assert.ok(await pollUntil(answersAlone, waitMs), "of a stream without a leader, the last server is listed");
      assert.ok(
        await pollUntil(
          async () =>
            (await list().catch(() => undefined))?.streams.every(
              ({ config, cluster: { leader } }) => !(config.name.startsWith("I") && leader),
            ),
          waitMs,
        ),
      );
      await startProvider();
      const { found, requests, ms } = await readAll(streams, consumers);
      const unknown = Object.keys(asWritten(streams, consumers)).map((id) => [id, "unknown"]);
      assert.deepEqual(found, {
        ...Object.fromEntries(unknown),
        ...asWritten(
          alive,
          alive.map(({ name }) => consumerArgs(name, "worker")),
        ),
      });
      assert.deepEqual(requests, { "STREAM.LIST": 1, "CONSUMER.LIST": alive.length });
      assert.ok(ms < waitMs, `took ${ms} ms`);
    });

    const list = async () =>
      (await ask(app, "STREAM.LIST")) as { streams: { config: { name: string }; cluster: { leader?: string } }[] };
  });
});
