import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { environmentDir } from "../../config/cache";

/**
 * Number of messages of proofs that each durable has not acknowledged: what an interrupted proof left. The next proof
 * receives them, and knows by their number that no waiting message is of another publisher. Kept in a file of the
 * environment; a missing or unreadable file counts as empty.
 */
export class Leftovers {
  private readonly file: string;
  private readonly counts: Record<string, number>;

  constructor(environment: string) {
    this.file = path.join(environmentDir(environment), "verify.json");
    this.counts = read(this.file);
  }

  /** @param durable `<account>/<stream>/<name>` */
  of(durable: string): number {
    return this.counts[durable] ?? 0;
  }

  add(durable: string, count: number): void {
    const left = Math.max(this.of(durable) + count, 0);
    if (left > 0) this.counts[durable] = left;
    else delete this.counts[durable];
  }

  /** At most this many can be left: the others have expired, or were never sent. */
  limit(durable: string, most: number): void {
    this.add(durable, Math.min(most - this.of(durable), 0));
  }

  save(): void {
    mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
    writeFileSync(this.file, `${JSON.stringify(this.counts)}\n`);
  }
}

function read(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, number>;
  } catch {
    return {};
  }
}
