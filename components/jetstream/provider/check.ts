import type * as dynamic from "@pulumi/pulumi/dynamic";
import { plural } from "../../../config/plural";
import { dependsOnServers, diagnosticLine, diagnostics } from "../../../config/diagnostics";
import { joinPath, parse } from "../../../config/problems";
import { fits } from "../../../config/server-tags";
import { outsideOfSupported } from "../../../config/versions";
import { type Change, changesOf, firstVersionOf, isVersioned, levelsOf, reasonOf } from "../../../jetstream/changes";
import type { Wire } from "../../../jetstream/fields";
import { differences, toWire } from "../../../jetstream/wire";
import type { AssetArgs } from "../../../jetstream/schemas";
import { read, withReadSlot } from "../../../jetstream/api";
import {
  allowance,
  costOfDeletion,
  costOfReplacement,
  deletion,
  excess,
  lossesOf,
  lossRules,
  replace,
} from "../../../jetstream/costs";
import { ApiError } from "../../../jetstream/errors";
import type { ServerFacts } from "../../../jetstream/facts";
import type { Info } from "../../../jetstream/info";
import { holdersOf, refusalsOf } from "../../../jetstream/contest";
import { type AssetKind, idOf } from "../../../jetstream/kinds";
import { gainedBy } from "../../../jetstream/moves";
import { claimOf, isOwn, refusalOf } from "../../../jetstream/ownership";
import type { Account } from "../../../jetstream/account";
import { newFilters, refusalsByOthers } from "../../../jetstream/other-durables";
import { isReset, resetLevel } from "../../../jetstream/reset-consumer";
import { stepDown } from "../../../jetstream/steps";

type Failure = dynamic.CheckFailure;

/** What a check may ask of servers; all are undefined where none can be reached. */
export interface Servers {
  facts(): Promise<ServerFacts | undefined>;
  account(args: AssetArgs): Promise<Account | undefined>;
  /** For what the write checks again: without waiting, and without a warning. */
  accountAtOnce(args: AssetArgs): Promise<Account | undefined>;
}

/** Mistakes in the arguments alone: all that the schema finds or, where it finds none, all that the rules find. */
export function mistakes(kind: AssetKind, args: Record<string, unknown>): Failure[] {
  const { value, problems } = parse(kind.schema(args), args, kind.what);
  const found =
    value === undefined
      ? problems
      : kind.findings(value).map(({ at, message }) => ({ path: joinPath(kind.what, ...at), message }));
  return found.map(({ path, message }) => ({
    property: path.slice(kind.what.length).replace(/^\./, "") || "name",
    reason: message,
  }));
}

/** Every reason why this change of what is deployed (or this new asset) is not possible or not allowed. */
export async function refusals(
  kind: AssetKind,
  deployed: AssetArgs | undefined,
  args: AssetArgs,
  servers: Servers,
): Promise<Failure[]> {
  if (args.absent) return deployed?.absent ? [] : deletionFailures(kind, args, servers);
  if (!deployed || deployed.absent)
    return [
      ...(await levelFailures(kind, args, undefined, servers)),
      ...(await heldFailures(kind, undefined, args, servers)),
      ...(await placementFailures(args, servers)),
      ...(args.adopt === undefined ? [] : await adoptionFailures(kind, args, servers)),
    ];
  const another = kind.identity.filter((key) => deployed[key] !== args[key]);
  if (another.length)
    return another.map((property) => ({
      property,
      reason: `names another ${kind.what}: give that its own entry, and take this one out when it is empty`,
    }));
  const changes = await changesBy(kind, toWire(kind.fields, deployed), args, servers);
  const refused = changes.filter(({ refusal }) => refusal);
  const levels = changes.length || isReset(args, deployed) ? await levelFailures(kind, args, deployed, servers) : [];
  const isPlaced = changes.some(({ field }) => placing.includes(field));
  return [
    ...levels,
    ...(await heldFailures(kind, deployed, args, servers)),
    ...(isPlaced ? await placementFailures(args, servers) : []),
    ...(refused.length
      ? await replacementFailures(kind, refused, args, servers)
      : await lossFailures(kind, deployed, args, servers)),
  ];
}

/**
 * Fields for which the asset is recreated: those that these servers do not change in place, if replacing is allowed.
 */
export async function replaced(
  kind: AssetKind,
  deployed: AssetArgs,
  args: AssetArgs,
  servers: Servers,
): Promise<string[]> {
  if (allowance(args, replace) === undefined) return [];
  return (await changesBy(kind, toWire(kind.fields, deployed), args, servers))
    .filter(({ refusal }) => refusal)
    .map(({ field }) => field);
}

