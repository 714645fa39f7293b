import * as z from "zod";
import { consumerShape, consumerManagement, pullShape, pushShape } from "../config/schema/consumer";
import { assetName, subject, token } from "../config/schema/values";
import { strictObject } from "../config/problems";
import { streamShape, streamManagement } from "../config/schema/stream";

/** Schema of a stream's arguments. */
export const streamSchema = strictObject({
  /** Account it belongs to. */
  account: token,
  /** Its name. */
  name: assetName,
  /**
   * Home region: the cluster it is placed in.
   * @change it moves, and is waited for
   */
  region: token,
  /**
   * It must not exist: it is deleted, mirrors before their origin, and its entry stays until it is removed, which
   * then deletes nothing. Its messages are counted at preview and again right before; more than `allowDataLoss` allows
   * for `delete` is refused. In a tenant's file: its `state`.
   * @default false
   * @change when it is removed, the stream is recreated
   */
  absent: z.literal(true).optional(),
  ...streamShape,
  ...streamManagement,
});

const ofConsumers = {
  /** Account it belongs to. */
  account: token,
  /** Stream it reads. */
  stream: assetName,
  /** Its durable name. */
  name: assetName,
  /**
   * It must not exist, as with a stream: it is deleted with its stream, or by itself, with its position.
   * @default false
   * @change when it is removed, the durable is recreated
   */
  absent: z.literal(true).optional(),
  ...consumerShape,
  ...consumerManagement,
  /**
   * The one subject it wants. Not with `filterSubjects`.
   * @default all of the stream
   */
  filterSubject: subject.optional(),
  /**
   * Subjects it wants; they must not overlap each other. Not with `filterSubject`.
   * @default all of the stream
   */
  filterSubjects: z.array(subject).min(1).optional(),
};

export const pullSchema = strictObject({ ...ofConsumers, ...pullShape });
export const pushSchema = strictObject({ ...ofConsumers, ...pushShape });

/** Schema of a consumer's arguments: with a deliver subject it is a push consumer. */
export const consumerSchemaOf = (args: Record<string, unknown>): z.ZodType<ConsumerConfig> =>
  args.deliverSubject === undefined ? pullSchema : pushSchema;

export type StreamConfig = z.infer<typeof streamSchema>;
export type ConsumerConfig = z.infer<typeof pullSchema> | z.infer<typeof pushSchema>;

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

/** What identifies an asset: its account, its stream (of a consumer) and its name. */
export interface AssetKey {
  account: string;
  stream?: string;
  name: string;
}

/** What names an asset within its account. */
export type AssetName = Omit<AssetKey, "account">;

/** How the program treats an asset: fields beside the server's configuration. */
type Management = "region" | "absent" | "adopt" | "deletionPolicy" | "lowerBy" | "snapshotTo";

/**
 * Arguments of a stream or consumer, as its resource takes them and its state holds them: what code reads by name has
 * the type of the schemas; the tables of fields name all others. Most functions take this one type rather than being
 * generic over StreamArgs and ConsumerArgs: they treat both alike, by the tables.
 */
export type AssetArgs = AssetKey &
  Partial<Pick<StreamConfig, Management>> &
  Partial<Pick<z.infer<typeof pullSchema>, "resetTo" | "pauseUntil">> & {
    allowDataLoss?: { change: string; maxMessages: number }[];
    /** Only in a state: nonce of the mark (ownership.ts). */
    nonce?: string;
    [field: string]: unknown;
  };
