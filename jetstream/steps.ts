import { isDeepStrictEqual } from "node:util";
import { fromWireOf, limit, toWireOf } from "./fields/conversions";
import type { Field, Wire } from "./fields";
import { type Args, get, isEqual, toWire } from "./wire";
import type { Info } from "./info";
import type { StreamConfig } from "./schemas";

/** Changes that take more than one request, as pure steps. */

/**
 * The configurations to send one after another, each when the one before has settled. The server does not move and
 * scale in one request, nor, from 2.15 on, move and change the retention (error 10123): more replicas come before a
 * move, so that it never has fewer, and fewer after it.
 */
export function stepsOf(found: Wire, wanted: Wire): Wire[] {
  const { num_replicas: replicas, retention, placement } = found;
  const moves = wanted.placement !== undefined && !isSamePlace(found, wanted);
  if (!moves || (wanted.num_replicas === replicas && wanted.retention === retention)) return [wanted];
  return wanted.num_replicas! > replicas!
    ? [{ ...wanted, placement }, wanted]
    : [{ ...wanted, num_replicas: replicas, retention }, wanted];
}

const isSamePlace = (left: Wire, right: Wire): boolean =>
  isDeepStrictEqual(left.placement ?? {}, right.placement ?? {});

/** Whether servers have to copy the stream to other servers after a step. */
export const needsSettling = (found: Wire, wanted: Wire): boolean =>
  found.num_replicas !== wanted.num_replicas || !isSamePlace(found, wanted);

/** What keeps every copy from being in its place; empty when all are, and on a server that is not part of a cluster. */
export function misplaced({ config, cluster }: Info): string[] {
  if (!cluster) return [];
  const replicas = config.num_replicas!;
  const home = config.placement?.cluster;
  const copies = 1 + (cluster.replicas?.length ?? 0);
  return [
    ...(cluster.leader ? [] : ["no leader"]),
    ...(home !== undefined && cluster.name !== home ? [`still led from ${cluster.name}`] : []),
    ...(copies === replicas ? [] : [`${copies} copies instead of ${replicas}`]),
    ...(cluster.desired ? [changing(cluster.desired.status)] : []),
  ];
}

/** What servers of 2.15 and later say of a change that is under way. */
const changing = ({ description, err }: { description?: string; err?: string } = {}): string =>
  ["servers are still changing it", description, err].filter(Boolean).join(": ");

/** What keeps every copy from being in its place and up to date. */
export const unsettled = (info: Info): string[] => [...misplaced(info), ...behind(info)];

/**
 * What an earlier run started and must finish before the next step. Copies on servers that are down are not waited for,
 * and a move that continues to another place need not finish.
 */
export const unfinished = (info: Info, wanted: Wire): string[] => [
  ...(isSamePlace(info.config, wanted) ? misplaced(info) : []),
  ...behind(info, ({ offline }) => !offline),
];

type Replica = NonNullable<NonNullable<Info["cluster"]>["replicas"]>[number];

const behind = ({ cluster }: Info, counts: (replica: Replica) => boolean = () => true): string[] =>
  (cluster?.replicas ?? [])
    .filter((replica) => (!replica.current || replica.offline) && counts(replica))
    .map(({ name, offline, lag = 0 }) => `${name} is ${offline ? "down" : `${lag} behind`}`);

/** Arguments of a stream or consumer; only streams have limits that are lowered in steps. */
type Stepped = Args & Pick<StreamConfig, "lowerBy">;

/**
 * The arguments to apply in this run: limits that are lowered further than `lowerBy` allows are lowered by one step.
 * The next run continues, because the state holds what was applied.
 */
export function stepDown<A extends Stepped>(fields: Field[], args: A, found: Wire): A {
  const steps = steppedFields(fields, args).flatMap(({ field: { arg, kind, wire }, step }) => {
    const [now, wanted] = [limit(get(found, wire)), limit(args[arg] && toWireOf(kind, args[arg]))];
    const next = now - limit(toWireOf(kind, step));
    // No limit yet: there is nothing to step down from.
    return now < Infinity && wanted < next ? [[arg, fromWireOf(kind, next)] as const] : [];
  });
  return { ...args, ...Object.fromEntries<unknown>(steps) };
}

/** Whether a limit that is lowered in steps has steps left after what was applied. */
export const hasStepsLeft = (fields: Field[], applied: Args, args: Stepped): boolean =>
  steppedFields(fields, args).some(
    ({ field }) => !isEqual(field, get(toWire(fields, applied), field.wire), get(toWire(fields, args), field.wire)),
  );

/** Arguments that are lowered in steps, and of which the server still has a higher value. */
export const beingLowered = (fields: Field[], args: Stepped, found: Wire): string[] => {
  const stepped = steppedFields(fields, args);
  if (stepped.length === 0) return [];
  const wanted = toWire(fields, args);
  return stepped
    .filter(({ field }) => Number(get(found, field.wire)) > Number(get(wanted, field.wire)))
    .map(({ field }) => field.arg);
};

/** Limits to lower in steps, with the step of each. */
function steppedFields(fields: Field[], { lowerBy = {} }: Stepped): { field: Field; step: unknown }[] {
  const steps = new Map(Object.entries(lowerBy));
  return fields.filter(({ arg }) => steps.has(arg)).map((field) => ({ field, step: steps.get(field.arg) }));
}