/**
 * The servers' version is read only where the answer depends on it. If they do not answer, the write is refused then.
 */
async function changesBy({ fields }: AssetKind, from: Wire, args: AssetArgs, servers: Servers): Promise<Change[]> {
  const to = toWire(fields, args);
  const changes = changesOf(fields, from, to);
  if (!changes.some(isVersioned)) return changes;
  const facts = await servers.facts();
  return facts
    ? changesOf(fields, from, to, facts.version)
    : changes.map((change) => (isVersioned(change) ? { ...change, refusal: undefined } : change));
}

/**
 * What the server does not change in place can be recreated: that costs what is in it, which `allowDataLoss` allows.
 */
async function replacementFailures(
  kind: AssetKind,
  refused: Change[],
  args: AssetArgs,
  servers: Servers,
): Promise<Failure[]> {
  const allowed = allowance(args, replace);
  const cost = await counted(kind, args, servers, (info, account) => costOfReplacement(kind, info, args, account));
  const reason = cost && excess(cost, allowed);
  if (allowed !== undefined && !reason) return [];
  return refused.map(({ field, refusal }) => ({
    property: field,
    reason: [
      reasonOf(refusal!),
      ...(reason ? [`recreating it ${reason}`] : []),
      ...(refusal!.until ? [dependsOnServers] : []),
    ].join("; "),
  }));
}

/**
 * Environment variable of a preview (`npm run plan`) that counts the costs of deletions itself: the engine stops at the
 * first refusals, and a tenant that leaves may have many. The write counts in any case.
 */
export const planCounts = "SUPERCLUSTER_PLAN_COUNTS";

/** Deleting an `absent` asset costs what is in it. */
async function deletionFailures(kind: AssetKind, args: AssetArgs, servers: Servers): Promise<Failure[]> {
  if (process.env[planCounts]) return [];
  const cost = await counted(kind, args, servers, (info, account) => costOfDeletion(kind, info, args, account));
  const reason = cost && excess(cost, allowance(args, deletion));
  return reason ? [{ property: "absent", reason }] : [];
}

/** Servers are asked only where a change can cost messages, or where `lowerBy` continues from what they hold. */
async function lossFailures(
  kind: AssetKind,
  deployed: AssetArgs,
  args: AssetArgs,
  servers: Servers,
): Promise<Failure[]> {
  if (
    args.lowerBy === undefined &&
    lossRules(kind, toWire(kind.fields, deployed), toWire(kind.fields, args)).length === 0
  )
    return [];
  return (await counted(kind, args, servers, (info, account) => lossesAgainst(kind, info, args, account))) ?? [];
}

/**
 * Subjects that another stream keeps; filters of a work queue, or room, that other consumers keep. Logs which subjects
 * move.
 */
async function heldFailures(
  kind: AssetKind,
  deployed: AssetArgs | undefined,
  args: AssetArgs,
  servers: Servers,
): Promise<Failure[]> {
  const subjectsOf = (own: AssetArgs | undefined) => (own && toWire(kind.fields, own).subjects) ?? [];
  const gained =
    kind.what === "stream"
      ? gainedBy({ found: subjectsOf(deployed), wanted: subjectsOf(args) })
      : newFilters(args, deployed);
  const account = gained.length ? await servers.accountAtOnce(args) : undefined;
  if (!account?.moves) return [];
  return unlessUnread(kind, args, account, [], async () => {
    if (kind.what === "consumer") {
      const reasons = await refusalsByOthers(kind, args, account);
      return reasons.map((reason) => ({ property: "name", reason }));
    }
    const holders = await holdersOf(args.name, gained, account);
    const reasons = await refusalsOf(holders, account);
    if (reasons.length === 0)
      for (const { subject, stream } of holders)
        account.logProgress(
          diagnosticLine(diagnostics.subjectMoves, idOf(kind, args), `takes ${subject} from ${stream}`),
        );
    return reasons.map((reason) => ({ property: "subjects", reason }));
  });
}

/** Why an existing asset cannot be adopted. Logs what adopting it would change. */
async function adoptionFailures(kind: AssetKind, args: AssetArgs, servers: Servers): Promise<Failure[]> {
  const failures = await counted(kind, args, servers, async (info, account) => {
    const claim = claimOf(args, account);
    if (!isOwn(info.config, claim)) return [{ property: "adopt", reason: refusalOf(info.config, claim) }];
    const applied = stepDown(kind.fields, args, info.config);
    const text = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value));
    for (const { field, expected, found } of differences(kind.fields, applied, info.config))
      account.logProgress(
        diagnosticLine(
          diagnostics.adoptionChanges,
          idOf(kind, args),
          `${field} from ${text(found)} to ${text(expected)}`,
        ),
      );
    const refused = (await changesBy(kind, info.config, applied, servers)).flatMap(({ field, refusal }) =>
      refusal ? [{ property: field, reason: reasonOf(refusal) }] : [],
    );
    return refused.length ? refused : lossesAgainst(kind, info, args, account);
  });
  return failures ?? [];
}

