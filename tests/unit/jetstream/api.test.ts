import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { readPages } from "../../../jetstream/api";

describe("pages of a list", () => {
  /** A server with so many entries, of which some are left out because their leader does not answer. */
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
  const read = (total: number, limit: number, missing: number[] = []) => {
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
    assert.deepEqual(await read(5, 2), { asked: [0, 2, 4], entries: [0, 1, 2, 3, 4] });
    assert.deepEqual(await read(0, 2), { asked: [0], entries: [] });
    assert.deepEqual(await read(4, 2), { asked: [0, 2], entries: [0, 1, 2, 3] });
  });

  it("have places for what is left out, a whole page of it too", async () => {
    assert.deepEqual(await read(6, 2, [1, 2, 3]), { asked: [0, 2, 4], entries: [0, 4, 5] });
  });
});
