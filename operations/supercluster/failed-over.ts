import { assetsOf } from "../../config/assets/assets";
import { failoverSubject } from "../../config/assets/failover-subjects";
import { failoverKey } from "../../config/schema/failover";
import type { Answer } from "../../jetstream/system-requests";
import { type Accountz, mappingState } from "../failover/mappings";
import type { CheckedEnvironment } from "../settings/checked-environment";
import type { Snapshot } from "./snapshot";
import type { Problem } from "./status";

/** A stream that a mirror has replaced, as servers report it. */
export interface FailedOver {
  account: string;
  stream: string;
  /** The stream's own region, and that of the mirror. */
  from: string;
  to: string;
  /** Servers that map all its subjects to the mirror, and those that do not: there its messages go home, or nowhere. */
  mapped: string[];
  unmapped: string[];
}

/**
 * Streams that failed over: those that the settings say, and those whose mirror servers report to have taken their
 * subjects, since a failover may have come after the settings were read.
 * @param ask what each server says of an account; asked for accounts with such a stream only
 */
export async function failedOver(
  { environment, tenants, failovers }: Pick<CheckedEnvironment, "environment" | "tenants" | "failovers">,
  { streams }: Pick<Snapshot, "streams">,
  ask: (account: string) => Promise<Answer<Accountz>[]>,
): Promise<FailedOver[]> {
  const all = assetsOf(environment, tenants).streams;
  const found = all.flatMap((stream) => {
    const mirrors = all.filter(({ account, mirrorOf }) => account === stream.account && mirrorOf === stream.name);
    const declared = failovers[failoverKey(stream.account, stream.name)]?.to;
    const promoted = mirrors.find(({ account, name }) => {
      const subjects = (streams[account]?.[name]?.config.subjects ?? []) as string[];
      return subjects.some((subject) => subject.startsWith(failoverSubject(stream.name, "")));
    });
    const to = promoted?.region ?? declared;
    return to === undefined ? [] : [{ stream, to }];
  });
  const accounts = [...new Set(found.map(({ stream }) => stream.account))];
  const answers = Object.fromEntries(await Promise.all(accounts.map(async (name) => [name, await ask(name)] as const)));
  return found.map(({ stream, to }): FailedOver => {
    const { mapped, unmapped } = mappingState(answers[stream.account]!, stream);
    return {
      ...{ account: stream.account, stream: stream.name, from: stream.region, to },
      ...{ mapped: mapped.filter((name) => !unmapped.includes(name)), unmapped },
    };
  });
}

/** What is wrong with a stream that failed over for some servers only. Pure. */
export const mappingProblems = ({ account, stream, to, unmapped }: FailedOver): Problem[] =>
  unmapped.length === 0
    ? []
    : [
        {
          ...{ severity: "problem", what: `stream ${account}/${stream}`, account, stream },
          detail:
            `failed over to ${to}, but ${unmapped.join(", ")} ${unmapped.length === 1 ? "does" : "do"} not map its ` +
            "subjects: what is published there does not reach it",
          todo: "docs/runbooks/alerts/NATSFailoverMappingsDiffer.md",
        },
      ];
