import * as z from "zod";
import { consumerFields, consumerManagement, pullFields, pushFields } from "../../config/consumer-fields";
import { assetName, subject, token } from "../../config/fields";
import { strictObject } from "../../config/problems";
import { streamFields, streamManagement } from "../../config/stream-fields";

/** What a stream resource takes. */
export const streamSchema = strictObject({
  /** Account it belongs to. Refused: it would be another stream. */
  account: token,
  /** Its name. Refused: it would be another stream. */
  name: assetName,
  /** Home region: the cluster it is placed in. In place: it moves, and is waited for. */
  region: token,
  ...streamFields,
  ...streamManagement,
});

const ofConsumers = {
  /** Account it belongs to. Refused: it would be another consumer. */
  account: token,
  /** Stream it reads. Refused: it would be another consumer. */
  stream: assetName,
  /** Its durable name. Refused: it would be another consumer. */
  name: assetName,
  ...consumerFields,
  ...consumerManagement,
  /** The one subject it wants. Default: all of the stream. Not with `filterSubjects`. In place. */
  filterSubject: subject.optional(),
  /** Subjects it wants; they must not overlap each other (error 10138). Not with `filterSubject`. Default: all of the stream. In place. */
  filterSubjects: z.array(subject).min(1).optional(),
};

export const pullSchema = strictObject({ ...ofConsumers, ...pullFields });
export const pushSchema = strictObject({ ...ofConsumers, ...pushFields });

/** What a consumer resource takes: with a deliver subject it is a push consumer. */
export const consumerSchemaOf = (args: Record<string, unknown>): z.ZodType => (args.deliverSubject === undefined ? pullSchema : pushSchema);