/** Losses, by what exists now, that are more than allowed. */
async function lossesAgainst(kind: AssetKind, info: Info, args: AssetArgs, account: Account): Promise<Failure[]> {
  const costs = await lossesOf(
    kind,
    info,
    toWire(kind.fields, stepDown(kind.fields, args, info.config)),
    args,
    account,
  );
  return costs.flatMap((cost) => {
    const reason = excess(cost, allowance(args, cost.change));
    return reason ? [{ property: cost.change, reason }] : [];
  });
}

/** A preview does not wait for servers that are down. */
const planMs = 10_000;

/**
 * What `count` makes of the asset as it is now; undefined where it does not exist or cannot be read. The write counts
 * again, and fails where it cannot.
 */
async function counted<T>(
  kind: AssetKind,
  args: AssetArgs,
  servers: Servers,
  count: (info: Info, account: Account) => Promise<T>,
): Promise<T | undefined> {
  const account = await servers.account(args);
  if (!account) return undefined;
  return unlessUnread<T | undefined>(kind, args, account, undefined, async () =>
    count(await read<Info>(account.connection, kind.subject("INFO", args), undefined, planMs), account),
  );
}

/** What `look` returns, or `otherwise` where the asset does not exist or, with a warning, cannot be read. */
async function unlessUnread<T>(
  kind: AssetKind,
  args: AssetArgs,
  account: Account,
  otherwise: T,
  look: () => Promise<T>,
): Promise<T> {
  try {
    return await withReadSlot(look);
  } catch (error) {
    if (!(error instanceof ApiError && error.isNotFound))
      account.logProgress(diagnosticLine(diagnostics.costNotCounted, idOf(kind, args), (error as Error).message));
    return otherwise;
  }
}

/** Fields whose change makes servers choose where a stream is. */
const placing = ["region", "placementTags", "replicas"];

/**
 * Fewer servers with a stream's tags than it has replicas. Not judged by servers that have no tag of these names at
 * all: theirs may be deployed together with the stream.
 */
async function placementFailures({ region, placementTags, replicas }: AssetArgs, servers: Servers): Promise<Failure[]> {
  const wanted = (placementTags as string[] | undefined) ?? [];
  const facts = wanted.length ? await servers.facts() : undefined;
  const inRegion = facts?.servers.filter(({ cluster }) => cluster === region) ?? [];
  const nameOf = (tag: string) => tag.replace(/^!/, "").toLowerCase().split(":")[0]!;
  const given = new Set(inRegion.flatMap(({ tags }) => tags.map(nameOf)));
  if (!facts || !wanted.every((tag) => given.has(nameOf(tag)))) return [];
  const suitable = inRegion.filter(({ tags }) => fits(tags, wanted)).length;
  const needed = (replicas as number | undefined) ?? 1;
  return suitable < needed
    ? [
        {
          property: "placementTags",
          reason:
            `${wanted.join(", ")} fits ${suitable} of the ${plural(inRegion.length, "server")} of ${region} ` +
            `that answered, and ${needed} must have the tags (10005) ${dependsOnServers}`,
        },
      ]
    : [];
}

/** The level that the oldest supported server has. */
const alwaysThere = 2;

async function levelFailures(
  kind: AssetKind,
  args: AssetArgs,
  deployed: AssetArgs | undefined,
  servers: Servers,
): Promise<Failure[]> {
  const reset = isReset(args, deployed) ? [{ field: "resetTo", level: resetLevel }] : [];
  const levels = [...levelsOf(kind.fields, toWire(kind.fields, args)), ...reset];
  const version = levels.length ? (await servers.accountAtOnce(args))?.connection.info?.version : undefined;
  const floor = version && outsideOfSupported(version) === "older" ? 0 : alwaysThere;
  const needed = levels.filter(({ level }) => level > floor);
  const facts = needed.length ? await servers.facts() : undefined;
  return needed
    .filter(({ level }) => facts && facts.level < level)
    .map(({ field, level }) => ({
      property: field,
      reason:
        `needs API level ${level}, server ${firstVersionOf[level]} or later; ` +
        `the oldest server here is ${facts!.version} with level ${facts!.level} ${dependsOnServers}`,
    }));
}
