import type { JsMsg } from "@nats-io/jetstream";
import { BaseNatsConsumer, type Growth, type ProcessResult } from "../../messaging";
import {
  interactionEventType,
  processResultOf,
  type Received,
  receivedInteraction,
  toDiscordEventPayload,
} from "../bridges";
import {
  type Discord,
  DiscordLimited,
  DiscordRefused,
  DiscordUnavailable,
  type InteractionRef,
  type Message,
} from "../discord/discord";
import { type Handlers, handlerOf } from "../handlers/registry";
import { deferralOf } from "../handlers/registration";
import type { InteractionPayload } from "../messages";
import type { ArrakisMetrics, InteractionOutcome } from "../metrics";
import type { State } from "../state/state";
import { answerMs, Deferrals, type Progress } from "./deferrals";
import { resultOf } from "./failure";
import { type BaseConsumerConfig, optionsOf } from "./options";

/** How long Discord waits for an acknowledgement, in milliseconds. https://discord.com/developers/docs/interactions */
const deferMs = 3_000;

/** Attempts of a command, as its durable has them: they end before it expires. */
const commandAttempts = 3;

/** Between attempts, in milliseconds: the source's `nak(5000)`. */
const againMs = 5_000;

/** While Discord does not answer, commands come to nothing within seconds: it is asked again soon. */
const breaker: Growth = { first: 500, most: 5_000 };

/** Discord's codes for an interaction that is over: unknown webhook, unknown interaction, invalid webhook token. */
const over: readonly (number | string)[] = [10015, 10062, 50027];

const messages = {
  unknown: { content: "This command is not known here." },
  later: { content: "That did not work just now. Please try again in a few minutes." },
  failed: { content: "That went wrong. It has been noted, and will be looked at." },
} as const satisfies Record<string, Message>;

export interface CommandPorts {
  discord: Pick<Discord, "defer" | "editReply" | "check">;
  handlers: Handlers<InteractionPayload>;
  state: Pick<State, "get" | "set">;
  metrics: ArrakisMetrics;
}

/**
 * Takes `commands.>`: acknowledges each interaction at Discord at once, has it handled, and answers with an error where
 * that fails. An interaction that could not be acknowledged within 3 s is dropped and counted: Discord takes no answer
 * to it. Only a call of Discord shows that it answers: what is dropped without one does not end an outage. Where no
 * interaction is in hand, Discord is asked whether it answers.
 */
export class CommandNatsConsumer extends BaseNatsConsumer<Received<InteractionPayload>> {
  private readonly deferrals: Deferrals;

  constructor(
    private readonly config: BaseConsumerConfig,
    private readonly ports: CommandPorts,
  ) {
    super({
      ...optionsOf({ stream: "COMMANDS", durable: "command-worker" }, config, 25),
      schema: receivedInteraction,
      attempts: commandAttempts,
      breaker,
      probe: () => ports.discord.check(),
    });
    this.deferrals = new Deferrals(ports.state, config.log);
  }

  async processMessage(received: Received<InteractionPayload>, msg: JsMsg): Promise<ProcessResult> {
    const { payload } = received;
    const at: At = { received, msg, ref: refOf(payload), eventType: interactionEventType(payload), hasCalled: false };
    const result = await this.process(at);
    return result.unavailable || at.hasCalled ? result : { ...result, dependencyCalled: false };
  }

  private async process(at: At): Promise<ProcessResult> {
    const { ref, msg } = at;
    try {
      const progress = await this.deferrals.of(ref.id, msg.info.deliveryCount > 1 && ageOf(msg) >= deferMs);
      // Only its acknowledgement in the stream got lost.
      if (progress === "answered") return { success: true };
      const lost = await this.acknowledge(at, progress);
      if (lost) return this.drop(at, lost);
      return await this.answer(at);
    } catch (error) {
      if (error instanceof DiscordUnavailable) return resultOf(error);
      if (error instanceof DiscordRefused || error instanceof DiscordLimited) at.hasCalled = true;
      if (error instanceof DiscordLimited && msg.info.deliveryCount < commandAttempts) return resultOf(error);
      if (error instanceof DiscordRefused && over.includes(error.code)) return this.drop(at, "expired");
      return this.end("failed", resultOf(error));
    }
  }

