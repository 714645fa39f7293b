import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { observe } from "../../components/local/provider/observe";
import { folderOf } from "../../components/local/provider/record";
import { read } from "../../jetstream/api";
import { absenceIn } from "../support/absence";
import { addStream } from "../support/accounts";
import { serversMs, waitMs } from "../support/limits";
import { metaState, startSupercluster, type Supercluster } from "../support/nats";

describe("local servers, one region of three", function () {
  this.timeout(serversMs);

  let cluster: Supercluster;
  let client: NatsConnection;
  before(async () => {
    cluster = await startSupercluster({ regions: ["iad"], servers: 3 });
    client = await cluster.connect();
  });
  after(async () => {
    await client?.close();
    await cluster?.stop();
  });

  const servers = () => Object.values(cluster.inputs());
  const pids = () => Promise.all(servers().map(async (server) => (await observe(server))!.process.pid));

  /** When monitors answer the program's requests without an error, from now on. */
  function answersOk(path: string): { monitor: string; at: number }[] {
    const answers: { monitor: string; at: number }[] = [];
    const note = (message: unknown) => {
      const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
      if (response.statusCode !== 200 || request.path !== path) return;
      answers.push({ monitor: `http://${String(request.getHeader("host"))}`, at: Date.now() });
    };
    subscribe("http.client.response.finish", note);
    restore = () => void unsubscribe("http.client.response.finish", note);
    return answers;
  }
  let restore = () => {};
  afterEach(() => restore());

  /** Runs some work, and again and again something beside it. */
  async function meanwhile(work: Promise<unknown>, every: number, look: () => Promise<void>): Promise<void> {
    let working = true;
    const looking = (async () => {
      for (; working; await sleep(every)) await look();
    })();
    await work.finally(() => (working = false));
    await looking;
  }

  it(
    "a new region restarts them one at a time, each when the last is current again, " + "while a stream takes messages",
    async () => {
      await addStream(client, { name: "ORDERS", subjects: ["orders"], num_replicas: 3 });
      const before = await pids();
      const wanted = Object.entries(cluster.inputs({ regions: ["iad", "ams"] })).filter(([name]) =>
        name.startsWith("iad"),
      );

      const samples: { up: boolean }[][] = [];
      let stored = 0;
      const healthy = answersOk("/healthz");
      const rolling = cluster.ensure(Object.fromEntries(wanted));
      await Promise.all([
        meanwhile(rolling, 50, async () => {
          const states = await Promise.all(servers().map(metaState));
          samples.push(states.map(({ peers }) => ({ up: peers !== undefined })));
        }),
        meanwhile(rolling, 20, async () => {
          const taken = await jetstream(client)
            .publish("orders", "x", { msgID: String(stored), timeout: 500 })
            .catch(() => undefined);
          if (taken) stored++;
        }),
      ]);

      // A server that stays up may be unhealthy for a moment too, while a stream that lost its leader elects another.
      assert.deepEqual(
        samples.filter((states) => states.filter(({ up }) => !up).length > 1),
        [],
        "never two are down",
      );
      // By logs and answers: between two samples on a busy machine, one may become current and the next one stop.
      const stops = servers()
        .map((server) => ({ monitor: `http://${server.config.http}`, ...absenceIn(folderOf(server)) }))
        .sort((one, other) => one.from - other.from);
      stops.slice(1).forEach(({ from }, index) => {
        const last = stops[index]!;
        assert.ok(
          healthy.some(({ monitor, at }) => monitor === last.monitor && at > last.to && at < from),
          "the last is current before the next stops",
        );
      });
      const after = await pids();
      assert.deepEqual(
        after.filter((pid) => before.includes(pid)),
        [],
      );
      assert.ok(stored > 10, `${stored} messages were taken`);
      const { state } = await read<{ state: { messages: number } }>(client, "STREAM.INFO.ORDERS", undefined, waitMs);
      const { messages } = state;
      // The last one may have been stored without an answer in time.
      assert.ok(
        messages === stored || messages === stored + 1,
        `${messages} of ${stored} acknowledged messages are there`,
      );
    },
  );
});
