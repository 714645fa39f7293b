import * as z from "zod";
import { consumerShape, consumerManagement, pullShape, pushShape } from "../config/schema/consumer";
import { assetName, subject, token } from "../config/schema/values";
import { strictObject } from "../config/problems";
import { streamShape, streamManagement } from "../config/schema/stream";

/** What a stream resource takes. */
export const streamSchema = strictObject({
  /** Account it belongs to. Refused: it would be another stream. */
  account: token,
  /** Its name. Refused: it would be another stream. */
  name: assetName,
  /** Home region: the cluster it is placed in. In place: it moves, and is waited for. */
  region: token,
  /**
   * It is not to be there: it is deleted, mirrors before their origin, and its entry stays until it is taken out, which deletes nothing then. What it
   * holds is counted at preview, and again right before; more than `allowDataLoss` allows for `delete` is refused. In a tenant's file: its `state`.
   * Default false. In place; when it is taken away, the stream is made anew.
   */
  absent: z.literal(true).optional(),
  ...streamShape,
  ...streamManagement,
});

const ofConsumers = {
  /** Account it belongs to. Refused: it would be another consumer. */
  account: token,
  /** Stream it reads. Refused: it would be another consumer. */
  stream: assetName,
  /** Its durable name. Refused: it would be another consumer. */
  name: assetName,
  /**
   * It is not to be there, as with a stream: it goes with its stream, or is deleted, with its place. Default false. In place; when it is taken away,
   * the durable is made anew.
   */
  absent: z.literal(true).optional(),
  ...consumerShape,
  ...consumerManagement,
  /** The one subject it wants. Default: all of the stream. Not with `filterSubjects`. In place. */
  filterSubject: subject.optional(),
  /** Subjects it wants; they must not overlap each other (error 10138). Not with `filterSubject`. Default: all of the stream. In place. */
  filterSubjects: z.array(subject).min(1).optional(),
};

export const pullSchema = strictObject({ ...ofConsumers, ...pullShape });
export const pushSchema = strictObject({ ...ofConsumers, ...pushShape });

/** What a consumer resource takes: with a deliver subject it is a push consumer. */
export const consumerSchemaOf = (args: Record<string, unknown>): z.ZodType =>
  args.deliverSubject === undefined ? pullSchema : pushSchema;

type StreamConfig = z.infer<typeof streamSchema>;

/** A stream has subjects or sources of its own, or it is a mirror. */
export type StreamContent =
  | ({ mirror?: undefined } & Pick<StreamConfig, "subjects" | "sources">)
  | { mirror: NonNullable<StreamConfig["mirror"]>; subjects?: undefined; sources?: undefined };

/** Arguments of a stream, as its resource takes them and its state holds them. */
export type StreamArgs = Omit<StreamConfig, keyof StreamContent> & StreamContent;

/** A consumer wants one subject (or, with none, all of its stream), or several. */
export type Filtered<T> = Omit<T, "filterSubject" | "filterSubjects"> &
  ({ filterSubject?: string; filterSubjects?: undefined } | { filterSubject?: undefined; filterSubjects: string[] });

/** Arguments of a consumer whose clients ask for messages. */
export type PullArgs = Filtered<z.infer<typeof pullSchema>> & { deliverSubject?: undefined };
/** Arguments of a consumer that sends messages to a subject. */
export type PushArgs = Filtered<z.infer<typeof pushSchema>>;
export type ConsumerArgs = PullArgs | PushArgs;
