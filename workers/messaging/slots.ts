/** A number of slots; who finds none free waits, first come, first served. */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  private taken = 0;

  constructor(private readonly count: number) {}

  /** Resolves when a slot is free, and takes it. */
  async take(): Promise<void> {
    // `release` hands its slot over, so that none that comes later takes it first.
    if (this.taken < this.count) this.taken++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  release(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.taken--;
  }
}
