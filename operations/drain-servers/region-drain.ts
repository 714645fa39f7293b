import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { fromBytes } from "../../config/units";
import { Failure, Interrupted } from "../../engine/failure";
import { isInterrupted } from "../../engine/interrupt";
import { write } from "../../jetstream/api";
import { NoAnswer } from "../../jetstream/errors";
import { type HeldAsset, type Holdings, readHoldings } from "../../jetstream/holdings";
import type { ShrinkingRegion } from "../../jetstream/leaving-servers";
import { peerId } from "../../jetstream/peer-id";
import { removePeer } from "../remove-peers/remove";
import { takeSnapshot } from "../supercluster/snapshot";
import { cancelIfElsewhere, moveStream } from "./move";
import { nextDrainStep, progressOf } from "./steps";

/** Without any progress for this long it fails. */
const stuckMs = 5 * 60_000;
export const pollMs = 500;
const logEveryMs = 15_000;

/** Empties the servers that leave one region, step by step, and removes them from the meta group. */
export class RegionDrain {
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

  /**
   * Continues from what the servers report.
   *
   * @throws {Failure} without progress for 5 minutes, {Interrupted} after Ctrl-C
   */
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
