import assert from "node:assert/strict";
import { ApiError, NoAnswer } from "../../../../jetstream/errors";
import { Answers } from "../../../../operations/failover/answers";

describe("answers about streams", () => {
  const nothing = (deadlineMs: number) =>
    Promise.reject(new NoAnswer("STREAM.INFO.S", deadlineMs / 1000, new Error("timeout")));

  it("are not waited for again where a stream never answered", async () => {
    const answers = new Answers();
    assert.equal(await answers.of("S", nothing), "unreachable");
    assert.ok(answers.isLost("S"));
    assert.equal(await answers.of("S", () => assert.fail("asked again")), "unreachable");
  });

  it("are waited for longer where it did: its servers may be busy, for instance while it is deleted", async () => {
    const answers = new Answers();
    const deadlines: number[] = [];
    const asked = (answer?: string) => (deadlineMs: number) => {
      deadlines.push(deadlineMs);
      return answer === undefined ? nothing(deadlineMs) : Promise.resolve(answer);
    };
    assert.equal(await answers.of("S", asked("there")), "there");
    assert.equal(await answers.of("S", asked("deleted")), "deleted");
    assert.equal(await answers.of("S", asked()), "unreachable");
    assert.ok(answers.isLost("S"));
    assert.ok(deadlines[1]! > deadlines[0]! && deadlines[2] === deadlines[1], String(deadlines));
  });

  it("are waited for from the first on as long as is asked for: a failback needs what it asks", async () => {
    let deadline = 0;
    await new Answers().of("S", (ms) => Promise.resolve((deadline = ms)), 9_000);
    assert.equal(deadline, 9_000);
  });

  it("are that it is unreachable where its servers are offline, and errors where it is refused", async () => {
    const refusal = (code: number) => () => Promise.reject(new ApiError("STREAM.INFO.S", 500, code, "no"));
    assert.equal(await new Answers().of("S", refusal(10118)), "unreachable");
    await assert.rejects(new Answers().of("S", refusal(10052)), /no/);
  });
});
