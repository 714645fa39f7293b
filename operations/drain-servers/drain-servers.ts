import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { fromBytes } from "../../config/units";
import { BadUsage, Failure, Interrupted } from "../../engine/failure";
import { isInterrupted, onInterrupt } from "../../engine/interrupt";
import { withEnvironmentLock } from "../../engine/lock";
import { write } from "../../jetstream/api";
import { ApiError, NoAnswer } from "../../jetstream/errors";
import { assetsOn, describeAsset, type HeldAsset, type Holdings, readHoldings } from "../../jetstream/holdings";
import type { ShrinkingRegion } from "../../jetstream/leaving-servers";
import { peerId } from "../../jetstream/peer-id";
import { withTimeouts } from "../../jetstream/timeouts";
import { readAccess } from "../access/access";
import { removePeer } from "../remove-peers/remove";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { shrinkingRegions } from "../supercluster/shrinking-regions";
import { connectToSystem, takeSnapshot } from "../supercluster/snapshot";
import { refusalsOf } from "./refusals";
import { nextDrainStep, progressOf, regionOf } from "./steps";

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
    for (;;) {
      const holdings = await readHoldings(this.drained.system, this.drained.expected, 1_000);
      await this.report(holdings);
      const step = nextDrainStep(this.region, holdings);
      if (step.do === "nothing") return;
      if (isInterrupted()) throw new Interrupted("stopped; run the command again to continue");
      // Seen twice: what is created or moved at that moment may be missing from the first answers.
      if (step.do === "remove" && step.server !== emptied) {
        emptied = step.server;
        continue;
      }
      emptied = undefined;
      if (step.do !== "wait") {
        await this.perform(step);
        [progress, since, logged] = ["", Date.now(), Date.now()];
        continue;
      }
      const now = progressOf(holdings);
      if (now !== progress) [progress, since] = [now, Date.now()];
      if (Date.now() - since > stuckMs)
        throw new Failure(
          [
            `${this.region.region}: no progress for ${stuckMs / 60_000} min; no server was stopped:`,
            ...step.reasons.slice(0, 10).map((line) => `  ${line}`),
            "Check the servers' logs and npm run status, then run this command again; it continues from here.",
          ].join("\n"),
        );
      if (Date.now() - logged > logEveryMs) {
        const more = step.reasons.length > 1 ? ` and ${step.reasons.length - 1} more` : "";
        this.drained.logProgress(`  ${this.region.region}: waiting, ${step.reasons[0]!}${more}`);
        logged = Date.now();
      }
      await sleep(pollMs);
    }
  }

  private async perform(step: Exclude<ReturnType<typeof nextDrainStep>, { do: "wait" | "nothing" }>): Promise<void> {
    switch (step.do) {
      case "move":
        await Promise.all(step.streams.map((stream) => this.move(stream, step.server)));
        return;
      case "step-down":
        this.drained.logProgress(`  ${step.leader} leads the meta group; another server takes over`);
        await write(this.drained.system, "META.LEADER.STEPDOWN", {}).catch(ignoreNoAnswer);
        await sleep(pollMs);
        return;
      case "remove": {
        const peer = { name: step.server, peer: peerId(step.server), current: true };
        await removePeer(
          this.drained.system,
          () => takeSnapshot(this.drained.system, this.drained.expected, 1_000),
          peer,
        );
        this.drained.logProgress(`  ${step.server} holds nothing, and has left the meta group`);
      }
    }
  }

  /** An answer may be lost, and the servers continue a move without this program: the next look shows the outcome. */
  private async move({ account, stream, bytes, members }: HeldAsset, server: string): Promise<void> {
    const asset = { account, stream };
    try {
      await write(this.drained.system, `ACCOUNT.STREAM.MOVE.${account}.${stream}`, {
        server,
        cluster: this.region.region,
      });
    } catch (error) {
      if (error instanceof ApiError && !isAcceptable(error))
        throw new Failure(
          `stream ${account}/${stream} could not be moved off ${server}: ${error.message}. ` +
            "What was moved before stays where it is; run this command again once the cause is fixed",
        );
      if (!(error instanceof ApiError)) ignoreNoAnswer(error as Error);
    }
    if (this.moving.get(keyOf(asset)) !== server)
      this.drained.logProgress(
        `  ${account}/${stream} leaves ${server} (${fromBytes(bytes)}, copies on ${members.join(", ")})`,
      );
    this.moving.set(keyOf(asset), server);
  }

  /**
   * Logs streams that have left a server. Where no server of the region has room, the meta leader moves a stream to
   * another region, which was not asked for: that is cancelled.
   */
  private async report({ assets }: Holdings): Promise<void> {
    for (const asset of assets) {
      const from = asset.consumer === undefined ? this.moving.get(keyOf(asset)) : undefined;
      if (from === undefined) continue;
      const elsewhere = asset.members.filter((name) => regionOf(name) !== this.region.region);
      if (elsewhere.length) {
        await write(this.drained.system, `ACCOUNT.STREAM.CANCEL_MOVE.${asset.account}.${asset.stream}`, {}).catch(
          ignoreNoAnswer,
        );
        throw new Failure(
          `${describeAsset(asset)}: no other server of ${this.region.region} has room for it, and the servers began ` +
            `to move it to ${[...new Set(elsewhere.map(regionOf))].join(", ")}; that was cancelled. ` +
            "Give the servers more storage, or lower maxBytes of streams, then run this command again",
        );
      }
      if (!asset.members.includes(from)) {
        this.drained.logProgress(`  ${asset.account}/${asset.stream} is on ${asset.members.join(", ")}`);
        this.moving.delete(keyOf(asset));
      }
    }
  }
}

const keyOf = ({ account, stream }: Pick<HeldAsset, "account" | "stream">): string => `${account}/${stream}`;

/** 10124: it is moving already; 10040: it has left the server; 10059: it was deleted meanwhile. */
const isAcceptable = ({ errCode }: ApiError): boolean => [10124, 10040, 10059].includes(errCode);

function ignoreNoAnswer(error: Error): void {
  if (!(error instanceof NoAnswer)) throw error;
}
