import type { ConsumerAsset, StreamAsset } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
import { copiedTenant } from "../../config/assets/copies";
import { serversOf } from "../../config/topology";
import { warningsOf } from "../../config/rules/warnings";
import { serversIn, serversInAll } from "../../config/sizes";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { consumerFields, streamFields } from "../../jetstream/fields";
import { beingLowered } from "../../jetstream/steps";
import type { Field, Wire } from "../../jetstream/fields/field";
import { type Args, type Difference, differences } from "../../jetstream/wire";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { plural } from "../../config/plural";
import { type Explanation, lossOfGateway, lossOfRegion, lossOfServer } from "./explanations";
import type { Snapshot } from "../supercluster/snapshot";
import { currentPeers, currentReplicas, undeclaredStreams } from "../supercluster/status";
import type { Healthz, RaftGroup, StreamDetail } from "../../jetstream/monitoring";

/** One named check. */
export interface Check {
  name: string;
  /** `skipped`: not done, `detail` says why. `warning`: a risk that the settings take on purpose. */
  result: "ok" | "failed" | "skipped" | "warning";
  detail: string;
  /** What to do about it: a page of docs/runbooks. */
  see?: string;
  /**
   * Of a failed check: what would explain it, one of each list; see `Cause`. Absent: at least a part of it has no other
   * cause.
   */
  because?: Explanation[];
}

type Specification = Pick<CheckedEnvironment, "environment" | "tenants"> &
  Partial<Pick<CheckedEnvironment, "failovers">>;

/** What is risky in an environment as specified, and how a snapshot of its servers compares with it. Pure. */
export const checksOf = (specified: Specification, snapshot: Snapshot): Check[] => [
  ...warningsOf(specified).map((detail): Check => ({ name: "settings", result: "warning", detail })),
  ...snapshotChecks(specified, snapshot),
];

/** Compares an environment as specified with a snapshot of its servers. Pure. */
export const snapshotChecks = (specified: Specification, snapshot: Snapshot): Check[] => [
  ...serverChecks(specified, snapshot),
  ...gatewayChecks(specified, snapshot),
  metaCheck(specified, snapshot),
  ...assetChecks(specified, snapshot),
  ...undeclaredChecks(specified, snapshot),
];

/** Something that is wrong, with what would explain it; where nothing would, its text alone. */
interface Explained {
  text: string;
  because: Explanation[];
}

const by = (text: string, because: Explanation[]): string | Explained =>
  because.length > 0 ? { text, because } : text;

/** A check that passes when there are no problems; otherwise they are its detail. */
function check(name: string, problems: (string | Explained)[], detail: string, see?: string): Check {
  if (problems.length === 0) return { name, result: "ok", detail };
  const explained = problems.flatMap((problem) => (typeof problem === "string" ? [] : [problem]));
  return {
    ...{ name, result: "failed" },
    detail: problems.map((problem) => (typeof problem === "string" ? problem : problem.text)).join("; "),
    ...(see !== undefined && { see }),
    ...(explained.length === problems.length && { because: explained.flatMap(({ because }) => because) }),
  };
}

/** A server that waits for others of its groups, which a server of its region that is lost explains, or is not well. */
function unhealthy(
  environment: Specification["environment"],
  { name, region }: { name: string; region: string },
  health: Healthz | undefined,
): string | Explained {
  const errors = health?.errors?.map(({ error }) => error) ?? [health?.error ?? "no answer"];
  const isWaiting = errors.every((error) => /^JetStream (stream|consumer) .* is not current/.test(error));
  const others = serversOf(environment, region).filter((server) => server.name !== name);
  const because = isWaiting ? [others.map((server) => lossOfServer(server.name))] : [];
  return by(`${name}: ${health?.error ?? errors.join(", ")}`, because);
}

