import assert from "node:assert/strict";
import { History, sampleMs } from "../../../../console/server/history";
import { changeOf } from "../../../../console/server/changes";
import { Rates } from "../../../../console/server/rates";
import { changed } from "../../../../console/page/changed";
import { routeOf, to } from "../../../../console/page/route";
import type { Change, Picture, StreamView } from "../../../../console/picture";

const row = (change: Partial<StreamView> = {}): StreamView => ({
  ...{ account: "a", name: "S", replicas: [], subjects: [], rate: 1 },
  ...change,
});

const picture = (at: number, streams: Picture["streams"] = { "a/S": row() }): Picture => ({
  head: { time: new Date(at).toISOString(), servers: [], gateways: [], workers: [] } as unknown as Picture["head"],
  streams,
  durables: {},
});

describe("the last hour of the console", () => {
  const start = Date.parse("2026-01-01T00:00:00Z");

  it("keeps a sample every 30 s, for an hour, and no number for what was not known", () => {
    const history = new History();
    for (let n = 0; n < 130; n++)
      history.add(picture(start + n * sampleMs, n === 100 ? {} : { "a/S": row({ rate: n }) }));
    history.add(picture(start + 129 * sampleMs + 2_000, { "a/S": row({ rate: 9_999 }) }));
    const { times, values } = history.of("stream:a/S")!;
    assert.equal(times.length, 120);
    assert.equal(times[0], (start + 10 * sampleMs) / 1000);
    assert.deepEqual([values.rate![0], values.rate![90], values.rate!.at(-1)], [10, null, 129]);
    assert.equal(values.lag, undefined);
  });

  it("has the age of a stream's oldest message in seconds", () => {
    const history = new History();
    const oldest = new Date(start).toISOString();
    for (const n of [0, 1]) history.add(picture(start + n * sampleMs, { "a/S": row({ oldest }) }));
    assert.deepEqual(history.of("stream:a/S")!.values.age, [0, sampleMs / 1_000]);
  });

  it("forgets what is gone for an hour, and knows nothing of what never was", () => {
    const history = new History();
    history.add(picture(start));
    for (let n = 1; n <= 120; n++) history.add(picture(start + n * sampleMs, {}));
    assert.equal(history.of("stream:a/S"), undefined);
  });
});

describe("rates of counters", () => {
  it("are per second, and unknown at first and after a restart", () => {
    const rates = new Rates();
    const at = (ms: number, value: number) => {
      const found = rates.of("c", value, ms);
      rates.next();
      return found;
    };
    assert.deepEqual([at(0, 100), at(2_000, 150), at(4_000, 10), at(6_000, 12)], [undefined, 25, undefined, 1]);
  });
});

describe("what pages are sent", () => {
  const all = { "a/S": row(), "a/T": row({ name: "T", lag: 3, subjects: ["t"] }), "a/U": row({ name: "U" }) };
  const next = {
    "a/S": row({ replicas: [] }),
    "a/T": row({ name: "T", rate: 2, subjects: ["t", "u"] }),
    "a/V": row({ name: "V" }),
  };
  const change = changeOf(picture(0, all), picture(1, next));

  it("are fields that changed, rows that are new, and ids of those that are gone", () => {
    assert.deepEqual(change.streams, { "a/T": { rate: 2, lag: null, subjects: ["t", "u"] }, "a/V": next["a/V"] });
    assert.deepEqual(change.gone, { streams: ["a/U"], durables: [] });
  });

  it("make the picture that the console has, in which rows without a change are the same objects", () => {
    const before = picture(0, all);
    const after = changed(before, JSON.parse(JSON.stringify(change)) as Change);
    assert.deepEqual(after, picture(1, next));
    assert.equal(after.streams["a/S"], before.streams["a/S"]);
  });
});

describe("addresses of objects", () => {
  it("lead back to the object, whatever its name has", () => {
    const name = `<img"src='x'%/2F#?`;
    assert.deepEqual(routeOf(to.stream("irisx", name)), { view: "stream", account: "irisx", stream: name });
    assert.deepEqual(routeOf("#/tenant/irisx/stream/SMS/durable/sms-worker"), {
      ...{ view: "durable", account: "irisx", stream: "SMS", durable: "sms-worker" },
    });
  });

  it("that are broken lead nowhere", () => {
    assert.equal(routeOf("#/tenant/%E0%A4%A/stream/S").view, "unknown");
    assert.equal(routeOf("#/else").view, "unknown");
  });
});
