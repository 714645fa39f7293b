/** An item that waits to be written, and who waits for it. */
interface Waiting<T> {
  item: T;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Writes items in groups, one group at a time: what is added while a group is being written is in the next one. Alone,
 * an item is written at once.
 */
export class Batches<T> {
  private readonly waiting: Waiting<T>[] = [];
  private isWriting = false;

  /**
   * @param write called with the items in the order in which they came
   * @param most items of one group
   */
  constructor(
    private readonly write: (items: readonly T[]) => Promise<void>,
    private readonly most: number,
  ) {}

  /**
   * Resolves when the item is written.
   *
   * @throws what `write` has thrown for it
   */
  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      void this.run();
    });
  }

  private async run(): Promise<void> {
    if (this.isWriting) return;
    this.isWriting = true;
    // What comes in the same turn is in the first group.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, this.most);
      try {
        await this.write(group.map(({ item }) => item));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.isWriting = false;
  }
}