  /** Acknowledges an interaction at Discord. Returns why it is too late for that. */
  private async acknowledge(at: At, progress?: Progress): Promise<InteractionOutcome | undefined> {
    const { ref, eventType, msg } = at;
    const age = ageOf(msg);
    if (age >= answerMs) return "expired";
    if (progress === "deferred") return undefined;
    // Discord knows whether it was acknowledged: by a call whose answer got lost, or by a worker that has ended.
    const mayBeDone = progress === "asked" || msg.info.deliveryCount > 1;
    if (age >= deferMs && !mayBeDone) return "late";
    const how = deferralOf(eventType);
    // What a member types is answered at once, or not at all.
    if (how === undefined) return undefined;
    this.deferrals.note(ref.id, "asked");
    const within = age < deferMs ? deferMs - age : deferMs;
    const answer = await this.ports.discord.defer(ref, how, within).catch((error: unknown) => {
      if (error instanceof DiscordUnavailable && !error.mayBeDone && progress !== "asked")
        this.deferrals.forget(ref.id);
      throw error;
    });
    at.hasCalled = true;
    if (answer === "unknown") return "unknown";
    if (answer === "deferred") this.ports.metrics.deferSeconds.observe(ageOf(msg) / 1_000);
    this.deferrals.note(ref.id, "deferred");
    return undefined;
  }

  /** Has it handled; where that fails for good, the member is told. */
  private async answer(at: At): Promise<ProcessResult> {
    const { ref, eventType, msg } = at;
    const { result, later } = await this.handle(at);
    if (result.success) {
      at.hasCalled = true;
      this.deferrals.note(ref.id, "answered");
      return this.end("answered", result);
    }
    const isLast = !result.retryable || msg.info.deliveryCount >= commandAttempts;
    if (deferralOf(eventType) === undefined) return this.drop(at, "failed", result.error);
    if (!isLast) return { ...result, retryAfter: Math.max(againMs, result.retryAfter ?? 0) };
    const isUnknown = result.error instanceof UnknownHandler;
    await this.ports.discord.editReply(ref, isUnknown ? messages.unknown : later ? messages.later : messages.failed);
    at.hasCalled = true;
    if (!later) return this.end("failed", result);
    // Later its member has long tried again: no dead letter.
    return this.drop(at, "apology", result.error);
  }

  /**
   * @returns `later`: what its handler needs does not answer
   * @throws what its handler throws about Discord
   */
  private async handle({ received, eventType }: At): Promise<{ result: ProcessResult; later?: boolean }> {
    const { log, durable } = this.options;
    const handler = handlerOf(this.ports.handlers, eventType);
    if (!handler) {
      this.config.metrics?.unknownMessages.inc({ consumer: durable });
      return { result: { success: false, error: new UnknownHandler(`no handler for ${eventType.slice(0, 100)}`) } };
    }
    try {
      if ("native" in handler) return { result: await handler.native(received.payload, this.config.log) };
      const payload = received.legacy ?? toDiscordEventPayload(received.payload);
      return { result: processResultOf(await handler.legacy(payload, this.config.log)) };
    } catch (error) {
      if (error instanceof DiscordUnavailable) throw error;
      if (error instanceof DiscordRefused && over.includes(error.code)) throw error;
      log.error({ err: error, eventType }, "a handler failed");
      const result = resultOf(error);
      return result.unavailable
        ? { result: { success: false, retryable: true, error: result.error }, later: true }
        : { result };
    }
  }

  private drop({ received, ref }: At, outcome: InteractionOutcome, error?: Error): ProcessResult {
    const fields = { event: received.payload.event_id, interaction: ref.id, outcome, ...(error && { err: error }) };
    this.options.log.warn(fields, "an interaction is not answered");
    return this.end(outcome, { success: true });
  }

  private end(outcome: InteractionOutcome, result: ProcessResult): ProcessResult {
    this.ports.metrics.interactions.inc({ outcome });
    return result;
  }
}

/** An interaction that is worked on. */
interface At {
  received: Received<InteractionPayload>;
  msg: JsMsg;
  ref: InteractionRef;
  eventType: string;
  /** Whether Discord has answered, in this delivery. */
  hasCalled: boolean;
}

const refOf = ({ data }: InteractionPayload): InteractionRef => ({
  id: data.interaction_id,
  token: data.interaction_token,
  ...(data.application_id !== undefined && { applicationId: data.application_id }),
});

/** Milliseconds since the gateway has published it. */
const ageOf = (msg: JsMsg): number => Date.now() - msg.time.getTime();

/** Of an interaction that nothing is registered for. */
class UnknownHandler extends Error {
  override readonly name = "UnknownHandler";
}
