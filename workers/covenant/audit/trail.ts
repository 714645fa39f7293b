import { type Database, DatabaseUnavailable, type Query } from "../../database/database";
import { type Content, emptyHead, type Entry, follow, type Head, type Kind } from "./entry";

/** What is appended; `generation` where it is not the head's. */
export interface Addition {
  content: Content;
  generation?: number;
}

/** The database refuses an entry for what it is: another attempt would be refused, too. */
export class EntryRefused extends Error {
  override readonly name = "EntryRefused";
}

/** The chain went on since its head was read: another writer was faster. */
export class HeadMoved extends Error {
  override readonly name = "HeadMoved";
}

interface HeadRow {
  position: string;
  generation: number;
  sequence: string;
  stored_ns: string;
  hash: Buffer;
}

const headOf = (row: HeadRow): Head => ({
  position: Number(row.position),
  generation: row.generation,
  sequence: Number(row.sequence),
  storedNs: BigInt(row.stored_ns),
  hash: row.hash,
});

/** The tables `covenant.trail` and `covenant.trail_heads`: one chain a stream. */
export class Trail {
  constructor(private readonly database: Pick<Database, "query" | "transaction">) {}

  async head(stream: string): Promise<Head> {
    return readHead(this.database.query, stream);
  }

  /** What is recorded of a sequence, `late` aside; undefined where nothing is. */
  async find(stream: string, generation: number, sequence: number): Promise<Recorded | undefined> {
    const { rows } = await this.database.query<{ kind: Kind; stored_ns: string | null; last_sequence: string }>(
      `select kind, stored_ns, last_sequence from covenant.trail
       where stream = $1 and generation = $2 and sequence <= $3 and kind <> 'late' order by sequence desc limit 1`,
      [stream, generation, sequence],
    );
    const [row] = rows;
    if (!row || Number(row.last_sequence) < sequence) return undefined;
    return { kind: row.kind, storedNs: row.stored_ns === null ? null : BigInt(row.stored_ns) };
  }

  /** @param storedMs when the message was stored, in milliseconds: of each generation one may have come late */
  async hasLate(stream: string, sequence: number, storedMs: bigint | null): Promise<boolean> {
    const { rows } = await this.database.query(
      `select 1 from covenant.trail
       where stream = $1 and sequence = $2 and kind = 'late' and stored_ns / 1000000 is not distinct from $3::bigint`,
      [stream, sequence, storedMs === null ? null : String(storedMs)],
    );
    return rows.length > 0;
  }

  /**
   * Appends to a chain, all or nothing. A second writer of the same stream waits for the first, and is refused then.
   *
   * @returns the head after it
   * @throws HeadMoved where the chain does not end at `head`
   * @throws EntryRefused, DatabaseUnavailable
   */
  async append(stream: string, head: Head, additions: readonly Addition[]): Promise<Head> {
    const recordedMs = Date.now();
    const entries: Entry[] = [];
    let last = head;
    for (const { content, generation } of additions) {
      const next = follow(last, stream, content, recordedMs, generation);
      entries.push(next.entry);
      last = next.head;
    }
    try {
      await this.database.transaction(async (query) => {
        await query(
          `insert into covenant.trail_heads (stream, position, generation, sequence, stored_ns, hash)
           values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
          [stream, ...valuesOf(emptyHead)],
        );
        const found = await readHead(query, stream, "for update");
        if (!found.hash.equals(head.hash) || found.position !== head.position)
          throw new HeadMoved(`the trail of ${stream} is at position ${found.position}, not at ${head.position}`);
        await insert(query, entries);
        await query(
          `update covenant.trail_heads set position = $2, generation = $3, sequence = $4, stored_ns = $5, hash = $6
           where stream = $1`,
          [stream, ...valuesOf(last)],
        );
      });
    } catch (error) {
      throw isRefusal(error) ? new EntryRefused((error as Error).message, { cause: error }) : error;
    }
    return last;
  }
}

/** What is known of a sequence. */
export interface Recorded {
  kind: Kind;
  storedNs: bigint | null;
}

const valuesOf = ({ position, generation, sequence, storedNs, hash }: Head): unknown[] => [
  position,
  generation,
  sequence,
  String(storedNs),
  hash,
];

async function readHead(query: Query, stream: string, lock: "for update" | "" = ""): Promise<Head> {
  const { rows } = await query<HeadRow>(
    `select position, generation, sequence, stored_ns, hash from covenant.trail_heads where stream = $1 ${lock}`,
    [stream],
  );
  return rows[0] ? headOf(rows[0]) : emptyHead;
}

async function insert(query: Query, entries: readonly Entry[]): Promise<void> {
  const column = <K extends keyof Entry>(name: K) => entries.map((entry) => entry[name]);
  const text = (values: readonly (bigint | null)[]) => values.map((value) => (value === null ? null : String(value)));
  await query(
    `insert into covenant.trail (
       stream, position, generation, kind, sequence, last_sequence, stored_ns, subject, headers, body, detail,
       recorded_ms, previous, hash
     )
     select * from unnest(
       $1::text[], $2::bigint[], $3::integer[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[],
       $9::text[], $10::bytea[], $11::text[], $12::bigint[], $13::bytea[], $14::bytea[]
     )`,
    [
      column("stream"),
      column("position"),
      column("generation"),
      column("kind"),
      column("sequence"),
      column("lastSequence"),
      text(column("storedNs")),
      column("subject"),
      column("headers"),
      column("body").map((body) => body && Buffer.from(body)),
      column("detail"),
      column("recordedMs"),
      column("previous"),
      column("hash"),
    ],
  );
}

/** Classes of SQLSTATE: wrong data (22), a constraint (23) but not of uniqueness, which another writer may cause. */
const isRefusal = (error: unknown): boolean =>
  !(error instanceof DatabaseUnavailable) &&
  error instanceof Error &&
  "code" in error &&
  /^2[23]/.test(String(error.code)) &&
  error.code !== "23505";
