import { type Declared, filtersOf } from "../config/assets/declared";
import { pollUntil } from "../config/poll-until";
import type { Account } from "./account";
import { readPages } from "./api";
import { ApiError, Refused } from "./errors";
import type { Info } from "./info";
import { type AssetKind, idOf } from "./kinds";
import { circleOf, rivalsOf } from "./moves";
import { pollMs } from "./observe";
import type { AssetArgs } from "./schemas";
import { timeouts } from "./timeouts";

/**
 * What other consumers of its stream keep from a durable. A message of a work queue belongs to one durable (errors
 * 10099, 10100), so a filter can only be taken once another one has given it up; no message is lost meanwhile, as the
 * queue keeps it. And a stream with `maxConsumers` has no room for a new one before another is deleted (error 10026).
 */

/** Filters of a durable, from its arguments. */
const filtersBy = ({ filterSubject, filterSubjects }: AssetArgs): string[] =>
  filtersOf((filterSubjects as string[] | undefined) ?? (filterSubject === undefined ? [] : [filterSubject as string]));

/** Filters that a durable gets, as it is `deployed`; all of its own where it is new. */
export function newFilters(args: AssetArgs, deployed: AssetArgs | undefined): string[] {
  const before = deployed && !deployed.absent ? filtersBy(deployed) : [];
  return filtersBy(args).filter((filter) => !before.includes(filter));
}

/** The declared durables of the work queue that a durable reads; undefined where that is not a work queue. */
const queueOf = ({ what }: AssetKind, args: AssetArgs, { moves }: Account): Record<string, string[]> | undefined =>
  what === "consumer" ? moves?.declared.queues[args.stream!] : undefined;

/**
 * Waits until no other durable of the work queue takes what this one will.
 *
 * @throws `Refused` where another keeps it: one that is not declared, or did not change within `timeouts.deadlineMs`
 */
export async function waitForFilters(
  kind: AssetKind,
  args: AssetArgs,
  account: Account,
  last?: AssetArgs,
): Promise<void> {
  const queue = queueOf(kind, args, account);
  if (!queue || newFilters(args, last).length === 0) return;
  let reasons: string[] = [];
  const isFree = async () => {
    const found = await foundFilters(args, account);
    reasons = keptFilters(args, found, queue);
    if (reasons.length) return true;
    const rivals = rivalsOf(args.name, filtersBy(args), found);
    if (rivals.length === 0) return true;
    reasons = [`waited for ${rivals.join(", ")}, which did not give up its filters in this run`];
    return false;
  };
  if ((await pollUntil(isFree, timeouts.deadlineMs, pollMs)) && reasons.length === 0) return;
  throw new Refused(`durable ${idOf(kind, args)}: ${reasons.join("; ")}. Nothing was changed.`);
}

/**
 * Why a durable cannot be created or have its filters: other consumers of its stream keep them, or its room, until they
 * are deleted at the end of the run, if at all.
 */
export async function refusalsByOthers(kind: AssetKind, args: AssetArgs, account: Account): Promise<string[]> {
  const queue = queueOf(kind, args, account);
  const limit = account.moves?.declared.limited[args.stream!];
  if (!queue && !limit) return [];
  const found = await foundFilters(args, account);
  return [...(queue ? keptFilters(args, found, queue) : []), ...(limit ? missingRoom(args, found, limit) : [])];
}

function missingRoom(
  { stream, name }: AssetArgs,
  found: Record<string, string[]>,
  { maxConsumers, durables }: Declared["limited"][string],
): string[] {
  const others = Object.keys(found).filter((one) => !durables.includes(one));
  if (found[name] || others.length + durables.length <= maxConsumers) return [];
  return [
    `${stream} may have ${maxConsumers} consumers (error 10026), and ${others.join(", ")} count too: one that was ` +
      `taken out is deleted after this change. Take two releases: first take it out, then add ${name}; ` +
      "or raise maxConsumers",
  ];
}

/** @param found, queue filters by durable: of those that exist, of those that are declared */
function keptFilters(args: AssetArgs, found: Record<string, string[]>, queue: Record<string, string[]>): string[] {
  const circle = circleOf(args.name, found, queue);
  return [
    ...rivalsOf(args.name, filtersBy(args), found)
      .filter((rival) => !queue[rival])
      .map(
        (rival) =>
          `durable ${rival} already takes ${found[rival]!.join(", ")} from the work queue ${args.stream} ` +
          "(error 10100), and is not declared: one that was taken out is deleted after this change. Take two " +
          `releases: first take ${rival} out, then add this; the queue keeps its messages meanwhile`,
      ),
    ...(circle
      ? [
          `${circle.join(", ")} exchange filters of the work queue ${args.stream} in a circle, and one has to give ` +
            "up its own first (error 10100). Take two releases: first take these filters away from one of them",
        ]
      : []),
  ];
}

interface ConsumerPage {
  total?: number;
  offset?: number;
  limit?: number;
  consumers?: (Info & { name: string })[];
}

/** Filters by name, of every consumer of the stream; none where the stream does not exist. */
async function foundFilters({ stream }: AssetArgs, { connection }: Account): Promise<Record<string, string[]>> {
  const consumers = await readPages(
    connection,
    `CONSUMER.LIST.${stream}`,
    {},
    (page: ConsumerPage) => page.consumers ?? [],
  ).catch((error: unknown) => {
    if (error instanceof ApiError && error.isNotFound) return [];
    throw error;
  });
  return Object.fromEntries(
    consumers.map(({ name, config }) => [
      name,
      filtersOf(config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : [])),
    ]),
  );
}
