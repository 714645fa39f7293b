import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { BadUsage, Failure } from "../../engine/failure";
import { onInterrupt } from "../../engine/interrupt";
import { withEnvironmentLock } from "../../engine/lock";
import { assetsOn, type HeldAsset, type Holdings, readHoldings } from "../../jetstream/holdings";
import type { ShrinkingRegion } from "../../jetstream/leaving-servers";
import { withTimeouts } from "../../jetstream/timeouts";
import { readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { shrinkingRegions } from "../supercluster/shrinking-regions";
import { connectToSystem } from "../supercluster/snapshot";
import { refusalsOf } from "./refusals";
import { pollMs, RegionDrain } from "./region-drain";

/** A region with what its leaving servers hold before they are drained. */
export interface RegionToDrain extends ShrinkingRegion {
  held: HeldAsset[];
}

export interface DrainRequest {
  region?: string;
  dryRun: boolean;
}

/** What a front end does while servers are drained. */
export interface DrainEvents {
  /** Shows what will be moved. Nothing has been changed yet. */
  show(regions: readonly RegionToDrain[]): void;
  /** Asks for approval, not in a dry run; throws to stop. */
  approve(regions: readonly RegionToDrain[]): Promise<void>;
  logProgress(line: string): void;
}

/** A server that did not answer, or a leader that is being elected, gets this long before it is refused. */
const readyMs = 20_000;

/**
 * Moves every stream and consumer off the servers that the settings no longer have, and removes these servers from the
 * meta group. They keep running, without JetStream, until the next deployment stops them. Publishers and readers
 * continue. Returns the regions: none if no region was deployed with more servers than the settings have. Safe to
 * repeat after any interruption.
 *
 * @param request `region`: default every region with fewer servers than before; `dryRun`: changes nothing
 * @throws {BadUsage} for a region that is not in the settings
 * @throws {Failure} with every reason that prevents it, before anything is changed; or without progress for 5 minutes
 */
export function drainServers(
  checked: CheckedEnvironment,
  request: DrainRequest,
  events: DrainEvents,
): Promise<RegionToDrain[]> {
  const { region } = request;
  const { regions } = checked.environment;
  if (region !== undefined && !regions.includes(region))
    throw new BadUsage(`--region ${region} is not a region of ${checked.name}; use one of ${regions.join(", ")}`);
  return withEnvironmentLock(checked.name, "drain-servers", () =>
    withTimeouts({ requestMs: 5_000, deadlineMs: 20_000 }, () => drain(checked, request, events)),
  );
}

async function drain(
  checked: CheckedEnvironment,
  { region: only, dryRun }: DrainRequest,
  events: DrainEvents,
): Promise<RegionToDrain[]> {
  const shrinking = (await shrinkingRegions(checked)).filter(({ region }) => only === undefined || region === only);
  if (shrinking.length === 0) return [];
  const system = await connectToSystem(await readAccess(checked));
  try {
    const holdings = await readyHoldings(system, shrinking);
    const regions = shrinking.map((region) => ({ ...region, held: assetsOn(region.leaving, holdings) }));
    events.show(regions);
    if (dryRun) return regions;
    await events.approve(regions);
    await onInterrupt(
      (press) => press > 1 && process.exit(130),
      async () => {
        const drained = { system, expected: holdings.answered.length, logProgress: events.logProgress };
        for (const region of regions) await new RegionDrain(region, drained).run();
      },
    );
    return regions;
  } finally {
    await system.close();
  }
}

/** @throws {Failure} with every reason against it in every region */
async function readyHoldings(system: NatsConnection, shrinking: ShrinkingRegion[]): Promise<Holdings> {
  const deadline = Date.now() + readyMs;
  for (;;) {
    const holdings = await readHoldings(system);
    const refusals = shrinking.flatMap((region) =>
      refusalsOf({ ...region, holdings }).map((line) => `  ${region.region}: ${line}`),
    );
    if (refusals.length === 0) return holdings;
    if (Date.now() > deadline)
      throw new Failure(["servers cannot be drained yet; nothing was changed:", ...refusals].join("\n"));
    await sleep(pollMs);
  }
}
