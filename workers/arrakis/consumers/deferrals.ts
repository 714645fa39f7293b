import type { Logger } from "../../messaging";
import { memoryState } from "../state/memory";
import type { State } from "../state/state";

/** How far an interaction is. `asked`: Discord was asked to defer it, and what it answered is not known. */
export type Progress = "asked" | "deferred" | "answered";

/** For how long Discord takes answers, in milliseconds. */
export const answerMs = 15 * 60_000;

/**
 * How far interactions are, so that one that is delivered again is neither dropped nor answered twice. This process
 * knows its own, and Redis those of others. No command waits for Redis within the 3 s that Discord allows: Discord
 * itself knows whether an interaction was acknowledged.
 */
export class Deferrals {
  private readonly own = memoryState();
  private isReported = false;

  constructor(
    private readonly shared: Pick<State, "get" | "set">,
    private readonly log: Logger,
  ) {}

  /** @param askShared whether other processes may know more of it */
  async of(id: string, askShared: boolean): Promise<Progress | undefined> {
    const own = await this.own.get(id);
    const known = own ?? (askShared ? await this.attempt(() => this.shared.get(key(id))) : undefined);
    return known === "asked" || known === "deferred" || known === "answered" ? known : undefined;
  }

  /** Remembers it here at once; the shared state gets it meanwhile, if it answers. */
  note(id: string, progress: Progress): void {
    void this.own.set(id, progress, answerMs);
    if (progress !== "asked") void this.attempt(() => this.shared.set(key(id), progress, answerMs));
  }

  /** Forgets `asked`: Discord has not got it. */
  forget(id: string): void {
    void this.own.set(id, "", 0);
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
