import { type ServerProblem, dataLossOf, problemsOfServer } from "../../config/server-problems";
import type { Environment } from "../../config/schema/settings";
import { serversIn } from "../../config/sizes";
import { byVersion, isAtLeast, noWayBack, outsideOfSupported, testedServers, upgradePath } from "../../config/versions";
import { levelOf } from "../../jetstream/changes";
import { consumerFields, streamFields } from "../../jetstream/fields";
import type { Wire } from "../../jetstream/fields/field";
import type { Snapshot } from "../supercluster/snapshot";
import { isServer, type VersionSetting, versionSettings, withVersion } from "./setting";

/** What an upgrade would do, step by step. */
export interface UpgradePlan {
  environment: string;
  to: string;
  /** Versions that run now, lowest first. */
  running: string[];
  /** Versions that all servers get, one after another; none: there is nothing to do. */
  steps: UpgradeStep[];
  /** Why it must not be done. */
  refusals: string[];
}

/** All servers get one version, region by region. */
export interface UpgradeStep {
  version: string;
  isBack: boolean;
  /** JetStream API level of the supercluster before the first and after the last server. */
  level: { before: number; after: number };
  settings: VersionSetting[];
  /** Servers that are restarted, by region in the order of the settings. */
  restarts: { region: string; servers: string[] }[];
  /** What can no longer be undone once the step is done. */
  final: string[];
  /** Known faults of the version. */
  problems: ServerProblem[];
}

type Running = Pick<Snapshot, "servers" | "streams">;

/**
 * Plans how the running servers of an environment get a version. Those that a former run left behind decide where it
 * begins, so the same request continues what was interrupted. Pure.
 */
export function planUpgrade(
  { name, environment }: { name: string; environment: Environment },
  snapshot: Running,
  to: string,
): UpgradePlan {
  const running = versionsIn(snapshot);
  const [lowest = to, highest = to] = [running[0], running.at(-1)];
  const isBack = byVersion(highest, to) > 0;
  const isLater = !isBack && byVersion(lowest, to) < 0;
  // Where all servers run it, settings may still name another one, or another chart.
  const path = isLater ? upgradePath(lowest, to) : isBack || versionSettings(environment, to).length ? [to] : [];
  let reached = environment;
  const steps = path.map((version, index): UpgradeStep => {
    const before = path[index - 1] ?? lowest;
    const settings = versionSettings(reached, version);
    reached = withVersion(reached, settings);
    const isAll = index > 0 || settings.some((setting) => !isServer(setting));
    return {
      version,
      isBack,
      level: { before: levelOf(before), after: levelOf(version) },
      settings,
      restarts: restartsOf(environment, snapshot, isAll ? undefined : version),
      final: isLater ? finalOf(before, version) : [],
      problems: problemsOfServer(version),
    };
  });
  return { environment: name, to, running, steps, refusals: refusalsOf(environment, snapshot, { to, path, isBack }) };
}

const versionsIn = ({ servers }: Pick<Snapshot, "servers">): string[] =>
  [...new Set(Object.values(servers).map(({ version }) => version))].sort(byVersion);

/** @param version servers that run it are left out; undefined: none is */
function restartsOf(environment: Environment, { servers }: Running, version?: string): UpgradeStep["restarts"] {
  return environment.regions.flatMap((region) => {
    const names = Object.entries(servers)
      .filter(([, server]) => server.region === region && (version === undefined || server.version !== version))
      .map(([name]) => name)
      .sort();
    return names.length ? [{ region, servers: names }] : [];
  });
}

/** Notes of releases that no field shows. */
const oneWay: readonly { from: string; what: string }[] = [
  { from: "2.15.0", what: "backups that servers of 2.15 take are not restored by older ones" },
];

function finalOf(from: string, to: string): string[] {
  const [before, after] = [levelOf(from), levelOf(to)];
  const fields = [...streamFields, ...consumerFields].flatMap(({ arg, level }) =>
    typeof level === "number" && level > before && level <= after ? [arg] : [],
  );
  const back = noWayBack(to, from);
  return [
    ...(back ? [`no way back to ${from}: ${back.reason}`] : []),
    ...(after > before && !back
      ? [
          `a stream or durable that uses what level ${after} brings keeps its data, but is stopped by servers of ` +
            `${from}: going back is refused while there is one`,
        ]
      : []),
    ...(fields.length ? [`fields that are accepted from then on: ${fields.sort().join(", ")}`] : []),
    ...oneWay.filter((note) => isAtLeast(to, note.from) && !isAtLeast(from, note.from)).map(({ what }) => what),
  ];
}

function refusalsOf(
  environment: Environment,
  snapshot: Running,
  { to, path, isBack }: { to: string; path: string[]; isBack: boolean },
): string[] {
  const servers = Object.values(snapshot.servers);
  const outside = outsideOfSupported(to);
  const isKnown = environment.target !== "local" || Object.values<string>(testedServers).includes(to);
  const missing = environment.regions.flatMap((region) => {
    const found = servers.filter((server) => server.region === region).length;
    const wanted = serversIn(environment, region);
    return found < wanted ? [`only ${found} of ${wanted} servers of ${region} answer: repair them first`] : [];
  });
  const back = versionsIn(snapshot).flatMap((from) => {
    const reason = noWayBack(from, to)?.reason;
    return reason === undefined ? [] : [`${from} cannot go back to ${to}: ${reason}`];
  });
  return [
    ...(outside
      ? [`${to} is ${outside} than what is supported (${testedServers.oldest} to the line of ${testedServers.newest})`]
      : []),
    ...(isKnown || outside
      ? []
      : [`${to} is not installed for local servers: use one of ${Object.values(testedServers).join(", ")}`]),
    ...path.flatMap((version) => {
      const loss = dataLossOf(version);
      return loss
        ? [`${version} is known to lose data: ${loss.what} (${loss.source}); use ${loss.before} or later`]
        : [];
    }),
    ...back,
    ...(isBack ? tooNew(snapshot, to) : []),
    ...missing,
  ];
}

/** Servers write here which API level a stream or consumer needs (server/jetstream_versioning.go). */
const requiredLevel = "_nats.req.level";

/** Streams and consumers that servers of a version would stop. */
function tooNew({ streams }: Running, to: string): string[] {
  const most = levelOf(to);
  const line = (what: string, config: Wire): string[] => {
    const level = Number(config.metadata?.[requiredLevel] ?? 0);
    return level > most
      ? [
          `${what} needs API level ${level}, and ${to} has ${most}: ` +
            "it would be stopped; take out its newer fields first",
        ]
      : [];
  };
  return Object.entries(streams).flatMap(([account, all]) =>
    Object.values(all).flatMap(({ name, config, consumer_detail = [] }) => [
      ...line(`stream ${account}/${name}`, config),
      ...consumer_detail.flatMap((one) => line(`consumer ${account}/${name}/${one.name}`, one.config)),
    ]),
  );
}
