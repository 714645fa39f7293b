import assert from "node:assert/strict";
import { headers, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { type Delivery, listen, pull } from "../../../../operations/verify/messages";

/** A connection whose one subscription gets what the test sends. */
function connection() {
  const published: [subject: string, payload?: string, options?: object][] = [];
  let send: (message: Partial<Msg>) => void = () => assert.fail("there is no subscription");
  const nats = {
    subscribe: (_: string, { callback }: { callback: (error: null, message: Partial<Msg>) => void }) => {
      send = (message) => callback(null, message);
      return { unsubscribe: () => (send = () => assert.fail("it was unsubscribed")) };
    },
    publish: (...args: (typeof published)[number]) => void published.push(args),
    flush: () => Promise.resolve(),
  } as unknown as NatsConnection;
  return { nats, published, send: (message: Partial<Msg>) => send(message) };
}

describe("messages of a proof", () => {
  it("are requested of a pull durable after its subscription is there", () => {
    const { nats, published } = connection();
    pull(nats, { stream: "S", durable: "d", count: 3, expiresMs: 2_000, inbox: "_INBOX.x" }, () => undefined);
    assert.deepEqual(published, [
      ["$JS.API.CONSUMER.MSG.NEXT.S.d", '{"batch":3,"expires":2000000000}', { reply: "_INBOX.x" }],
    ]);
  });

  for (const [what, reply] of [
    ["without a domain", "$JS.ACK.S.d.1.7.7.1700000000.0"],
    ["with a domain and an account", "$JS.ACK.global.HASH.S.d.1.7.7.1700000000.0.token"],
  ] as const) {
    it(`tell their stream and durable, ${what}`, async () => {
      const { nats, send } = connection();
      const found: Delivery[] = [];
      await listen(nats, "deliver.d", (delivery) => found.push(delivery));
      const marked = headers();
      marked.set("Supercluster-Verify", "proof-1");
      send({ subject: "s.a", reply, headers: marked });
      send({ subject: "s.b", reply });
      assert.deepEqual(
        found.map(({ stream, durable, subject, id }) => [stream, durable, subject, id]),
        [
          ["S", "d", "s.a", "proof-1"],
          ["S", "d", "s.b", undefined],
        ],
      );
    });
  }

  it("are not the server's own: flow control is answered, heartbeats and ends of requests are left out", async () => {
    const { nats, published, send } = connection();
    await listen(nats, "deliver.d", () => assert.fail("not a message"));
    const status = (code: number, stalled?: string) => {
      const of = headers(code, "status");
      if (stalled) of.set("Nats-Consumer-Stalled", stalled);
      return of;
    };
    send({ headers: status(100), reply: "$JS.FC.S.d.x" });
    send({ headers: status(100, "$JS.FC.S.d.y"), reply: "" });
    send({ headers: status(100), reply: "" });
    send({ headers: status(408), reply: "" });
    assert.deepEqual(published, [["$JS.FC.S.d.x"], ["$JS.FC.S.d.y"]]);
  });
});
