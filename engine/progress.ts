import { progressColours as colour, seconds } from "./terminal";

const heartbeatMs = 15_000;

/** A job whose progress is printed. */
export interface Job {
  name: string;
  started: number;
  /** Its progress, e.g. `4 resources`. */
  at: string;
}

/** Prints the progress of running jobs: on a terminal a line each, kept current; elsewhere a line each every 15 s. */
export class Progress {
  private readonly jobs = new Set<Job>();
  private shown = 0;
  private timer?: NodeJS.Timeout;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  start(name: string): Job {
    const job = { name, started: Date.now(), at: "" };
    this.jobs.add(job);
    this.timer ??= setInterval(() => this.tick(), this.stream.isTTY ? 200 : heartbeatMs);
    this.timer.unref();
    return job;
  }

  /** Ends a job and prints its result. */
  finish(job: Job, line: string): void {
    this.jobs.delete(job);
    this.line(line);
    if (this.jobs.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Prints a line above those that are kept current. */
  line(text: string): void {
    this.clear();
    this.stream.write(`${text}\n`);
    if (this.stream.isTTY) this.draw();
  }

  private tick(): void {
    this.clear();
    this.draw();
  }

  private draw(): void {
    for (const { name, started, at } of this.jobs) {
      const text = `  ${name.padEnd(20)} ${seconds(Date.now() - started).padStart(7)}  ${at}`;
      this.stream.write(`${colour.dim(text.slice(0, (this.stream.columns ?? 100) - 1))}\n`);
    }
    this.shown = this.stream.isTTY ? this.jobs.size : 0;
  }

  private clear(): void {
    if (this.shown > 0) this.stream.write(`\x1b[${this.shown}A\x1b[J`);
    this.shown = 0;
  }
}
