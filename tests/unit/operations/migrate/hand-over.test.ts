import assert from "node:assert/strict";
import { mock } from "node:test";
import type { Wire } from "../../../../jetstream/fields";
import { copying, isParked, parked } from "../../../../operations/migrate/configurations";
import { handOver, waitForMirror } from "../../../../operations/migrate/hand-over";
import type { Queue } from "../../../../operations/migrate/queue";
import type { StreamInfo } from "../../../../operations/stream/stack-account";
import { queue as work, specified } from "../../../support/work-queue";

const initial = { messages: 3, lastSeq: 3 };

/** A work queue of 3 messages and its shadow, which lacks `behind` of them. */
function queueWith({ home = work, shadow = copying(work, "S--shadow", initial), behind = 0 } = {}) {
  const configs: Record<string, Wire> = { S: home, "S--shadow": shadow };
  const held: Record<string, object> = {
    S: { messages: 0, last_seq: 3 },
    "S--shadow": { messages: 3 - behind, last_seq: 3 },
  };
  const updated: string[] = [];
  const queue = {
    name: "S",
    shadow: "S--shadow",
    specified,
    stream: { spec: { subjects: ["s.>"] } },
    account: { logProgress: () => undefined },
    required: (name: string) => Promise.resolve({ config: configs[name], state: held[name] } as unknown as StreamInfo),
    update: async (name: string, change: (config: Wire) => Wire) => {
      configs[name] = change(configs[name]!);
      updated.push(name);
    },
  } as unknown as Queue;
  return { queue, configs, updated };
}

describe("passing the subjects of a stream to its mirror", () => {
  afterEach(() => mock.restoreAll());

  it("takes them away first, and gives them to the mirror once it has all messages", async () => {
    mock.method(Date, "now", () => 0);
    const { queue, configs, updated } = queueWith();
    await handOver(queue, "S", "S--shadow");
    assert.deepEqual(updated, ["S", "S--shadow"]);
    assert.ok(isParked(configs.S!));
    assert.deepEqual([configs["S--shadow"]!.subjects, configs["S--shadow"]!.mirror], [["s.>"], undefined]);
  });

  it("does not take them away twice after an interruption", async () => {
    mock.method(Date, "now", () => 0);
    const { queue, updated } = queueWith({ home: parked(work) });
    await handOver(queue, "S", "S--shadow");
    assert.deepEqual(updated, ["S--shadow"]);
  });

  it("does nothing more where an interrupted run has given them to the mirror", async () => {
    const { queue, updated } = queueWith({ home: parked(work), shadow: { ...work, name: "S--shadow" } });
    await handOver(queue, "S", "S--shadow");
    assert.deepEqual(updated, []);
  });

  it("gives them back each time the last messages do not arrive, and fails after three times", async () => {
    let now = 0;
    mock.method(Date, "now", () => (now += 700));
    const { queue, configs, updated } = queueWith({ behind: 1 });
    await assert.rejects(handOver(queue, "S", "S--shadow"), /S has its subjects back/);
    assert.deepEqual(updated, ["S", "S", "S", "S", "S", "S"]);
    assert.deepEqual(configs.S!.subjects, ["s.>"]);
  });
});

describe("waiting for the mirror", () => {
  it("ends at once where few messages are missing, or neither is a mirror", async () => {
    await waitForMirror(queueWith({ behind: 2 }).queue);
    await waitForMirror(queueWith({ shadow: { ...work, name: "S--shadow" }, behind: 3 }).queue);
  });
});
