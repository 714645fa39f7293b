import { InvalidInput, type Problem, unknownName } from "../../config/problems";
import { assertDuration, toMilliseconds } from "../../config/units";

/** What is published. */
export interface LoadPlan {
  /** Messages a second of each account. */
  rates: Record<string, number>;
  /** For how long. */
  seconds: number;
}

/** Options as they were written. */
export interface LoadRequest {
  /** Messages a second of all accounts together. */
  rate: string;
  /** As `60s`. */
  duration: string;
  /** Accounts and their shares, as `irisx=3,covenant` (1 where none is written). Default: all, in equal shares. */
  mix?: string;
}

/** More is not sample traffic: use `nats bench`. */
const mostRate = 10_000;

/**
 * What options ask for. Pure.
 *
 * @param known accounts that there is sample traffic for
 * @throws {InvalidInput} with every mistake
 */
export function loadPlan({ rate: rateText, duration, mix }: LoadRequest, known: readonly string[]): LoadPlan {
  const problems: Problem[] = [];
  const wrong = (path: string, message: string) => problems.push({ path, message });
  const rate = Number(rateText);
  if (!(rate > 0 && rate <= mostRate))
    wrong("--rate", `"${rateText}": expected messages a second, more than 0 and at most ${mostRate}`);
  try {
    assertDuration(duration);
  } catch (error) {
    wrong("--duration", (error as Error).message);
  }
  const shares = new Map<string, number>();
  for (const part of mix === undefined ? known : mix.split(",")) {
    const [account = "", share = "1", ...rest] = part.trim().split("=");
    if (!known.includes(account)) wrong("--mix", unknownName(account, "an account with sample traffic", known));
    else if (shares.has(account)) wrong("--mix", `${account} stands there twice`);
    else if (rest.length > 0 || !(Number(share) > 0))
      wrong("--mix", `"${part}": expected <account>=<share>, with a share above 0`);
    else shares.set(account, Number(share));
  }
  if (problems.length > 0) throw new InvalidInput(problems, "options");
  const sum = [...shares.values()].reduce((all, share) => all + share, 0);
  return {
    rates: Object.fromEntries([...shares].map(([account, share]) => [account, (rate * share) / sum])),
    seconds: toMilliseconds(duration) / 1_000,
  };
}
