/** Messages that must end, one at a time, before more than one is taken. */
const first = 5;

/**
 * One message at a time, until five have ended: at the start, and when there is a message that may end the process. So
 * it takes no other message with it.
 */
export class SlowStart {
  private left = first;

  get isOver(): boolean {
    return this.left === 0;
  }

  /** A message has ended, and the process has not. */
  ended(): void {
    if (this.left > 0) this.left--;
  }

  again(): void {
    this.left = first;
  }
}
