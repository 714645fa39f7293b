/** Where a reader of a stream is, at one moment. */
export interface Position {
  /** Last sequence of the stream. */
  head: number;
  /** All up to this sequence is done. */
  floor: number;
  /** Messages that are not done. */
  waiting: number;
}

/** More moments are thinned out: of what waits for long, a coarser age is enough. */
const mostMoments = 240;

/**
 * How long the oldest message of a reader has waited, from its positions at different moments: servers tell how many
 * wait, not since when. It is right to the time between two moments, and counts from the first one, so what waited
 * before this process began looks younger than it is. Of a reader that wants some subjects only, a message that it has
 * passed over may count as its oldest until there is a moment at which nothing waits.
 */
export class Backlog {
  /** When the stream was first seen to have reached a sequence; both rise. */
  private moments: { at: number; head: number }[] = [];
  private emptyAt = -Infinity;

  /** @returns milliseconds at the moment `at`, which is not before the last one; 0 where none waits */
  age(at: number, { head, floor, waiting }: Position): number {
    const last = this.moments.at(-1)?.head ?? -1;
    // A stream that was deleted and made again begins with 1.
    if (head < last) this.moments = [];
    if (head !== last) this.moments.push({ at, head });
    if (waiting === 0) {
      this.emptyAt = at;
      this.moments = [{ at, head }];
      return 0;
    }
    const first = this.moments.findIndex((moment) => moment.head > floor);
    this.moments = first < 0 ? [] : this.moments.slice(first);
    if (this.moments.length > mostMoments) this.moments = this.moments.filter((_, index) => index % 2 === 0);
    return at - Math.max(this.moments[0]?.at ?? at, this.emptyAt);
  }
}
