import assert from "node:assert/strict";
import { mock } from "node:test";
import { converge, type Next } from "../../../../../components/supercluster/provider/converge";

const timeout = () => new DOMException("The operation was aborted due to timeout", "TimeoutError");
const failed = (code: number) =>
  Object.assign(new Error(`HTTP ${code}`), { code, body: JSON.stringify({ message: `status ${code}` }) });
const patience = { stuckMs: 60_000, everyMs: 1, logEveryMs: 60_000 };

/** Runs it over what is seen, one look after another, the last again and again; returns what was done. */
async function run(...looks: (Next | Error)[]): Promise<void> {
  let count = 0;
  const look = () => {
    const seen = looks[Math.min(count++, looks.length - 1)]!;
    return seen instanceof Error ? Promise.reject(seen) : Promise.resolve(seen);
  };
  await converge("iad", look, "See: kubectl", patience);
}

describe("bringing a region's cluster to what is wanted", () => {
  const nothing: Next = { do: "nothing" };
  const done: string[] = [];
  const acting = (...results: (Error | undefined)[]): Next => ({
    do: "act",
    what: "something",
    act: () => {
      done.push("act");
      const error = results.shift();
      return error ? Promise.reject(error) : Promise.resolve();
    },
  });
  const { error: consoleError } = console;
  const progress: string[] = [];
  beforeEach(() => {
    done.length = progress.length = 0;
    console.error = (line: string) => void progress.push(line);
  });
  afterEach(() => {
    console.error = consoleError;
    mock.restoreAll();
  });

  for (const [what, error] of [
    ["no answer in time", timeout()],
    ["no connection", new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") })],
    ["an API server that is overloaded", failed(429)],
    ["an API server that has trouble", failed(503)],
  ] as const) {
    it(`looks again after ${what}`, () => run(error, error, nothing));
  }

  it("does again what got no answer, if a look shows that it was not done", async () => {
    await run(acting(timeout()), acting(), nothing);
    assert.deepEqual(done, ["act", "act"]);
    assert.deepEqual(progress, ["iad: something", "iad: something"]);
  });

  it("ends at once with what asking again does not fix", async () => {
    await assert.rejects(run(failed(403), nothing), /HTTP 403/);
    await assert.rejects(run(acting(failed(422)), nothing), /HTTP 422/);
    await assert.rejects(run(new Error("there is no StatefulSet"), nothing), /no StatefulSet/);
  });

  it("logs at once what keeps it waiting, again when that is something else, and not each time it looks", async () => {
    mock.method(Date, "now", () => 0);
    const waiting = (problem?: string): Next => ({ do: "wait", reason: "iad-0 is not ready", problem });
    await run(waiting(), waiting("no node"), waiting("no node"), waiting("no image"), waiting("no image"), nothing);
    assert.deepEqual(progress, [
      "iad: waiting for 0 s, iad-0 is not ready (no node)",
      "iad: waiting for 0 s, iad-0 is not ready (no image)",
    ]);
  });

  for (const [what, next] of [
    ["no answer", timeout()],
    ["nothing that is done gets an answer", acting(...Array<Error>(10_000).fill(failed(500)))],
    ["nothing changes", { do: "wait", reason: "iad-0 is not ready" }],
  ] as const) {
    it(`gives up in the end where ${what}, with the reason and what to do`, async () => {
      let now = 0;
      mock.method(Date, "now", () => (now += 1_000));
      await assert.rejects(
        run(next),
        /^Error: iad: .+, for .* min\. See: kubectl; then run this again; it continues from here$/,
      );
    });
  }
});
