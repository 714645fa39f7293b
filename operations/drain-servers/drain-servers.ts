import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { fromBytes } from "../../config/units";
import { BadUsage, Failure, Interrupted } from "../../engine/failure";
import { isInterrupted, onInterrupt } from "../../engine/interrupt";
import { withEnvironmentLock } from "../../engine/lock";
import { write } from "../../jetstream/api";
import { NoAnswer } from "../../jetstream/errors";
import { assetsOn, type HeldAsset, type Holdings, readHoldings } from "../../jetstream/holdings";
import type { ShrinkingRegion } from "../../jetstream/leaving-servers";
import { peerId } from "../../jetstream/peer-id";
import { withTimeouts } from "../../jetstream/timeouts";
import { readAccess } from "../access/access";
import { removePeer } from "../remove-peers/remove";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { shrinkingRegions } from "../supercluster/shrinking-regions";
import { connectToSystem, takeSnapshot } from "../supercluster/snapshot";
import { cancelIfElsewhere, moveStream } from "./move";
import { refusalsOf } from "./refusals";
import { nextDrainStep, progressOf } from "./steps";

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
/** Without any progress for this long it fails. */
const stuckMs = 5 * 60_000;
const pollMs = 500;
const logEveryMs = 15_000;

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

/** One region, step by step. */
class RegionDrain {
  /** Streams that this run moves, as `account/stream`, with the server that they leave. */
  private readonly moving = new Map<string, string>();

  constructor(
    private readonly region: ShrinkingRegion,
    private readonly drained: {
      system: NatsConnection;
      /** Servers that answer. */
      expected: number;
      logProgress: (line: string) => void;
    },
  ) {}

  async run(): Promise<void> {
    let [progress, since, logged] = ["", Date.now(), Date.now()];
    let emptied: string | undefined;
    for (; ; await sleep(pollMs)) {
      const holdings = await readHoldings(this.drained.system, this.drained.expected, 1_000);
      await this.report(holdings);
      const step = nextDrainStep(this.region, holdings);
      if (step.do === "nothing") return;
      if (isInterrupted()) throw new Interrupted("stopped; run the command again to continue");
      const now = progressOf(holdings);
      if (now !== progress) [progress, since] = [now, Date.now()];
      const reasons = step.do === "wait" ? step.reasons : [`the step "${step.do}" has no effect`];
      if (Date.now() - since > stuckMs) throw new Failure(this.stuck(reasons));
      // Seen twice: what is created or moved at that moment may be missing from the first answers.
      const isSeenAgain = step.do !== "remove" || step.server === emptied;
      emptied = step.do === "remove" ? step.server : undefined;
      if (step.do !== "wait" && isSeenAgain) await this.perform(step);
      if (step.do !== "wait") logged = Date.now();
      else if (Date.now() - logged > logEveryMs) {
        const more = reasons.length > 1 ? ` and ${reasons.length - 1} more` : "";
        this.drained.logProgress(`  ${this.region.region}: waiting, ${reasons[0]!}${more}`);
        logged = Date.now();
      }
    }
  }

  private stuck(reasons: string[]): string {
    return [
      `${this.region.region}: no progress for ${stuckMs / 60_000} min; no server was stopped:`,
      ...reasons.slice(0, 10).map((line) => `  ${line}`),
      "Check the servers' logs and npm run status, then run this command again; it continues from here.",
    ].join("\n");
  }

  private async perform(step: Exclude<ReturnType<typeof nextDrainStep>, { do: "wait" | "nothing" }>): Promise<void> {
    switch (step.do) {
      case "move":
        await Promise.all(step.streams.map((stream) => this.move(stream, step.server)));
        return;
      case "step-down":
        this.drained.logProgress(`  ${step.leader} leads the meta group; another server takes over`);
        await write(this.drained.system, "META.LEADER.STEPDOWN", {}).catch(ignoreNoAnswer);
        return;
      case "remove": {
        const peer = { name: step.server, peer: peerId(step.server), current: true };
        await removePeer(
          this.drained.system,
          () => takeSnapshot(this.drained.system, this.drained.expected, 1_000),
          peer,
        );
        this.drained.logProgress(`  ${step.server} is empty, and was removed from the meta group`);
      }
    }
  }

  private async move(stream: HeldAsset, server: string): Promise<void> {
    await moveStream(this.drained.system, stream, server);
    if (this.moving.get(keyOf(stream)) !== server)
      this.drained.logProgress(
        `  ${keyOf(stream)}: moving off ${server} (${fromBytes(stream.bytes)}, copies on ${stream.members.join(", ")})`,
      );
    this.moving.set(keyOf(stream), server);
  }

  /** Logs streams that are not on the server any more, and notices moves to another region whose answer was lost. */
  private async report({ assets }: Holdings): Promise<void> {
    for (const asset of assets) {
      const from = asset.consumer === undefined ? this.moving.get(keyOf(asset)) : undefined;
      if (from === undefined) continue;
      await cancelIfElsewhere(this.drained.system, asset, asset.members, this.region.region);
      if (!asset.members.includes(from)) {
        this.drained.logProgress(`  ${keyOf(asset)}: moved; copies on ${asset.members.join(", ")}`);
        this.moving.delete(keyOf(asset));
      }
    }
  }
}

const keyOf = ({ account, stream }: Pick<HeldAsset, "account" | "stream">): string => `${account}/${stream}`;

function ignoreNoAnswer(error: Error): void {
  if (!(error instanceof NoAnswer)) throw error;
}
