/** What was measured with one number of something: labels with their unit. Absent: it could not be measured. */
export type Sample = Record<string, number>;

/** A limit of something measured, in its unit. */
export interface Limit {
  measure: string;
  at: number;
  /** What it is a limit of. */
  why: string;
}

/** What grows, and what grows with it. */
export interface Part {
  /** What there is a number of, in the plural. */
  of: string;
  /** What it runs on, and what one of them is. */
  what: string;
  /** Numbers that are measured where none are given, ascending. */
  sizes: readonly number[];
  limits?: readonly Limit[];
  /** Starts what it needs; returns what brings it to a number, at least the last one, and measures it there. */
  start(bench: Bench): Promise<(count: number) => Promise<Sample>>;
}

/** What a part is run with. */
export interface Bench {
  /** For which processor time is counted, after as many for what was changed to come to rest. */
  seconds: number;
  closing: Closing;
  log(line: string): void;
}

/** What has to be stopped, however a run ends; the last first. */
export class Closing {
  private readonly stops: (() => Promise<unknown>)[] = [];

  add(stop: () => Promise<unknown>): void {
    this.stops.push(stop);
  }

  async close(): Promise<void> {
    for (let stop = this.stops.pop(); stop; stop = this.stops.pop())
      await stop().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
  }
}
