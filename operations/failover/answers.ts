import { ApiError, NoAnswer } from "../../jetstream/errors";

const offline = [10118, 10119];

/** Milliseconds for an answer of what has not answered before: it may well be in a region that is lost. */
const lookMs = 2_500;
/** Of what has: servers that are up can be busy, above all while several streams change at once. */
export const patientMs = 20_000;

/** Which streams answer, so that one that is lost is waited for once, and one whose servers are busy is not lost. */
export class Answers {
  private readonly heard = new Set<string>();
  private readonly lost = new Set<string>();

  isLost(name: string): boolean {
    return this.lost.has(name);
  }

  /** For how many milliseconds an answer about a stream, or its durables, is worth waiting for. */
  patienceFor(name: string, firstMs = lookMs): number {
    return this.heard.has(name) ? patientMs : firstMs;
  }

  /**
   * @param ask asks for a stream, with a deadline in milliseconds
   * @param firstMs the deadline as long as the stream has not answered
   */
  async of<T>(name: string, ask: (deadlineMs: number) => Promise<T>, firstMs?: number): Promise<T | "unreachable"> {
    if (this.isLost(name)) return "unreachable";
    const answer = await orUnreachable(ask(this.patienceFor(name, firstMs)));
    (answer === "unreachable" ? this.lost : this.heard).add(name);
    return answer;
  }
}

export async function orUnreachable<T>(answer: Promise<T>): Promise<T | "unreachable"> {
  try {
    return await answer;
  } catch (error) {
    if (
      error instanceof NoAnswer ||
      (error instanceof ApiError && (offline.includes(error.errCode) || error.isTemporary))
    )
      return "unreachable";
    throw error;
  }
}
