import { plural } from "../../config/plural";
import { serversOf } from "../../config/topology";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { type Explanation, type Loss, lossOfGateway, lossOfRegion, lossOfServer } from "../verify/explanations";
import type { Snapshot } from "./snapshot";
import type { Problem } from "./status";

/** A problem, with what would explain it: one of each list. Absent: nothing else. */
export interface Explained {
  problem: Problem;
  because?: readonly Explanation[];
}

interface Cause {
  problem: Problem;
  losses: Loss[];
  /** It may be lost: only what follows from it would show that. */
  isLate?: boolean;
}

/**
 * One problem for each thing that is lost, a region, a server or the way between two regions, with what follows from
 * it; and what has another cause. What is broken comes first, causes before the rest. A server that is late is a
 * warning as soon as others miss it. Pure.
 */
export function byCause(
  { environment }: Pick<CheckedEnvironment, "environment">,
  snapshot: Pick<Snapshot, "servers" | "late">,
  found: readonly Explained[],
): Problem[] {
  const causes = [
    ...lostServers(environment, snapshot),
    ...lateServers(snapshot),
    ...cutGateways(environment, snapshot),
  ];
  const lost = new Map(causes.flatMap((cause) => cause.losses.map((loss) => [loss, cause] as const)));
  const causeOf = ({ because = [] }: Explained): Cause | undefined => {
    const explained = because.map((explanation) => explanation.find((loss) => lost.has(loss)));
    return explained.every((loss) => loss !== undefined) ? lost.get(explained[0]!) : undefined;
  };
  const follows = Map.groupBy(found, causeOf);
  const own = (follows.get(undefined) ?? []).map(({ problem }) => problem);
  return worstFirst([
    ...causes.flatMap((cause) => {
      const folded = worstFirst((follows.get(cause) ?? []).map(({ problem }) => problem));
      if (folded.length === 0) return cause.isLate ? [] : [cause.problem];
      return [{ ...cause.problem, follows: folded }];
    }),
    ...own,
  ]);
}

/** Problems before warnings, each in the order in which they stand. */
export const worstFirst = <Found extends Pick<Problem, "severity">>(problems: readonly Found[]): Found[] => [
  ...problems.filter(({ severity }) => severity === "problem"),
  ...problems.filter(({ severity }) => severity === "warning"),
];

const page = (alert: string): string => `docs/runbooks/alerts/${alert}.md`;

type Environment = CheckedEnvironment["environment"];

function lostServers(environment: Environment, { servers }: Pick<Snapshot, "servers">): Cause[] {
  return environment.regions.flatMap((region): Cause[] => {
    const names = serversOf(environment, region).map(({ name }) => name);
    const lost = names.filter((name) => !(name in servers));
    const losses = lost.map(lossOfServer);
    const common = { severity: "problem", what: `region ${region}` } as const;
    if (lost.length === 0) return [];
    if (lost.length === names.length)
      return [
        {
          losses: [...losses, lossOfRegion(region)],
          problem: {
            ...common,
            detail: names.length === 1 ? "is lost: its server does not answer" : noneAnswers(names.length),
            todo: page("NATSRegionLost"),
          },
        },
      ];
    if (2 * lost.length >= names.length)
      return [
        {
          losses,
          problem: {
            ...common,
            detail: `has no majority: ${lost.join(", ")} do not answer, so its streams take no messages`,
            todo: page("NATSClusterQuorumLost"),
          },
        },
      ];
    return lost.map((name) => ({
      losses: [lossOfServer(name)],
      problem: {
        ...{ severity: "problem", what: `server ${name}`, detail: "does not answer" },
        todo: page("NATSServerDown"),
      },
    }));
  });
}

/** Of those that answered shortly before. */
const lateServers = ({ servers, late = [] }: Pick<Snapshot, "servers" | "late">): Cause[] =>
  late
    .filter((name) => name in servers)
    .map((name) => ({
      ...{ losses: [lossOfServer(name)], isLate: true },
      problem: {
        ...{ severity: "warning", what: `server ${name}`, detail: "answers late, and other servers miss it" },
        todo: page("NATSServerDown"),
      },
    }));

const noneAnswers = (servers: number): string => `is lost: none of its ${plural(servers, "server")} answers`;

/** Between regions of which both have servers that answer. */
function cutGateways(environment: Environment, { servers }: Pick<Snapshot, "servers">): Cause[] {
  const answering = (region: string) => serversOf(environment, region).flatMap(({ name }) => servers[name] ?? []);
  const alive = environment.regions.filter((region) => answering(region).length > 0);
  const isCut = (from: string, to: string) =>
    answering(from).every(({ gateways }) => gateways !== undefined && !gateways.outbound_gateways?.[to]);
  return alive.flatMap((one, index) =>
    alive.slice(index + 1).flatMap((other): Cause[] => {
      const cut = [
        [one, other],
        [other, one],
      ].filter(([from, to]) => isCut(from!, to!));
      if (cut.length === 0) return [];
      const [from, to] = cut[0]!;
      return [
        {
          losses: [lossOfGateway(one, other), lossOfGateway(other, one)],
          problem: {
            ...{ severity: "problem", what: `gateway ${from} ${to}` },
            detail:
              cut.length === 2
                ? `${from} and ${to} are not connected`
                : `no server of ${from} has a connection to ${to}`,
            todo: page("NATSGatewayLost"),
          },
        },
      ];
    }),
  );
}

/** What problems are about, by the first word of it: those that are counted, and those that are only named. */
const counted: Record<string, string> = {
  ...{ stream: "stream", mirror: "mirror", consumer: "durable", durable: "durable", alert: "alert" },
};
const named = ["gateways", "workers"];

/** What these are about, by kind: `12 streams, 3 mirrors, 24 durables, gateways and meta group`. Pure. */
export function kindsOf(problems: readonly Problem[]): string {
  const kinds = Map.groupBy(problems, ({ what }) => {
    const [first = ""] = what.split(" ");
    return counted[first] ?? (named.includes(first) ? first : what);
  });
  const isCounted = (kind: string) => Object.values(counted).includes(kind);
  const words = [...kinds].map(([kind, { length }]) => (isCounted(kind) ? plural(length, kind) : kind));
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
