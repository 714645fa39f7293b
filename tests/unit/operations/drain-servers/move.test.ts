import assert from "node:assert/strict";
import { Failure } from "../../../../engine/failure";
import { moveStream } from "../../../../operations/drain-servers/move";
import { type Answers, fakeConnection, refusal } from "../../../support/fake-connection";
import { held } from "../../../support/holdings";

const stream = held("S", ["iad-3"]);
const [move, cancel] = ["ACCOUNT.STREAM.MOVE.app.S", "ACCOUNT.STREAM.CANCEL_MOVE.app.S"];
const group = (leader: string | undefined, ...replicas: string[]) => ({
  cluster: { leader, replicas: replicas.map((name) => ({ name })) },
});

describe("moving a stream off a server", () => {
  for (const [what, answers] of [
    ["the servers begin", { [move]: group("iad-3", "iad-1") }],
    ["its group has no leader yet", { [move]: group(undefined, "iad-1", "iad-3") }],
    ["the answer is lost", {}],
    ["it is moving already", { [move]: refusal(10124) }],
    ["it is not on the server any more", { [move]: refusal(10040) }],
    ["it was deleted meanwhile", { [move]: refusal(10059) }],
  ] as [string, Answers][]) {
    it(`is done when ${what}`, async () => {
      const { connection, requests } = fakeConnection(answers);
      await moveStream(connection, stream, "iad-3");
      assert.deepEqual(requests, [move]);
    });
  }

  it("is cancelled where the servers begin to move it to another region", async () => {
    const { connection, requests } = fakeConnection({ [move]: group("iad-3", "ams-0"), [cancel]: group("iad-3") });
    await assert.rejects(
      moveStream(connection, stream, "iad-3"),
      (error) =>
        error instanceof Failure && /no other server of iad .* to ams; this was cancelled\./.test(error.message),
    );
    assert.deepEqual(requests, [move, cancel]);
  });

  it("reports where a move to another region could not be cancelled", async () => {
    const { connection } = fakeConnection({ [move]: group("ams-0"), [cancel]: refusal(10129, "not in progress") });
    await assert.rejects(moveStream(connection, stream, "iad-3"), /cancelling this failed: not in progress/);
  });

  it("fails where the meta leader refuses it", async () => {
    const { connection } = fakeConnection({ [move]: refusal(10118, "stream is offline") });
    await assert.rejects(
      moveStream(connection, stream, "iad-3"),
      (error) => error instanceof Failure && /could not be moved off iad-3: stream is offline/.test(error.message),
    );
  });
});