function serverChecks({ environment }: Specification, { servers }: Snapshot): Check[] {
  const expected = environment.regions.flatMap((region) =>
    serversOf(environment, region).map(({ name }) => ({ name, region })),
  );
  const present = expected.filter(({ name }) => servers[name]);
  const versions = [...new Set(present.map(({ name }) => servers[name]!.version))];
  const othersIn = (region: string) => serversIn(environment, region) - 1;
  const counts = [...new Set(environment.regions.map(othersIn))];
  return [
    check(
      "servers",
      expected
        .filter(({ name }) => !servers[name])
        .map(({ name }) => ({ text: `${name} does not answer`, because: [[lossOfServer(name)]] })),
      `${present.length} of ${expected.length} answer`,
      "alerts/NATSServerDown.md",
    ),
    check(
      "versions",
      versions.length > 1 ? [`servers run different versions: ${versions.join(", ")}`] : [],
      versions.join(),
      "upgrade-nats.md",
    ),
    check(
      "health",
      present.flatMap(({ name, region }) => {
        const health = servers[name]!.health;
        return health?.status === "ok" ? [] : [unhealthy(environment, { name, region }, health)];
      }),
      "every server and all that it holds",
      "alerts/NATSServerUnhealthy.md",
    ),
    check(
      "routes",
      present
        .filter(({ name, region }) => (servers[name]!.varz?.remotes ?? 0) !== othersIn(region))
        .map(({ name, region }) => ({
          text:
            `${name} has routes to ${plural(servers[name]!.varz?.remotes ?? 0, "server")} ` +
            `of its region, not ${othersIn(region)}`,
          because: [serversOf(environment, region).map((server) => lossOfServer(server.name))],
        })),
      counts.length === 1
        ? `every server to ${plural(counts[0]!, "other")} of its region`
        : "every server to the others of its region",
      "alerts/NATSRouteLost.md",
    ),
  ];
}

const gatewayLost = "alerts/NATSGatewayLost.md";

function gatewayChecks({ environment }: Specification, { servers }: Snapshot): Check[] {
  const { regions } = environment;
  if (regions.length === 1) return [];
  const statesOf = (region: string) =>
    serversOf(environment, region).flatMap(({ name }) => (servers[name] ? [{ name, ...servers[name] }] : []));
  const outbound = regions.flatMap((region) =>
    statesOf(region).flatMap(({ name, gateways }) =>
      regions
        .filter((other) => other !== region && !gateways?.outbound_gateways?.[other])
        .map((other) => ({
          text: `${name} has no connection to ${other}`,
          because: [[lossOfRegion(other), lossOfGateway(region, other)]],
        })),
    ),
  );
  // Each server of the other region connects to any one server here, so connections are counted by region.
  const inbound = regions.flatMap((region) =>
    regions
      .filter((other) => other !== region)
      .flatMap((other) => {
        const connections = statesOf(region).reduce(
          (sum, { gateways }) => sum + (gateways?.inbound_gateways?.[other]?.length ?? 0),
          0,
        );
        const expected = statesOf(other).length;
        const text = `${region} has ${connections} of ${expected} connections from ${other}`;
        // They were to a server that is lost, and are made again to another one, or from one that is late.
        const servers = [region, other]
          .flatMap((one) => serversOf(environment, one))
          .map(({ name }) => lossOfServer(name));
        return connections < expected ? [{ text, because: [[...servers, lossOfGateway(other, region)]] }] : [];
      }),
  );
  return [
    check("gateways out", outbound, `every server to ${plural(regions.length - 1, "other region")}`, gatewayLost),
    check("gateways in", inbound, "from every server of every other region", gatewayLost),
  ];
}

function metaCheck({ environment }: Specification, snapshot: Snapshot): Check {
  const { meta } = snapshot;
  const all = serversInAll(environment);
  if (!meta) {
    const lost = ["no leader: no stream or consumer can be created or changed"];
    return check("meta group", lost, "", "alerts/NATSMetaLeaderMissing.md");
  }
  return check(
    "meta group",
    [
      ...(meta.cluster_size === all
        ? []
        : [
            `has ${plural(meta.cluster_size, "peer")}, not ${all}` +
              (meta.cluster_size > all ? " (remove those of a deleted region: npm run remove-peers)" : ""),
          ]),
      ...behind(meta).map((peer) => ({ text: `${peer} is not current`, because: [[lossOfServer(peer)]] })),
      ...(currentPeers(snapshot) < all && behind(meta).length === 0
        ? [`only ${currentPeers(snapshot)} of ${all} peers are known to be current`]
        : []),
    ],
    `leader ${meta.leader}, ${all} of ${all} peers current`,
    "alerts/NATSMetaGroupSizeWrong.md",
  );
}

const behind = ({ replicas = [] }: RaftGroup): string[] =>
  replicas.filter(({ current, offline }) => !current || offline).map(({ name }) => name);

