import assert from "node:assert/strict";
import type { DatabaseSettings } from "../../../workers/database/settings";
import { type Database, openDatabase } from "../../../workers/database/database";
import type { Content } from "../../../workers/covenant/audit/entry";
import { Recorder } from "../../../workers/covenant/audit/recorder";
import { HeadMoved, Trail } from "../../../workers/covenant/audit/trail";
import { checkTrail, type StreamReport } from "../../../workers/covenant/audit/verify-trail";
import { schema } from "../../../workers/covenant/schema";
import { serversMs } from "../../support/limits";
import { type PostgresServer, startPostgres } from "../../support/postgres";

const timeOf = (sequence: number, generation = 1): bigint =>
  1_700_000_000_000_000_000n + BigInt(generation) * 1_000_000_000_000n + BigInt(sequence) * 1_000_000n;

const message = (sequence: number, generation = 1): Content => ({
  ...{ kind: "message", sequence, lastSequence: sequence, storedNs: timeOf(sequence, generation), detail: null },
  subject: "covenant.users.created",
  headers: JSON.stringify({ "Nats-Msg-Id": [`m${sequence}`] }),
  // Not text: the trail keeps bytes.
  body: Buffer.from([0, sequence % 256, 255]),
});

/** A recorder of streams that hold these messages, and what it gave up. */
function recorderOf(database: Database, held: readonly Content[] = []) {
  const trail = new Trail(database);
  const givenUp: number[] = [];
  const reads: number[] = [];
  const recorder = new Recorder({
    trail,
    read: (_stream, sequence) => {
      reads.push(sequence);
      return Promise.resolve(held.find((each) => each.sequence >= sequence));
    },
    giveUp: (_stream, { sequence }) => Promise.resolve(void givenUp.push(sequence)),
  });
  const record = (stream: string, ...contents: Content[]) =>
    Promise.all(contents.map((content) => recorder.record({ stream, content })));
  return { trail, record, givenUp, reads };
}

