import { type JetStreamClient, jetstreamManager, type JsMsg } from "@nats-io/jetstream";
import {
  BaseNatsConsumer,
  clientOf,
  type DeadLetterCopier,
  type DeadLetterWriter,
  type ProcessResult,
  stored,
} from "../../messaging";
import { contentOf, copiedOf, itemOf } from "../audit/content";
import { deadLettered } from "../audit/entry";
import { Recorder } from "../audit/recorder";
import { EntryRefused, type Trail } from "../audit/trail";
import { entityStreams, incidentStream } from "../messages";
import { type ConsumerPorts, durableOptions } from "./ports";

/** Streams with a trail. */
export const auditedStreams = [...Object.values(entityStreams), incidentStream];

export const auditDurable = "AUDIT_LOGGER";

/** Those in hand at the same time are written together. */
const inHand = 200;

/**
 * Records every message in the trail, as it is. What cannot be recorded now is kept and tried until it can; what the
 * database refuses for what it is becomes a dead letter, and an entry that says so.
 */
export class AuditLogger extends BaseNatsConsumer<Uint8Array> {
  private readonly recorder: () => Recorder;
  private made?: Recorder;

  constructor(
    private readonly trail: Trail,
    private readonly copier: DeadLetterCopier,
    ports: Omit<ConsumerPorts, "deadLetters">,
  ) {
    const recorder = () => this.made!;
    super({
      ...durableOptions(auditDurable, auditedStreams, { ...ports, deadLetters: recordingGivenUp(copier, recorder) }),
      decode: ({ data }) => data,
      concurrency: ports.concurrency ?? inHand,
    });
    this.recorder = recorder;
  }

  override async start(js: JetStreamClient): Promise<void> {
    const manager = await jetstreamManager(clientOf(js).getConnection(), { checkAPI: false });
    this.made = new Recorder({
      trail: this.trail,
      // From the stream's leader: another replica may not have yet what was delivered.
      read: async (stream, sequence) => {
        const found = await stored(manager, stream, { seq: sequence, next_by_subj: ">" });
        return found && contentOf(found);
      },
      giveUp: async (stream, content, error) => {
        await this.copier.copy(copiedOf(stream, auditDurable, content), { reason: "terminal", error });
        this.options.log.error({ stream, sequence: content.sequence, err: error }, "given up: the database refuses it");
      },
    });
    await super.start(js);
  }

  async processMessage(_body: Uint8Array, message: JsMsg): Promise<ProcessResult> {
    try {
      await this.recorder().record(itemOf(message));
      return { success: true };
    } catch (error) {
      // Of a message that is processed again; one that comes first has become a dead letter and an entry by now.
      if (error instanceof EntryRefused) return { success: false, error };
      return { success: false, unavailable: true, error: error as Error };
    }
  }
}

/** What is given up for another reason, such as workers that ended with it, has an entry before it is terminated. */
const recordingGivenUp = (copier: DeadLetterCopier, recorder: () => Recorder): DeadLetterWriter => ({
  async write(message, why) {
    const written = await copier.write(message, why);
    const { stream, content } = itemOf(message);
    const reason = why.error ? `${why.reason}: ${why.error.message}` : why.reason;
    if (content.kind === "message") await recorder().record({ stream, content: deadLettered(content, reason) });
    return written;
  },
});
