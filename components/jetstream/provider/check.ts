import type * as dynamic from "@pulumi/pulumi/dynamic";
import { parse } from "../../../config/problems";
import { type Change, changesOf, firstVersionOf, isVersioned, levelsOf, reasonOf } from "../changes";
import { type Args, toWire } from "../wire";
import { type Cost, costsOf, excess } from "./costs";
import type { ServerFacts } from "./facts";
import type { AssetKind } from "./kinds";
import type { Account } from "./reconcile";

type Failure = dynamic.CheckFailure;

const replace = "replace";

/** What a check may ask of servers; both are undefined where none can be reached. */
export interface Servers {
  facts(): Promise<ServerFacts | undefined>;
  account(args: Args): Promise<Account | undefined>;
}

/** Whether the arguments alone are right: every mistake. */
export function mistakes(kind: AssetKind, args: Args): Failure[] {
  const { problems } = parse(kind.schema(args), args, kind.what);
  return problems.map(({ path, message }) => ({ property: path.slice(kind.what.length).replace(/^\./, "") || "name", reason: message }));
}

/** Why this change of what is deployed, or this new asset, cannot be or may not be: every reason. */
export async function refusals(kind: AssetKind, deployed: Args | undefined, args: Args, servers: Servers): Promise<Failure[]> {
  const another = kind.identity.filter((key) => deployed && deployed[key] !== args[key]);
  if (another.length) return another.map((property) => ({ property, reason: `is another ${kind.what}: give it its own entry, and take this one out when it is empty` }));
  const wanted = toWire(kind.fields, args);
  const changes = deployed ? await changesBy(kind, toWire(kind.fields, deployed), wanted, servers) : [];
  if (deployed && changes.length === 0) return [];
  const costs = deployed ? await costsOf(kind, deployed, args, () => servers.account(args)) : [];
  return [...(await levelFailures(kind, args, servers)), ...immutableFailures(changes, costs, args), ...lossFailures(costs, args)];
}

/** Changes that this stack's servers refuse in place: fields for which the asset is made anew, where that is allowed. */
export async function replaced(kind: AssetKind, deployed: Args, args: Args, servers: Servers): Promise<string[]> {
  if (!allows(args, replace)) return [];
  const changes = await changesBy(kind, toWire(kind.fields, deployed), toWire(kind.fields, args), servers);
  return changes.filter(({ refusal }) => refusal).map(({ field }) => field);
}

/** The servers' version is asked only where the answer depends on it. */
async function changesBy({ fields }: AssetKind, from: Args, to: Args, servers: Servers): Promise<Change[]> {
  const changes = changesOf(fields, from, to);
  return changes.some(isVersioned) ? changesOf(fields, from, to, (await servers.facts())?.version) : changes;
}

/** Making it anew instead costs what is in it: that too can be allowed. */
function immutableFailures(changes: Change[], costs: Cost[], args: Args): Failure[] {
  const cost = costs.find(({ change }) => change === replace);
  const reason = cost && excess(cost, args);
  if (allows(args, replace) && !reason) return [];
  return changes.flatMap(({ field, refusal }) => (refusal ? [{ property: field, reason: [reasonOf(refusal), ...(reason ? [`making it anew ${reason}`] : [])].join("; ") }] : []));
}

const lossFailures = (costs: Cost[], args: Args): Failure[] =>
  costs.flatMap((cost) => {
    const reason = cost.change === replace ? undefined : excess(cost, args);
    return reason ? [{ property: cost.change, reason }] : [];
  });

/** The level that the oldest supported server has. */
const alwaysThere = 2;

async function levelFailures(kind: AssetKind, args: Args, servers: Servers): Promise<Failure[]> {
  const needed = levelsOf(kind.fields, toWire(kind.fields, args)).filter(({ level }) => level > alwaysThere);
  const facts = needed.length ? await servers.facts() : undefined;
  return needed
    .filter(({ level }) => facts && facts.level < level)
    .map(({ field, level }) => ({
      property: field,
      reason: `needs API level ${level}, server ${firstVersionOf[level]} or later; the oldest server here is ${facts!.version} with level ${facts!.level}`,
    }));
}

export const allows = (args: Args, change: string): boolean =>
  ((args.allowDataLoss as { change: string }[] | undefined) ?? []).some((allowed) => allowed.change === change);