/** What both databases have to do. */
function isTrail(open: () => Database): void {
  let database: Database;
  before(() => {
    database = open();
  });
  after(() => database?.close());

  const reportOf = async (stream: string, anchors: Parameters<typeof checkTrail>[1] = []): Promise<StreamReport> => {
    const found = (await checkTrail(database, anchors)).find((each) => each.stream === stream);
    return found ?? assert.fail(`no trail of ${stream}`);
  };
  const kindsOf = async (stream: string) => {
    const { rows } = await database.query<{ entry: string }>(
      `select kind || ' ' || sequence || case when last_sequence > sequence then '-' || last_sequence else '' end ||
         case when generation > 1 then ' of ' || generation else '' end as entry
       from covenant.trail where stream = $1 order by position`,
      [stream],
    );
    return rows.map(({ entry }) => entry);
  };

  it("has one entry for each message, in the order of sequences, however often and in whatever order", async () => {
    const { record, reads } = recorderOf(
      database,
      [1, 2, 3, 4, 5].map((sequence) => message(sequence)),
    );
    await record("ORDER", message(2), message(1), message(2));
    await record("ORDER", message(5));
    await record("ORDER", message(3), message(4), message(1));
    assert.deepEqual(
      await kindsOf("ORDER"),
      [1, 2, 3, 4, 5].map((sequence) => `message ${sequence}`),
    );
    assert.deepEqual(reads, [3, 4], "what is on its way was read from the stream");
    const { counts, problems, head } = await reportOf("ORDER");
    assert.deepEqual([counts.message, problems, head?.position, head?.sequence], [5, [], 5, 5]);
  });

  it("has entries for what its stream had no longer, and for what was given up", async () => {
    const { record } = recorderOf(database, [message(4), message(7)]);
    await record("GAPS", message(7));
    await record("GAPS", { ...message(8), kind: "dead-lettered", body: null, headers: null, detail: "terminal: no" });
    assert.deepEqual(await kindsOf("GAPS"), [
      "expired 1-3",
      "message 4",
      "expired 5-6",
      "message 7",
      "dead-lettered 8",
    ]);
    const { counts, skipped, problems } = await reportOf("GAPS");
    assert.deepEqual(counts, { message: 2, expired: 5, "dead-lettered": 1, late: 0 });
    assert.deepEqual(
      skipped.map(({ kind, from, to, why }) => [kind, from, to, why]),
      [
        ["expired", 1, 3, null],
        ["expired", 5, 6, null],
        ["dead-lettered", 8, 8, "terminal: no"],
      ],
    );
    assert.deepEqual(problems, []);
  });

  it("records once what comes after its gap: by a replay, or kept in hand while its stream expired it", async () => {
    const { record } = recorderOf(database);
    await record("LATE", { ...message(1), kind: "dead-lettered", body: null, headers: null, detail: "terminal" });
    await record("LATE", message(3));
    const replay = { ...message(1), kind: "late", detail: "replay REPLAYS:4:LATE-AUDIT_LOGGER" } as const;
    await record("LATE", replay, message(2));
    await record("LATE", replay, message(2));
    assert.deepEqual(await kindsOf("LATE"), ["dead-lettered 1", "expired 2", "message 3", "late 1", "late 2"]);
    assert.deepEqual((await reportOf("LATE")).problems, []);
  });

  it("begins again at 1 where the stream was deleted and made again", async () => {
    const { record } = recorderOf(database, [message(1, 2), message(2, 2)]);
    await record("AGAIN", message(1), message(2), message(3));
    await record("AGAIN", message(2, 2));
    await record("AGAIN", message(1, 2));
    assert.deepEqual(await kindsOf("AGAIN"), [
      ...["message 1", "message 2", "message 3"],
      ...["message 1 of 2", "message 2 of 2"],
    ]);
    assert.deepEqual((await reportOf("AGAIN")).problems, []);
  });

  it("records a message of the stream before once, as late, and begins no generation with it", async () => {
    const { record } = recorderOf(database, [message(1, 2), message(2, 2)]);
    await record("OLDER", message(1), message(2));
    await record("OLDER", message(1, 2), message(2, 2));
    // In hand since before the stream was deleted; the second of them has an entry there.
    await record("OLDER", { ...message(2), storedNs: timeOf(2) + 5_000_000n }, message(1));
    assert.deepEqual(await kindsOf("OLDER"), [
      ...["message 1", "message 2", "message 1 of 2", "message 2 of 2"],
      "late 2 of 2",
    ]);
    assert.deepEqual((await reportOf("OLDER")).problems, []);
  });

  it("records each replay of a sequence that messages of two generations have, once", async () => {
    const { record } = recorderOf(database, [message(1, 2)]);
    const givenUp = (content: Content): Content => ({ ...content, kind: "dead-lettered", body: null, headers: null });
    const replay = (content: Content): Content => ({ ...content, kind: "late", detail: "replay" });
    await record("REPLAYED", givenUp(message(1)));
    await record("REPLAYED", givenUp(message(1, 2)));
    for (let time = 0; time < 2; time++) {
      await record("REPLAYED", replay(message(1)));
      await record("REPLAYED", replay(message(1, 2)));
    }
    assert.deepEqual(await kindsOf("REPLAYED"), [
      ...["dead-lettered 1", "dead-lettered 1 of 2"],
      ...["late 1 of 2", "late 1 of 2"],
    ]);
    assert.deepEqual((await reportOf("REPLAYED")).problems, []);
  });

  it("writes and reads a few bytes at a time, where it has to catch up and where it is checked", async () => {
    const large = Array.from({ length: 20 }, (_, index) => ({
      ...message(index + 1),
      body: Buffer.alloc(1_048_576, index),
    }));
    const { trail, record } = recorderOf(database, large);
    const written: number[] = [];
    const append = trail.append.bind(trail);
    trail.append = (stream, head, additions) => {
      written.push(additions.reduce((sum, { content: { body } }) => sum + (body?.length ?? 0), 0));
      return append(stream, head, additions);
    };
    await record("LARGE", large[19]!);
    assert.equal((await reportOf("LARGE")).counts.message, 20);
    assert.ok(written.length >= 3 && Math.max(...written) <= 9 * 1_048_576, written.join());

    const read: number[] = [];
    const found = await checkTrail({
      ...database,
      async query(text, values) {
        const answer = await database.query(text, values);
        read.push(answer.rows.reduce((sum: number, { body }) => sum + ((body as Buffer | null)?.length ?? 0), 0));
        return answer as never;
      },
    });
    assert.equal(found.find(({ stream }) => stream === "LARGE")?.counts.message, 20);
    assert.ok(Math.max(...read) <= 5 * 1_048_576, read.join());
  });

  it("is checked to an end while a writer goes on", async () => {
    const { record } = recorderOf(database);
    await record("BUSY", message(1));
    let reads = 0;
    const found = await checkTrail({
      ...database,
      async query(text, values) {
        const answer = await database.query(text, values);
        if (values?.[0] === "BUSY" && text.includes("sized") && reads++ < 20) await record("BUSY", message(1 + reads));
        return answer as never;
      },
    });
    assert.deepEqual(found.find(({ stream }) => stream === "BUSY")?.problems, []);
    assert.equal(reads, 1);
  });

  it("has an entry for what the database refuses, which is given up; the others are recorded", async () => {
    await database.query(
      "alter table covenant.trail add constraint poison check (subject <> 'poison' or kind <> 'message')",
    );
    const poison = { ...message(2), subject: "poison" };
    const { record, givenUp } = recorderOf(database, [message(1), poison, message(3)]);
    await record("POISON", message(1), poison, message(3));
    assert.deepEqual(await kindsOf("POISON"), ["message 1", "dead-lettered 2", "message 3"]);
    assert.deepEqual(givenUp, [2]);
    await database.query("alter table covenant.trail drop constraint poison");
  });

  it("two writers at the same time make one chain", async () => {
    const held = Array.from({ length: 60 }, (_, index) => message(index + 1));
    const [first, second] = [recorderOf(database, held), recorderOf(database, held)];
    await Promise.all(held.map((each, index) => (index % 2 ? first : second).record("TWO", each)));
    const { counts, problems } = await reportOf("TWO");
    assert.deepEqual([counts.message, problems], [60, []]);
  });

  it("refuses a writer that does not know the end of the chain", async () => {
    const { trail, record } = recorderOf(database);
    const stale = await trail.head("STALE");
    await record("STALE", message(1));
    await assert.rejects(trail.append("STALE", stale, [{ content: message(1) }]), HeadMoved);
  });

  it("refuses changes of entries", async () => {
    for (const statement of [
      "update covenant.trail set body = null",
      "delete from covenant.trail",
      "truncate covenant.trail",
    ])
      await assert.rejects(database.query(statement), /covenant.trail is append-only: (UPDATE|DELETE|TRUNCATE)/);
  });

  const tampered: Record<string, { how: string[]; finds: RegExp }> = {
    "a changed body": {
      how: ["update covenant.trail set body = 'x' where stream = $1 and position = 3"],
      finds: /^entry 3 \(sequence 3\) does not match its hash: changed$/,
    },
    "a changed time of recording": {
      how: ["update covenant.trail set recorded_ms = recorded_ms + 1 where stream = $1 and position = 3"],
      finds: /^entry 3 \(sequence 3\) does not match its hash: changed$/,
    },
    "a removed entry": {
      how: ["delete from covenant.trail where stream = $1 and position = 3"],
      finds: /^entry 3 is missing: removed$/,
    },
    "removed entries at the beginning": {
      how: ["delete from covenant.trail where stream = $1 and position < 3"],
      finds: /^entries 1 to 2 are missing: removed$/,
    },
    "removed entries at the end": {
      how: ["delete from covenant.trail where stream = $1 and position > 3"],
      finds: /^entries 4 to 5 are missing at the end: removed$/,
    },
    "an inserted entry at the end": {
      how: [
        `insert into covenant.trail select stream, 6, generation, kind, 6, 6, stored_ns, subject, headers, body, detail,
           recorded_ms, hash, hash from covenant.trail where stream = $1 and position = 5`,
      ],
      finds: /^entry 6 is not the writer's: inserted$/,
    },
    "an entry that another one was put in place of": {
      how: [
        "update covenant.trail set position = 99 where stream = $1 and position = 3",
        "update covenant.trail set position = 3, sequence = 3, last_sequence = 3 where stream = $1 and position = 4",
        "update covenant.trail set position = 4, sequence = 4, last_sequence = 4 where stream = $1 and position = 99",
      ],
      finds: /^entry 3 \(sequence 3\) does not match its hash: changed$/,
    },
  };
  for (const [what, { how, finds }] of Object.entries(tampered))
    it(`shows ${what}`, async () => {
      const stream = what.toUpperCase().replaceAll(" ", "_");
      const { record } = recorderOf(database);
      await record(stream, ...[1, 2, 3, 4, 5].map((sequence) => message(sequence)));
      assert.deepEqual((await reportOf(stream)).problems, []);
      await database.query("alter table covenant.trail disable trigger trail_is_append_only");
      if (how.length > 1) await database.query("drop index covenant.trail_by_sequence");
      for (const statement of how) await database.query(statement, statement.includes("$1") ? [stream] : []);
      await database.query("alter table covenant.trail enable trigger trail_is_append_only");
      const { problems } = await reportOf(stream);
      assert.ok(
        problems.some((problem) => finds.test(problem)),
        JSON.stringify(problems),
      );
    });

  it("shows by an anchor a chain that was written again as a whole, or that lost its end with its head", async () => {
    const { record } = recorderOf(database);
    await record("ANCHOR", message(1), message(2));
    const { head: anchor } = await reportOf("ANCHOR");
    assert.deepEqual((await reportOf("ANCHOR", [anchor!])).problems, []);
    await database.query("alter table covenant.trail disable trigger trail_is_append_only");
    await database.query("delete from covenant.trail where stream = 'ANCHOR'");
    await database.query("delete from covenant.trail_heads where stream = 'ANCHOR'");
    await database.query("alter table covenant.trail enable trigger trail_is_append_only");
    assert.deepEqual((await reportOf("ANCHOR", [anchor!])).problems, ["entry 2 of the anchor is missing: removed"]);
    await record("ANCHOR", { ...message(1), body: Buffer.from("forged") }, message(2));
    assert.deepEqual((await reportOf("ANCHOR")).problems, []);
    assert.deepEqual((await reportOf("ANCHOR", [anchor!])).problems, [
      "entry 2 is not that of the anchor: the chain was written again",
    ]);
  });
}

