import assert from "node:assert/strict";
import { type Database, DatabaseUnavailable, openDatabase } from "../../workers/database/database";
import type { Schema } from "../../workers/database/migrate";
import { serversMs } from "../support/limits";
import { type PostgresServer, startPostgres } from "../support/postgres";

const schema: Schema = { name: "shop", migrations: ["create table shop.orders (id integer primary key)"] };

const insert = (id: number): [string, number[]] => ["insert into shop.orders values ($1)", [id]];

const stored = async (database: Database): Promise<number[]> => {
  const { rows } = await database.query<{ id: number }>("select id from shop.orders order by id");
  return rows.map(({ id }) => id);
};

/** What both databases have to do. */
function hasTransactions(open: () => Database): void {
  let database: Database;
  before(() => {
    database = open();
  });
  after(() => database?.close());
  beforeEach(() => database.query("delete from shop.orders"));

  it("commits all statements, and returns what the work returns", async () => {
    const result = await database.transaction(async (query) => {
      await query(...insert(1));
      await query(...insert(2));
      const { rows } = await query<{ count: string }>("select count(*) from shop.orders");
      return rows[0]!.count;
    });
    assert.equal(result, "2");
    assert.deepEqual(await stored(database), [1, 2]);
  });

  it("rolls back all of them when the work throws, and throws that", async () => {
    const failure = new Error("changed my mind");
    const work = database.transaction(async (query) => {
      await query(...insert(1));
      throw failure;
    });
    await assert.rejects(work, failure);
    assert.deepEqual(await stored(database), []);
  });

  it("rolls back all of them when a statement fails, and works afterwards", async () => {
    const work = database.transaction(async (query) => {
      await query(...insert(1));
      await query(...insert(1));
    });
    await assert.rejects(work, /duplicate key value/);
    assert.deepEqual(await stored(database), []);
    await database.transaction((query) => query(...insert(3)));
    assert.deepEqual(await stored(database), [3]);
  });

  it("works after a statement about what is not there", async () => {
    await assert.rejects(database.query("select * from shop.nothing"), DatabaseUnavailable);
    await database.query(...insert(4));
    assert.deepEqual(await stored(database), [4]);
  });
}

describe("transactions", function () {
  this.timeout(serversMs);

  describe("in PGlite", () => hasTransactions(() => openDatabase({ connections: 1 }, schema, assert.fail)));

  describe("in PostgreSQL", () => {
    let server: PostgresServer;
    before(async () => {
      server = await startPostgres();
    });
    after(() => server?.stop());
    const open = () => openDatabase({ url: server.url, connections: 2 }, schema, () => undefined);

    describe("", () => hasTransactions(open));

    /** The user may use what is there, and make nothing: an owner can take its own rights, and get them back. */
    async function withFewRights(work: () => Promise<void>): Promise<void> {
      const owner = open();
      await owner.check();
      const name = new URL(server.url).pathname.slice(1);
      await owner.query(`revoke create on database "${name}" from current_user`);
      await owner.query("revoke create on schema shop from current_user");
      await owner.query("revoke all on shop.orders from current_user");
      await owner.query("grant select, insert on shop.orders to current_user");
      try {
        await work();
      } finally {
        await owner.query(`grant create on database "${name}" to current_user`);
        await owner.query("grant create on schema shop to current_user");
        await owner.query("grant all on shop.orders to current_user");
        await owner.close();
      }
    }

    it("need no right to create where there is nothing to make", () =>
      withFewRights(async () => {
        const database = openDatabase({ url: server.url, connections: 1 }, schema, assert.fail);
        await database.query(...insert(5));
        await database.close();
        const newer = { ...schema, migrations: [...schema.migrations, "create table shop.returns (id integer)"] };
        const refused = openDatabase({ url: server.url, connections: 1 }, newer, assert.fail);
        await assert.rejects(refused.check(), /^DatabaseUnavailable: permission denied for schema shop/);
        await refused.close();
      }));

    it("a missing right or table is an outage until it is there, no failure of a message", () =>
      withFewRights(async () => {
        const database = openDatabase({ url: server.url, connections: 1 }, schema, assert.fail);
        const remove = () => database.query("delete from shop.orders where id = 5");
        await assert.rejects(remove(), /^DatabaseUnavailable: permission denied for table orders/);
        await assert.rejects(
          database.query("select * from shop.nothing"),
          /^DatabaseUnavailable: relation "shop.nothing"/,
        );
        const work = database.transaction(async (query) => {
          await query(...insert(6));
          await query("select * from shop.nothing");
        });
        await assert.rejects(work, DatabaseUnavailable);
        await database.query("grant delete on shop.orders to current_user");
        await remove();
        assert.ok(!(await stored(database)).includes(6));
        await database.close();
      }));

    it("nothing is committed when the server is lost in the middle, and the next one works", async () => {
      const database = open();
      const work = database.transaction(async (query) => {
        await query(...insert(7));
        await server.pause();
        await query(...insert(8));
      });
      await assert.rejects(work, DatabaseUnavailable);
      await server.start();
      assert.deepEqual(
        (await stored(database)).filter((id) => id >= 7),
        [],
      );
      await database.transaction((query) => query(...insert(9)));
      assert.ok((await stored(database)).includes(9));
      await database.close();
    });
  });
});
