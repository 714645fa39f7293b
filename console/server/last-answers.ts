import type { Answer } from "../../jetstream/system-requests";
import type { Answers } from "../../operations/supercluster/snapshot";

/** Looks in a row that a server may miss before what it said last no longer counts. */
const mostMissed = 2;

const kinds = ["varz", "gateways", "health", "jetstream"] as const;
type Kind = (typeof kinds)[number];

interface Kept {
  answer: Answer<unknown>;
  /** When it came, RFC 3339. */
  at: string;
  missed: number;
}

/**
 * The last answer of each server to each request, so that a healthy server that answers late once or twice does not
 * look lost: its last answer stands in, and it is said since when there is no newer one.
 */
export class LastAnswers {
  private readonly kept = new Map<string, Kept>();
  private silent: Record<string, string> = {};

  /**
   * Since when servers have not answered all that they were asked, RFC 3339: those that are late, and those that are
   * lost. Servers that never answered are not in it.
   */
  get silentSince(): Readonly<Record<string, string>> {
    return this.silent;
  }

  /**
   * These answers, and before them those that stand in for missing ones.
   * @throws {Error} where no server answered at all: that is the connection's end rather than theirs
   */
  completed(answers: Answers, at = new Date().toISOString()): Answers {
    if (kinds.every((kind) => answers[kind].length === 0)) throw new Error("no server answers");
    this.silent = {};
    const all = {
      varz: this.ofKind("varz", answers.varz, at),
      gateways: this.ofKind("gateways", answers.gateways, at),
      health: this.ofKind("health", answers.health, at),
      jetstream: this.ofKind("jetstream", answers.jetstream, at),
    };
    const late = Object.keys(this.silent);
    return late.length > 0 ? { ...all, late } : all;
  }

  private ofKind<T>(kind: Kind, answers: Answer<T>[], at: string): Answer<T>[] {
    for (const answer of answers) this.kept.set(`${kind} ${answer.server.name}`, { answer, at, missed: 0 });
    const answered = new Set(answers.map(({ server }) => server.name));
    const missing = [...this.kept].filter(
      ([key, { answer }]) => key.startsWith(`${kind} `) && !answered.has(answer.server.name),
    );
    for (const [, kept] of missing) {
      const { name } = kept.answer.server;
      kept.missed++;
      const earlier = this.silent[name];
      if (earlier === undefined || kept.at < earlier) this.silent[name] = kept.at;
    }
    const late = missing.filter(([, { missed }]) => missed <= mostMissed);
    return [...late.map(([, { answer }]) => answer as Answer<T>), ...answers];
  }
}