/** One line for each account and kind when all are as specified; otherwise a line for each that is not. */
function assetChecks({ environment, tenants, failovers }: Specification, snapshot: Snapshot): Check[] {
  const { streams, consumers } = assetsOf(environment, tenants, failovers);
  return Object.keys(tenants).flatMap((account) => {
    const detail = (stream: string) => snapshot.streams[account]?.[stream];
    const own = streams.filter((stream) => stream.account === account);
    const byName = new Map(own.map((stream) => [stream.name, stream]));
    /** Why a stream has no leader: so few servers of its region are left that they can have no majority of it. */
    const unled = (stream: string): Explanation[] => {
      const { region, spec } = byName.get(stream)!;
      const lost = serversOf(environment, region).filter(({ name }) => !snapshot.servers[name]);
      return 2 * lost.length > spec.replicas ? [lost.map(({ name }) => lossOfServer(name))] : [];
    };
    /** Why a mirror does not copy. */
    const uncopied = (asset: StreamAsset): Explanation[] => {
      const copied = originsOf(asset).map((origin) => streams.find((one) => isSame(one, origin))?.region);
      const [home, ...others] = [...new Set(copied)];
      // What collects from several regions can have several causes.
      return home === undefined || others.length > 0 ? [] : [[lossOfRegion(home), lossOfGateway(asset.region, home)]];
    };
    const explained: Explanations = { unled, uncopied };
    const [mirrors, origins] = [own.filter(isMirror), own.filter((asset) => !isMirror(asset))];
    const durables = consumers.filter((consumer) => consumer.account === account);
    return [
      ...folded(
        `streams ${account}`,
        origins.map((stream) => streamCheck(stream, detail(stream.name), explained)),
        plural(origins.length, "stream"),
      ),
      ...folded(
        `mirrors ${account}`,
        mirrors.map((stream) => streamCheck(stream, detail(stream.name), explained)),
        plural(mirrors.length, "mirror"),
      ),
      ...folded(
        `consumers ${account}`,
        durables.map((durable) => consumerCheck(durable, detail(durable.stream), explained)),
        plural(durables.length, "durable"),
      ),
    ];
  });
}

/** What would explain what is wrong with a stream; asked only where something is. */
interface Explanations {
  unled: (stream: string) => Explanation[];
  uncopied: (asset: StreamAsset) => Explanation[];
}

function folded(name: string, checks: Check[], counted: string): Check[] {
  const notable = checks.filter(({ result }) => result !== "ok");
  if (notable.length > 0 || checks.length === 0) return notable;
  return [
    {
      name,
      result: "ok",
      detail: `${counted} as specified, every replica current${name.startsWith("mirrors") ? ", lag 0" : ""}`,
    },
  ];
}

/**
 * Whether a mirror has heard nothing of its origin since its leader began. Its lag is reported as 0 then; servers ask
 * for what it copies again after 30 s, where the first request was lost.
 */
const isUnconnected = (asset: StreamAsset, detail: StreamDetail | undefined): boolean =>
  originsOf(asset).length > 0 && copiedBy(asset, detail).some(({ active }) => (active ?? 0) < 0);

/** Streams that a stream copies as servers were told to: its own account's as a mirror, those of others in any way. */
const originsOf = ({ account, mirrorOf, copies = [] }: StreamAsset): Named[] => [
  ...(mirrorOf === undefined ? [] : [{ account, name: mirrorOf }]),
  ...copies,
];
type Named = Pick<StreamAsset, "account" | "name">;
const isSame = (one: Named, other: Named): boolean => one.account === other.account && one.name === other.name;
const isMirror = ({ mirrorOf, spec }: StreamAsset): boolean => mirrorOf !== undefined || spec.mirror !== undefined;

/** What servers report of these. */
const copiedBy = ({ mirrorOf, copies }: StreamAsset, detail: StreamDetail | undefined) => [
  ...(detail?.mirror && (mirrorOf !== undefined || copies) ? [detail.mirror] : []),
  ...(detail?.sources ?? []).filter(({ external }) => copiedTenant({ external }) !== undefined),
];

/** Whether a mirror that is declared is not connected. */
export const hasUnconnectedMirror = ({ environment, tenants, failovers }: Specification, snapshot: Snapshot): boolean =>
  assetsOf(environment, tenants, failovers).streams.some((asset) =>
    isUnconnected(asset, snapshot.streams[asset.account]?.[asset.name]),
  );

