import assert from "node:assert/strict";
import { EventStore, type StoredEvent } from "../../../workers/covenant/analytics/events";
import { schema } from "../../../workers/covenant/schema";
import { type Database, DatabaseUnavailable, openDatabase } from "../../../workers/database/database";
import { serversMs } from "../../support/limits";
import { type PostgresServer, startPostgres } from "../../support/postgres";

const event = (sequence: number, change: Partial<StoredEvent> = {}): StoredEvent => ({
  ...{ stream: "COVENANT_USERS", sequence, durable: "ANALYTICS", storedAt: new Date(1_700_000_000_000 + sequence) },
  ...{ entity: "users", action: "updated", key: `u${sequence}`, payload: { id: `u${sequence}` } },
  ...change,
});

/** What both databases have to do. */
function storesEvents(open: () => Database): void {
  let database: Database;
  let store: EventStore;
  let statements = 0;
  before(async () => {
    database = open();
    await database.check();
    store = new EventStore({
      query: (text, values) => {
        statements++;
        return database.query(text, values);
      },
    });
  });
  after(() => database?.close());
  beforeEach(async () => {
    await database.query("delete from covenant.events");
    statements = 0;
  });
  const keys = async () => {
    const { rows } = await database.query<{ key: string }>(
      "select key from covenant.events order by sequence, stored_at",
    );
    return rows.map(({ key }) => key);
  };

  it("has one row for each message, however often it comes, also within one batch", async () => {
    await Promise.all([event(1), event(2), event(1), event(3)].map((each) => store.put(each)));
    await store.put(event(2));
    assert.deepEqual(await keys(), ["u1", "u2", "u3"]);
    assert.equal(statements, 2, "what came together was written together");
  });

  it("keeps what a stream had before it was deleted and made again", async () => {
    await store.put(event(1));
    await store.put(event(1, { storedAt: new Date(1_800_000_000_000), key: "other" }));
    assert.deepEqual(await keys(), ["u1", "other"]);
  });

  it("keeps the others where the database refuses one of a batch", async () => {
    const refused = store.put(event(2, { payload: { id: "u2", name: "\0" } }));
    await Promise.all([
      store.put(event(1)),
      assert.rejects(refused, /unsupported Unicode escape/),
      store.put(event(3)),
    ]);
    assert.deepEqual(await keys(), ["u1", "u3"]);
  });
}

describe("events of covenant", function () {
  this.timeout(serversMs);

  describe("in PGlite", () => storesEvents(() => openDatabase({ connections: 1 }, schema, assert.fail)));

  describe("in PostgreSQL", () => {
    let server: PostgresServer;
    before(async () => {
      server = await startPostgres();
    });
    after(() => server?.stop());
    const open = () => openDatabase({ url: server.url, connections: 2 }, schema, () => undefined);
    describe("", () => storesEvents(open));

    it("are all kept by their worker while the server is down", async () => {
      const database = open();
      const store = new EventStore(database);
      await store.put(event(1));
      await server.pause();
      const results = await Promise.allSettled([event(2), event(3)].map((each) => store.put(each)));
      for (const result of results)
        assert.ok(result.status === "rejected" && result.reason instanceof DatabaseUnavailable);
      await server.start();
      await store.put(event(2));
      await database.close();
    });
  });
});
