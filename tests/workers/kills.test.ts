import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { observe } from "../../components/local/provider/observe";
import { pollUntil } from "../../config/poll-until";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { WorkerLab, type WorkerProcess, workerOf } from "../support/worker-lab";

const concurrency = 10;
/** Messages that are published at the same time, and the pause after them in milliseconds. */
const together = 4;
const pause = 10;
/** How long a worker takes for one. */
const ms = 20;

/** Publishes orders all the time; knows which were acknowledged. */
function publishing(lab: WorkerLab, stream: string) {
  const acknowledged: string[] = [];
  let isOver = false;
  const running = (async () => {
    const client = jetstream(lab.api, { timeout: 2_000 });
    const subject = `${stream.toLowerCase()}.new`;
    for (let count = 0; !isOver; count += together, await sleep(pause))
      await Promise.all(
        Array.from({ length: together }, async (_, index) => {
          const id = `m${count + index}`;
          const publish = () =>
            client.publish(subject, JSON.stringify({ id, ms }), { msgID: id }).catch(() => undefined);
          if (await pollUntil(publish, waitMs)) acknowledged.push(id);
        }),
      );
  })();
  return {
    count: () => acknowledged.length,
    async stop(): Promise<string[]> {
      isOver = true;
      await running;
      return acknowledged;
    },
  };
}

describe("workers and servers that are killed, under load", function () {
  this.timeout(serversMs);
  let lab: WorkerLab;
  /** Started together; they take no message until they are told to. */
  let waiting: Record<"LEADER" | "FROZEN" | "REGION", Promise<WorkerProcess>>;

  before(async () => {
    lab = await WorkerLab.start(
      { KILLED: {}, LEADER: {}, FROZEN: {}, REGION: { consumer: { ackWait: "5s" } } },
      { regions: ["iad", "ams"], servers: 3 },
    );
    const start = (stream: string, region?: string) => lab.worker(stream, { concurrency }, region);
    waiting = { LEADER: start("LEADER"), FROZEN: start("FROZEN"), REGION: start("REGION", "ams") };
    await Promise.all(Object.values(waiting));
  });
  after(() => lab?.stop());

  const twice = (counts: Map<string, number>) => [...counts.values()].filter((count) => count > 1).length;

  /** Every published order was done at least once; returns how many were done more than once. */
  async function settled(stream: string, published: string[], what: string): Promise<number> {
    // A durable can say that nothing is left while replicas still catch up.
    const areDone = () => {
      const { done } = lab.notes(stream);
      return published.every((id) => done.has(id));
    };
    await pollUntil(areDone, waitMs, 500);
    await lab.untilAcknowledged(stream);
    const { run, done } = lab.notes(stream);
    assert.deepEqual(
      published.filter((id) => !done.has(id)),
      [],
      "none is lost",
    );
    console.log(
      `      ${what}: ${published.length} published, 0 lost, ${twice(run)} begun and ${twice(done)} done twice`,
    );
    return twice(done);
  }

  it("workers that are killed 20 times lose no message, and repeat only what was in hand", async function () {
    const load = publishing(lab, "KILLED");
    const start = () => lab.worker("KILLED", { concurrency });
    let killed = 0;
    /** One replica: killed again and again, each time with a fresh process started. Returns the last one. */
    async function replica(kills: number): Promise<WorkerProcess> {
      let next = await start();
      for (let kill = 0; kill < kills; kill++) {
        const worker = next;
        await worker.go();
        [next] = await Promise.all([start(), sleep(Math.random() * 1_000)]);
        assert.equal(await worker.kill(), "SIGKILL");
        killed++;
      }
      await next.go();
      return next;
    }
    // Starts of processes are what this test takes time for, so they overlap.
    const last = await Promise.all([4, 4, 4, 4, 4].map(replica));
    assert.equal(killed, 20);
    const published = await load.stop();
    const repeated = await settled("KILLED", published, "20 kills");
    await Promise.all(last.map((worker) => worker.kill("SIGTERM")));
    assert.ok(repeated <= 20 * concurrency, `${repeated} were done twice: at most those in hand at 20 kills`);
    assert.deepEqual(await lab.deadLetters("KILLED"), []);
  });

  it("the server that leads the durable is killed: the worker goes on, and no message is lost", async () => {
    const load = publishing(lab, "LEADER");
    const worker = await waiting.LEADER;
    await worker.go();
    await lab.untilDone("LEADER", 50);
    const { cluster } = await lab.info("LEADER");
    await lab.cluster.kill(cluster!.leader!);
    const before = load.count();
    await pollUntil(() => load.count() > before + 50, waitMs);
    await lab.untilDone("LEADER", before + 50);
    await lab.cluster.ensure();
    const published = await load.stop();
    await settled("LEADER", published, "leader killed");
    assert.equal(await worker.kill("SIGTERM"), 0, "it was the same process all the time");
  });

  it("the server that leads the durable freezes: the worker goes on, and no message is lost", async () => {
    const load = publishing(lab, "FROZEN");
    const worker = await waiting.FROZEN;
    await worker.go();
    await lab.untilDone("FROZEN", 50);
    const { cluster } = await lab.info("FROZEN");
    const { pid } = (await observe(lab.cluster.inputs()[cluster!.leader!]!))!.process;
    process.kill(pid, "SIGSTOP");
    await sleep(4_000);
    process.kill(pid, "SIGCONT");
    const before = load.count();
    await pollUntil(() => load.count() > before + 50, waitMs);
    await lab.untilDone("FROZEN", before + 50);
    const published = await load.stop();
    await settled("FROZEN", published, "leader frozen");
    assert.equal(await worker.kill("SIGTERM"), 0, "it was the same process all the time");
  });

  it("the workers' region is cut off: they go on when it is back, and no message is lost", async () => {
    const load = publishing(lab, "REGION");
    const worker = await waiting.REGION;
    await worker.go();
    await lab.untilDone("REGION", 50);
    const region = Object.fromEntries(Object.entries(lab.cluster.inputs()).filter(([name]) => name.startsWith("ams")));
    await Promise.all(Object.keys(region).map((name) => lab.cluster.kill(name)));
    const before = load.count();
    await pollUntil(() => load.count() > before + 50, waitMs);
    await lab.cluster.ensure(region);
    await lab.untilDone("REGION", before + 50);
    const published = await load.stop();
    const repeated = await settled("REGION", published, "region cut off");
    assert.equal(await worker.kill("SIGTERM"), 0, "it was the same process all the time");
    assert.ok(repeated <= concurrency, `${repeated} were done twice: at most those in hand`);
  });

  it("the worker's user may do nothing else", async () => {
    const connection = await lab.connectWorker("KILLED");
    const refused = (subject: string) =>
      assert.rejects(connection.request(subject, "", { timeout: requestMs }), /[Pp]ermissions [Vv]iolation/, subject);
    await refused("killed.new");
    await refused(`$JS.API.CONSUMER.INFO.LEADER.${workerOf("LEADER")}`);
    await refused(`dead.LEADER.1.${workerOf("LEADER")}`);
    await refused("$JS.API.STREAM.INFO.KILLED");
  });
});
