import pLimit from "p-limit";
import { read } from "../../jetstream/api";
import { ApiError } from "../../jetstream/errors";
import type { ConsumerInfo, StackAccount, StreamInfo } from "../stream/stack-account";
import type { DurableFacts, StreamFacts } from "./report";
import type { Acknowledged } from "../../workers/messaging/contract";

/** Messages that are read at the same time. */
const inFlight = 16;
/** Error codes of nats-server: no such stream, consumer, message. */
const missing: readonly number[] = [10059, 10014, 10037];

async function found<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && missing.includes(error.errCode)) return undefined;
    throw error;
  }
}

type Own = Pick<StackAccount, "account" | "assets">;

/** Durables of a stream that the settings declare. */
export async function durablesOf({ account, assets }: Own, stream: string): Promise<DurableFacts[]> {
  const names = assets.consumers.filter((asset) => asset.stream === stream).map(({ name }) => name);
  const infos = await Promise.all(
    names.map((name) => found(read<ConsumerInfo>(account.connection, `CONSUMER.INFO.${stream}.${name}`))),
  );
  return infos.flatMap((info) => {
    if (!info) return [];
    const { name, config, ack_floor, num_pending = 0, num_ack_pending = 0 } = info;
    const { filter_subject, filter_subjects = filter_subject ? [filter_subject] : [] } = config;
    return [{ name, filters: filter_subjects, waiting: num_pending + num_ack_pending, ackFloor: ack_floor.stream_seq }];
  });
}

/** A stream with the messages of a run; undefined where it does not exist. */
export async function streamFacts(
  own: Own,
  name: string,
  acknowledged: readonly Acknowledged[],
): Promise<StreamFacts | undefined> {
  const { connection } = own.account;
  const info = await found(read<StreamInfo>(connection, `STREAM.INFO.${name}`, { deleted_details: true }));
  if (!info) return undefined;
  const { first_seq, last_seq, deleted = [] } = info.state as StreamInfo["state"] & { deleted?: number[] };
  const gone = new Set(deleted);
  const ids = new Map<number, string>();
  await pLimit(inFlight).map(
    acknowledged.map(({ seq }) => seq).filter((seq) => seq >= first_seq && seq <= last_seq && !gone.has(seq)),
    async (seq) => {
      const answer = await found(read<{ message: { hdrs?: string } }>(connection, `STREAM.MSG.GET.${name}`, { seq }));
      // Acknowledged meanwhile, it may be gone.
      if (answer) ids.set(seq, messageId(answer.message.hdrs));
    },
  );
  return {
    name,
    retention: info.config.retention as StreamFacts["retention"],
    firstSeq: first_seq,
    lastSeq: last_seq,
    deleted: gone,
    durables: await durablesOf(own, name),
    ids,
  };
}

/** `Nats-Msg-Id` of headers in base64; empty where there is none. */
export const messageId = (headers = ""): string =>
  /^Nats-Msg-Id: ?(.*?)\r?$/im.exec(Buffer.from(headers, "base64").toString())?.[1] ?? "";
