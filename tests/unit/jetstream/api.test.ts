import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { read, readPages, withReadSlot, withWriteSlot, write } from "../../../jetstream/api";
import { type ApiError, NoAnswer } from "../../../jetstream/errors";
import type { Wire } from "../../../jetstream/fields";

describe("pages of a list", () => {
  /** A server with a number of entries, of which some are left out because their leader does not answer. */
  const server = (total: number, limit: number, missing: number[], asked: number[]) => ({
    request: (subject: string, body: string) => {
      assert.equal(subject, "$JS.API.STREAM.LIST");
      const { offset } = JSON.parse(body) as { offset: number };
      asked.push(offset);
      const entries = Array.from(
        { length: Math.max(0, Math.min(limit, total - offset)) },
        (_, index) => offset + index,
      );
      const page = { total, offset, limit, entries: entries.filter((entry) => !missing.includes(entry)) };
      return Promise.resolve({ json: () => page });
    },
  });
  const pages = (total: number, limit: number, missing: number[] = []) => {
    const asked: number[] = [];
    const connection = server(total, limit, missing, asked) as unknown as NatsConnection;
    return readPages(
      connection,
      "STREAM.LIST",
      {},
      (page: { total: number; offset: number; limit: number; entries: number[] }) => page.entries,
    ).then((entries) => ({ asked, entries }));
  };

  it("are read to the end", async () => {
    assert.deepEqual(await pages(5, 2), { asked: [0, 2, 4], entries: [0, 1, 2, 3, 4] });
    assert.deepEqual(await pages(0, 2), { asked: [0], entries: [] });
    assert.deepEqual(await pages(4, 2), { asked: [0, 2], entries: [0, 1, 2, 3] });
  });

  it("have places for what is left out, a whole page of it too", async () => {
    assert.deepEqual(await pages(6, 2, [1, 2, 3]), { asked: [0, 2, 4], entries: [0, 4, 5] });
  });
});

describe("requests to the JetStream API", () => {
  /** Answers after a moment, and counts. A double, because what is proved is how many are sent at once. */
  function counting(answer: () => Wire = () => ({ config: {} })) {
    let inFlight = 0;
    const seen = { most: 0, sent: 0 };
    const connection = {
      request: async () => {
        seen.sent++;
        seen.most = Math.max(seen.most, ++inFlight);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inFlight--;
        return { json: answer };
      },
    } as unknown as NatsConnection;
    return { connection, seen };
  }
  const many = Array.from({ length: 64 }, (_, index) => index);

  it("are at most four at a time where something may be changed, over all connections", async () => {
    const { connection, seen } = counting();
    const change = (over: NatsConnection) =>
      withWriteSlot(async () => (await read(over, "STREAM.INFO.S"), write(over, "STREAM.CREATE.S")));
    await Promise.all(many.map((index) => change(index % 2 ? connection : { ...connection })));
    assert.deepEqual(seen, { most: 4, sent: 128 });
  });

  it("are at most sixteen at a time where a refresh looks", async () => {
    const { connection, seen } = counting();
    await Promise.all(many.map(() => withReadSlot(() => read(connection, "STREAM.INFO.S"))));
    assert.deepEqual(seen, { most: 16, sent: 64 });
  });

  it("are sent again when the server refused for now, and not when it refused", async () => {
    let left = 2;
    const later = counting(() =>
      left-- > 0 ? { error: { code: 503, err_code: 10008, description: "temporarily unavailable" } } : { config: {} },
    );
    await write(later.connection, "STREAM.CREATE.S");
    assert.equal(later.seen.sent, 3);
    const never = counting(() => ({ error: { code: 400, err_code: 10065, description: "subjects overlap" } }));
    await assert.rejects(write(never.connection, "STREAM.CREATE.S"), (error: ApiError) => error.errCode === 10065);
    assert.equal(never.seen.sent, 1);
  });

  it("that change something are never sent again without an answer", async () => {
    let sent = 0;
    const silent = { request: () => (sent++, Promise.reject(new Error("timeout"))) } as unknown as NatsConnection;
    await assert.rejects(write(silent, "STREAM.CREATE.S"), /no answer to STREAM.CREATE.S/);
    assert.equal(sent, 1);
  });

  it("have no answer where a server returns neither an error nor a configuration: reads are repeated", async () => {
    let left = 2;
    const partial = counting(() =>
      left-- > 0 ? { type: "io.nats.jetstream.api.v1.stream_info_response" } : { config: {} },
    );
    assert.deepEqual(await read(partial.connection, "STREAM.INFO.S"), { config: {} });
    assert.equal(partial.seen.sent, 3);
    const none = counting(() => ({}));
    await assert.rejects(
      write(none.connection, "CONSUMER.CREATE.S.c"),
      (error) => error instanceof NoAnswer && /answered without a configuration/.test(error.message),
    );
    assert.equal(none.seen.sent, 1);
    assert.deepEqual(await write(none.connection, "CONSUMER.PAUSE.S.c"), {});
  });
});
