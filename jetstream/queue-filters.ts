import { filtersOf } from "../config/assets/declared";
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
 * A message of a work queue belongs to one durable (errors 10099, 10100), so a filter can only be taken once another
 * durable has given it up. No message is lost meanwhile: the queue keeps it.
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

/** Why a durable cannot have its filters: durables of the work queue that do not give them up in the same run. */
export async function filterRefusals(kind: AssetKind, args: AssetArgs, account: Account): Promise<string[]> {
  const queue = queueOf(kind, args, account);
  if (!queue) return [];
  return keptFilters(args, await foundFilters(args, account), queue);
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