describe("the audit trail of covenant", function () {
  this.timeout(serversMs);
  const open = (settings: DatabaseSettings) => openDatabase(settings, schema, () => undefined);

  describe("in PGlite", () => isTrail(() => open({ connections: 1 })));

  describe("in PostgreSQL", () => {
    let server: PostgresServer;
    before(async () => {
      server = await startPostgres();
    });
    after(() => server?.stop());
    describe("", () => isTrail(() => open({ url: server.url, connections: 4 })));

    it("is not found in a database of something else, where its check makes nothing", async () => {
      const elsewhere = await startPostgres();
      const other = openDatabase({ url: elsewhere.url, connections: 1 }, { name: "covenant" }, () => undefined);
      await assert.rejects(
        checkTrail(other),
        /^Error: the database has no table covenant.trail_heads: expected that of/,
      );
      const { rows } = await other.query("select 1 from pg_namespace where nspname = 'covenant'");
      assert.deepEqual(rows, []);
      await other.close();
      await elsewhere.stop();
    });

    it("keeps a second writer waiting while the first one writes", async () => {
      const database = open({ url: server.url, connections: 4 });
      const { trail, record } = recorderOf(database);
      await record("WAIT", message(1));
      const head = await trail.head("WAIT");
      let isAppended = false;
      let appended: Promise<unknown> | undefined;
      await database.transaction(async (query) => {
        await query("select 1 from covenant.trail_heads where stream = 'WAIT' for update");
        appended = trail.append("WAIT", head, [{ content: message(2) }]).then(() => (isAppended = true));
        const blocked = async () => {
          const { rows } = await database.query<{ waiting: string }>(
            "select count(*) as waiting from pg_stat_activity where wait_event_type = 'Lock'",
          );
          return rows[0]!.waiting === "1";
        };
        while (!(await blocked())) assert.equal(isAppended, false);
        assert.equal(isAppended, false);
      });
      await appended;
      assert.equal((await trail.head("WAIT")).position, 2);
      await database.close();
    });
  });
});
