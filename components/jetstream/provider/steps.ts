import { fromWireOf, toWireOf } from "../fields/conversions";
import type { Field, Wire } from "../fields";
import { type Args, get } from "../wire";
import type { Info } from "./info";

/** Changes that take more than one request, as pure steps. */

/**
 * The configurations to send one after another, each when the one before has settled. The server does not move and scale at
 * once (error 10123): more replicas come before a move, so that it never runs on fewer, and fewer come after.
 */
export function stepsOf(found: Wire, wanted: Wire): Wire[] {
  const cluster = (config: Wire) => get(config, "placement.cluster");
  const [before, after] = [found.num_replicas as number, wanted.num_replicas as number];
  if (cluster(found) === cluster(wanted) || before === after || cluster(wanted) === undefined) return [wanted];
  const withPlacement = ({ placement }: Wire): Wire => ({ ...wanted, placement });
  return after > before ? [withPlacement(found), wanted] : [{ ...wanted, num_replicas: before }, wanted];
}

/** Whether a step leaves something that the servers do in their own time: copying to other servers. */
export const needsSettling = (found: Wire, wanted: Wire): boolean =>
  found.num_replicas !== wanted.num_replicas || JSON.stringify(found.placement ?? {}) !== JSON.stringify(wanted.placement ?? {});

/** What is still to come before every copy is where it belongs and current; empty when all is. */
export function unsettled({ config, cluster }: Info, wanted: Wire): string[] {
  const replicas = wanted.num_replicas as number;
  if (!cluster) return replicas > 1 ? [`this server is no part of a cluster, so there is one copy instead of ${replicas}`] : [];
  const home = get(wanted, "placement.cluster");
  const copies = cluster.replicas ?? [];
  return [
    ...(cluster.leader ? [] : ["no leader"]),
    ...(home !== undefined && cluster.name !== home ? [`still led from ${cluster.name}`] : []),
    ...(copies.length + 1 === replicas ? [] : [`${copies.length + 1} copies instead of ${replicas}`]),
    ...copies.filter(({ current, offline }) => !current || offline).map(({ name, lag = 0 }) => `${name} is ${lag} behind`),
    ...(config.num_replicas === replicas ? [] : [`${String(config.num_replicas)} replicas configured`]),
  ];
}

/**
 * The arguments to apply this time: limits that are lowered further than `lowerBy` allows come down by one step. The next run finds
 * the rest still to do, because the state holds what was applied.
 */
export function stepDown(fields: Field[], args: Args, found: Wire): Args {
  const steps = Object.entries((args.lowerBy as Args | undefined) ?? {}).flatMap(([arg, step]) => {
    const { kind, wire } = fields.find((field) => field.arg === arg)!;
    const [now, wanted] = [get(found, wire) as number, args[arg] === undefined ? Infinity : (toWireOf(kind, args[arg]) as number)];
    const next = now - (toWireOf(kind, step) as number);
    // No limit so far: there is nothing to step down from.
    return now > 0 && wanted < next ? [[arg, fromWireOf(kind, next)]] : [];
  });
  return { ...args, ...Object.fromEntries(steps) };
}
