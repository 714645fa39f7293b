import assert from "node:assert/strict";
import { slowestOf } from "../../../../bench/messages/official";
import type { PublishSample } from "../../../../bench/messages/publishing";
import { markdown, picture, tables } from "../../../../bench/messages/report";
import { type Measured, targets, verdictOf } from "../../../../bench/messages/targets";

const sample = (mode: PublishSample["mode"], clients: number, messages: number, p99 = 4): PublishSample => ({
  kind: "R3 file",
  mode,
  clients,
  messages,
  official: 2 * messages,
  clientCpu: 1,
  serverCpu: 2,
  ...(mode === "sync" && { latency: { p50: p99 / 4, p95: p99 / 2, p99 } }),
});

const measured: Measured = {
  publishing: [
    sample("sync", 1, 2_000, 3.2),
    sample("sync", 1, 2_100, 8),
    sample("sync", 1, 2_200, 2),
    sample("sync", 8, 3_000, 60),
    sample("async", 8, 40_000),
  ],
  delivery: { p50: 1, p95: 2, p99: 3, messages: 100 },
  replication: [
    { from: "iad", to: "ams", p50: 45, p95: 50, p99: 60, messages: 100 },
    { from: "iad", to: "syd", p50: 102, p95: 120, p99: 130, messages: 100 },
  ],
  distances: true,
};

const verdicts = (of: Measured) => targets.map((target) => verdictOf(target, of));

describe("figures beside their targets", () => {
  it("are met, missed or not measured; of several runs the median counts", () => {
    assert.deepEqual(verdicts(measured), ["missed", "met", "met", "missed", "met", "met", "missed"]);
    assert.equal(targets[1]!.value(measured), 0.8);
  });

  it("say nothing of replication where regions are not as far from each other as in production", () => {
    assert.deepEqual(verdicts({ ...measured, distances: false }).slice(-2), ["not measured", "not measured"]);
    assert.deepEqual(
      new Set(verdicts({ publishing: [], replication: [], distances: true })),
      new Set(["not measured"]),
    );
  });

  it("are tables with the official benchmark beside them, the same on a terminal and on the page", () => {
    const [sync] = Object.entries(tables(measured)).filter(([title]) => title.startsWith("Synchronous"));
    assert.deepEqual(sync![1][1], [
      "R3 file",
      "1",
      "0.80 ms",
      "1.60 ms",
      "3.20 ms",
      "2,100",
      "0.50 x (0.50-0.50)",
      "1.0",
      "2.0",
    ]);
    assert.equal(
      markdown([
        ["a", "b"],
        ["1", "2"],
      ]),
      "| a | b |\n| --- | --- |\n| 1 | 2 |",
    );
  });

  it("are a picture of what was measured: green where the target is met", () => {
    const svg = picture(measured);
    assert.equal(svg.match(/<rect x=/g)!.length, targets.length);
    assert.equal(svg.match(/#2e7d32/g)!.length, 4);
    assert.match(svg, /<title>12\.50 times the target|<title>1\.25 times the target/);
    assert.equal(picture({ ...measured, distances: false }).match(/<rect x=/g)!.length, targets.length - 2);
  });

  it("are read from the official benchmark's table, which must have durations", () => {
    assert.equal(slowestOf("#RunID,MsgCount,DurationSecs\na,1,0.5\nb,1,1.25\n"), 1.25);
    assert.throws(() => slowestOf("#RunID,MsgCount\na,1\n"), /no durations/);
    assert.throws(() => slowestOf("#RunID,DurationSecs\n"), /no durations/);
  });
});
