import assert from "node:assert/strict";
import { Failure } from "../../../../engine/failure";
import { NoAnswer } from "../../../../jetstream/errors";
import { runTogether } from "../../../../operations/failover/together";

describe("streams that fail over together", () => {
  it("reload the servers once for all that wait, and go on", async () => {
    const [brought, rounds] = [[] as string[][], { a: 0, b: 0, c: 0 }];
    await runTogether(
      ["a", "b", "c"] as const,
      (name) =>
        Promise.resolve(
          rounds[name]++ === 0 && name !== "c"
            ? { servers: ["ams-0", `${name}-0`], left: () => Promise.resolve([]) }
            : undefined,
        ),
      (servers) => Promise.resolve(void brought.push(servers)),
    );
    assert.deepEqual(brought, [["ams-0", "a-0", "b-0"]]);
    assert.deepEqual(rounds, { a: 2, b: 2, c: 1 });
  });

  it("are not stopped by one that fails, which is reported in the end", async () => {
    const done: string[] = [];
    await assert.rejects(
      runTogether(
        ["a", "b", "c"],
        (name) => {
          if (name === "b") return Promise.reject(new Failure("b has no mirror"));
          done.push(name);
          return Promise.resolve(undefined);
        },
        () => Promise.reject(new Error("nothing to bring")),
      ),
      (error) => error instanceof Failure && error.message === "b has no mirror",
    );
    assert.deepEqual(done, ["a", "c"]);
  });

  it("say to run the command again where a server gave no answer", async () => {
    const answer = Promise.reject(new NoAnswer("STREAM.UPDATE.S", 5, new Error("timeout")));
    await assert.rejects(
      runTogether(
        ["a"],
        () => answer,
        () => Promise.resolve(),
      ),
      /no answer to STREAM.UPDATE.S within 5 s: timeout. Run the command again: it continues/,
    );
  });
});
