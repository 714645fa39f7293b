import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { traffic } from "../../../workers/irisx/traffic";
import type { Publisher } from "../../../workers/messaging";
import { type Counts, publishSamples, summary } from "../../../workers/traffic";

const none = (): Counts<"sms" | "email" | "webhook"> => ({
  published: { sms: 0, email: 0, webhook: 0 },
  acknowledged: 0,
  failed: 0,
});

/** A publisher that records subjects and ids, and whose every fourth message fails. */
function recording() {
  const published: string[] = [];
  const ids = new Set<string>();
  const running: Promise<unknown>[] = [];
  const publisher: Publisher = {
    publish: (subject, _data, { id }) => {
      const number = published.push(subject);
      ids.add(id);
      const answer = sleep(1).then(() => {
        if (number % 4 === 0) throw new Error("no answer");
        return { stream: "", seq: number, duplicate: false, domain: "" };
      });
      running.push(answer.catch(() => undefined));
      return answer;
    },
    ready: () => Promise.resolve(),
    flush: () => Promise.all(running).then(() => undefined),
  };
  return { publisher, published, ids };
}

describe("sample traffic", () => {
  it("publishes the count, each with an id of its own, and counts what became of them", async () => {
    const { publisher, published, ids } = recording();
    const counts = none();
    const failures: string[] = [];
    const signal = new AbortController().signal;
    const onFailure = ({ message }: Error) => failures.push(message);
    await publishSamples(publisher, traffic.sample, { rate: 10_000, count: 20, signal }, counts, onFailure);
    assert.deepEqual(counts, { published: { sms: 10, email: 6, webhook: 4 }, acknowledged: 15, failed: 5 });
    assert.deepEqual([published.length, ids.size, failures.length], [20, 20, 5]);
    assert.deepEqual([...new Set(published)].sort(), ["email.send", "sms.send", "webhooks.deliver"]);
    assert.equal(summary(counts, 12_000), "12.0 s: 10 sms, 6 email, 4 webhook published; 15 acknowledged, 5 failed");
  });

  it("ends when it is told to, although the next message is not due for long, and waits for answers", async () => {
    const { publisher, published } = recording();
    const counts = none();
    const stop = new AbortController();
    const ended = publishSamples(
      publisher,
      traffic.sample,
      { rate: 0.001, count: Infinity, signal: stop.signal },
      counts,
      () => undefined,
    );
    while (published.length === 0) await sleep(1);
    stop.abort();
    await ended;
    assert.deepEqual([published.length, counts.acknowledged], [1, 1]);
  });
});
