import assert from "node:assert/strict";
import { errors, type NatsConnection } from "@nats-io/transport-node";
import { sendSnapshot } from "../../../../workers/backup/protocol";

const counts = { messages: 1, bytes: 10, first_seq: 1, last_seq: 1 };

describe("a snapshot that is sent back", () => {
  it("waits until the server that restores is heard: across regions its subscription is known later", async () => {
    const received: number[] = [];
    let unheard = 2;
    const connection = {
      request: (subject: string, data?: Uint8Array) => {
        assert.equal(subject, "restore.SMS");
        if (unheard-- > 0)
          throw new errors.RequestError("no responders", { cause: new errors.NoRespondersError(subject) });
        received.push(data?.length ?? 0);
        return Promise.resolve({ json: () => ({ state: counts }) });
      },
    } as unknown as NatsConnection;
    const ask = <Answer>(subject: string) => {
      assert.equal(subject, "STREAM.RESTORE.SMS", "nothing else is asked, so nothing was deleted");
      return Promise.resolve({ deliver_subject: "restore.SMS" } as Answer);
    };
    async function* chunks() {
      yield await Promise.resolve(new Uint8Array(3));
      yield new Uint8Array(5);
    }
    const backup = { config: { name: "SMS" }, state: counts };
    assert.deepEqual(await sendSnapshot(connection, ask, backup, chunks()), counts);
    assert.deepEqual(received, [3, 5, 0], "each once, then the end");
  });
});
