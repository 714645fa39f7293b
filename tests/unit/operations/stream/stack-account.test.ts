import assert from "node:assert/strict";
import { Failure } from "../../../../engine/failure";
import type { Account } from "../../../../jetstream/account";
import { changeStream, ownStream, requiredStream, stackOf } from "../../../../operations/stream/stack-account";
import { localEnvironment } from "../../../support/accounts";
import { type Answers, fakeConnection, refusal } from "../../../support/fake-connection";

const failsWith = (message: RegExp) => (error: unknown) => error instanceof Failure && message.test(error.message);

describe("the jetstream stack of an account", () => {
  const environment = { ...localEnvironment(), jetstream: { jetstream: ["a"], "jetstream--team": ["b", "c"] } };
  const stacks = { identity: "local-identity", regions: [], jetstream: ["local-jetstream", "local-jetstream--team"] };

  it("is the one that lists it", () => {
    assert.equal(stackOf({ name: "local", environment, stacks }, "a"), "local-jetstream");
    assert.equal(stackOf({ name: "local", environment, stacks }, "c"), "local-jetstream--team");
  });

  it("must exist", () =>
    assert.throws(
      () => stackOf({ name: "local", environment, stacks }, "d"),
      failsWith(/no jetstream stack of environment local reconciles account d/),
    ));
});

describe("a stream of a stack", () => {
  const owner = "supercluster/local-jetstream";
  const infoOf = (mark: string | undefined) => ({
    config: { name: "S", ...(mark && { metadata: { "supercluster.owner": mark } }) },
    state: {},
  });
  function accountWith(answers: Answers): { account: Account; requests: string[] } {
    const { connection, requests } = fakeConnection(answers);
    return { account: { connection, owner, logProgress: () => undefined }, requests };
  }
  /** Missing is what a meta leader reports. */
  const missing = {
    "STREAM.INFO.S": refusal(10059, "stream not found", 404),
    "STREAM.NAMES": { streams: [], total: 0 },
  };

  it("has its mark", async () => {
    const { account } = accountWith({ "STREAM.INFO.S": infoOf(owner) });
    assert.equal((await ownStream(account, "S"))!.config.name, "S");
  });

  for (const [what, mark, shown] of [
    ["another owner's", "supercluster/other", "supercluster/other"],
    ["without a mark", undefined, "no owner"],
  ] as const) {
    it(`is refused when it is ${what}`, () =>
      assert.rejects(
        ownStream(accountWith({ "STREAM.INFO.S": infoOf(mark) }).account, "S"),
        failsWith(new RegExp(`S does not belong to ${owner}: its metadata names ${shown}. Nothing was changed`)),
      ));
  }

  it("that is missing is undefined, or a failure where it is needed", async () => {
    assert.equal(await ownStream(accountWith(missing).account, "S"), undefined);
    await assert.rejects(requiredStream(accountWith(missing).account, "S"), failsWith(/S no longer exists/));
  });

  it("is not changed when it is another owner's", async () => {
    const { account, requests } = accountWith({ "STREAM.INFO.S": infoOf("supercluster/other") });
    await assert.rejects(changeStream(account, "S", (config) => config));
    assert.ok(!requests.some((request) => request.startsWith("STREAM.UPDATE")));
  });
});