function streamCheck(asset: StreamAsset, detail: StreamDetail | undefined, { unled, uncopied }: Explanations): Check {
  const name = `${isMirror(asset) ? "mirror" : "stream"} ${asset.account}/${asset.name}`;
  if (!detail)
    return check(name, [by("does not exist, or has no leader", unled(asset.name))], "", "alerts/NATSStreamMissing.md");
  const lag = copiedBy(asset, detail).reduce((sum, origin) => sum + origin.lag, 0);
  const copied = originsOf(asset)
    .map((origin) => (origin.account === asset.account ? origin.name : `${origin.account}/${origin.name}`))
    .join(", ");
  const { lowered, differences: unlikeThese } = comparison(asset, detail.config, streamFields, streamArgs);
  const made = check(
    name,
    [
      ...unlikeThese.filter(({ field }) => !lowered.includes(field)).map(differenceText),
      ...replicaProblems(currentReplicas(detail), asset.spec.replicas, detail.cluster),
      ...[detail.mirror, ...(detail.sources ?? [])].flatMap((origin) =>
        origin?.error ? [by(`cannot copy ${origin.name}: ${origin.error.description}`, uncopied(asset))] : [],
      ),
      ...(lag > 0 ? [by(`is ${plural(lag, "message")} behind ${copied}`, uncopied(asset))] : []),
      ...(isUnconnected(asset, detail)
        ? [by(`is not connected to ${copied}, so what servers report of its lag says nothing`, uncopied(asset))]
        : []),
    ],
    "",
    lag > 0 || isUnconnected(asset, detail) ? "alerts/NATSMirrorLagHigh.md" : undefined,
  );
  if (made.result === "failed" || lowered.length === 0) return made;
  const steps = unlikeThese.map((difference) => `${differenceText(difference)}, and lowered in steps, one per up`);
  return { name, result: "warning", detail: steps.join("; ") };
}

/** A warning: what was retained, or created by hand, belongs to no stack and takes room of its account. */
const undeclaredChecks = ({ environment, tenants, failovers }: Specification, snapshot: Snapshot): Check[] =>
  undeclaredStreams(assetsOf(environment, tenants, failovers).streams, snapshot).map(
    ({ account, name, messages }): Check => ({
      name: `stream ${account}/${name}`,
      result: "warning",
      detail: `is not declared; it holds ${plural(messages, "message")}, and the limits of its account cover it`,
    }),
  );

function consumerCheck(asset: ConsumerAsset, stream: StreamDetail | undefined, { unled }: Explanations): Check {
  const name = `consumer ${asset.account}/${asset.stream}/${asset.name}`;
  const detail = stream?.consumer_detail?.find((consumer) => consumer.name === asset.name);
  if (!detail)
    return check(
      name,
      [
        by(
          stream ? "does not exist, or has no leader" : "its stream does not exist, or has no leader",
          unled(asset.stream),
        ),
      ],
      "",
      "alerts/NATSConsumerMissing.md",
    );
  return check(
    name,
    [
      ...comparison(asset, detail.config, consumerFields, consumerArgs).differences.map(differenceText),
      ...behindProblems(detail.cluster),
    ],
    "",
  );
}

interface Comparison {
  /** The configuration that was compared, as JSON. */
  with: string;
  differences: Difference[];
  /** Fields that are lowered in steps, and are not there yet. */
  lowered: string[];
}

/** The last of each asset: from one look to the next hardly any configuration changes. */
const comparisons = new WeakMap<Asset, Comparison>();
type Asset = StreamAsset | ConsumerAsset;

/** How the configuration that servers have differs from an asset as declared. */
function comparison<A extends Asset>(asset: A, config: Wire, fields: Field[], argsOf: (asset: A) => Args): Comparison {
  const text = JSON.stringify(config);
  const known = comparisons.get(asset);
  if (known?.with === text) return known;
  const args = argsOf(asset);
  const made: Comparison = {
    with: text,
    differences: differences(fields, args, config),
    lowered: beingLowered(fields, args, config),
  };
  comparisons.set(asset, made);
  return made;
}

const differenceText = ({ field, expected, found }: Difference): string =>
  `${field} is ${text(found)}, specified as ${text(expected)}`;

const text = (value: unknown): string => (value === undefined ? "not set" : JSON.stringify(value));

function replicaProblems(current: number, wanted: number, group: RaftGroup | undefined): (string | Explained)[] {
  if (current === wanted) return [];
  const stragglers = behind(group ?? {});
  const text = `${current} of ${wanted} replicas are current`;
  if (stragglers.length === 0) return [text];
  const because = stragglers.map((server) => [lossOfServer(server)]);
  return [{ text: `${text} (not ${stragglers.join(", ")})`, because }];
}

const behindProblems = (group: RaftGroup | undefined): Explained[] =>
  behind(group ?? {}).map((server) => ({
    text: `its replica on ${server} is not current`,
    because: [[lossOfServer(server)]],
  }));
