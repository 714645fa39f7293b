import type { Logger } from "../../messaging";
import { memoryState } from "../state/memory";
import type { State } from "../state/state";

/** How far an interaction is. */
type Progress = "deferred" | "answered";

/** For how long Discord takes answers, in milliseconds. */
export const answerMs = 15 * 60_000;

/**
 * How far interactions are, so that one that is delivered again is neither dropped nor answered twice. It is known to
 * this process and, as far as the shared state answers, to others: a command does not wait for Redis, since Discord
 * itself tells whether an interaction was acknowledged.
 */
export class Deferrals {
  private readonly own = memoryState();
  private isReported = false;

  constructor(
    private readonly shared: Pick<State, "get" | "set">,
    private readonly log: Logger,
  ) {}

  async of(id: string): Promise<Progress | undefined> {
    const known = (await this.own.get(id)) ?? (await this.attempt(() => this.shared.get(key(id))));
    return known === "deferred" || known === "answered" ? known : undefined;
  }

  async note(id: string, progress: Progress): Promise<void> {
    await this.own.set(id, progress, answerMs);
    await this.attempt(() => this.shared.set(key(id), progress, answerMs));
  }

  private async attempt<T>(use: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await use();
      this.isReported = false;
      return result;
    } catch (error) {
      if (!this.isReported) this.log.warn({ err: error }, "the state of interactions is not shared for now");
      this.isReported = true;
      return undefined;
    }
  }
}

const key = (id: string): string => `interaction:${id}`;
