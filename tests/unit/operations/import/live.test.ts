import assert from "node:assert/strict";
import { nameOf, readLive } from "../../../../operations/import/live";
import { fakeConnection } from "../../../support/fake-connection";

describe("reading a live account", () => {
  const stream = (name: string) => ({ config: { name } });
  const durable = (name: string) => ({ config: { durable_name: name } });

  it("reads all pages, and sorts streams and consumers by name", async () => {
    const { connection, requests } = fakeConnection({
      "STREAM.LIST": ({ offset }) => ({ total: 2, streams: [offset ? stream("A") : stream("B")] }),
      "CONSUMER.LIST.A": { total: 2, consumers: [durable("y"), durable("x")] },
      "CONSUMER.LIST.B": { total: 0 },
    });
    const { streams, missing } = await readLive(connection);
    assert.deepEqual(
      streams.map(({ info, consumers }) => [nameOf(info), consumers.map(nameOf)]),
      [
        ["A", ["x", "y"]],
        ["B", []],
      ],
    );
    assert.deepEqual(missing, []);
    assert.equal(requests.filter((request) => request === "STREAM.LIST").length, 2);
  });

  it("lists what no server answered for, once each, and does not take an old entry for it", async () => {
    const { connection } = fakeConnection({
      "STREAM.LIST": { total: 2, streams: [stream("A"), stream("LOST")], missing: ["LOST", "LOST"] },
      "CONSUMER.LIST.A": { total: 1, consumers: [durable("x")], missing: ["gone"] },
    });
    const { streams, missing } = await readLive(connection);
    assert.deepEqual(
      streams.map(({ info }) => nameOf(info)),
      ["A"],
    );
    assert.deepEqual(missing, ["A/gone", "LOST"]);
  });
});
