import type { Wire } from "./fields";
import { droppedSubjects, isCaptured, type LossRule, streamLosses } from "./losses";
import type { AssetArgs } from "./schemas";
import { read, readPages } from "./api";
import { ApiError, Refused } from "./errors";
import { hasLeader, type Info, type StreamState } from "./info";
import { type AssetKind, idOf } from "./kinds";
import type { Account } from "./account";

/** What a change would cost now: how many of the stream's messages, and their bytes. */
export interface Cost {
  /** Name under which `allowDataLoss` allows it. */
  change: string;
  effect: string;
  messages: number;
  /** Of this many in total. */
  of: number;
  bytes: number;
  /** The exact count would need every message to be read: this one follows from averages, or is an upper bound. */
  isEstimate: boolean;
  /** Consumers with unacknowledged messages, those with most first. */
  behind: { name: string; messages: number }[];
}

/** Name under which `allowDataLoss` allows deleting and recreating the asset. */
export const replace = "replace";

/** Name under which it allows deleting a stream that is marked `absent`. */
export const deletion = "delete";

/** Rules by which changing one configuration to another may cost messages; none for a consumer. */
export const lossRules = ({ what }: AssetKind, from: Wire, to: Wire): LossRule[] =>
  what === "stream" ? streamLosses.filter(({ when }) => when(from, to)) : [];

/**
 * Costs of changing an asset in place to the `wanted` configuration, one entry per loss rule that applies.
 *
 * @throws `Refused` where a cost cannot be counted: no leader, or consumers that do not answer
 */
export async function lossesOf(
  kind: AssetKind,
  info: Info,
  wanted: Wire,
  args: AssetArgs,
  account: Account,
): Promise<Cost[]> {
  const rules = lossRules(kind, info.config, wanted);
  if (rules.length === 0) return [];
  requireLeader(kind, info, args);
  const behind = await consumersBehind(args, account);
  const costs = await Promise.all(
    rules.map(async ({ change, effect, count, evenIfEmpty = false }) => ({
      change,
      effect,
      evenIfEmpty,
      ...(await counters[count]({ info, wanted, args, account, behind })),
      of: info.state!.messages,
      behind,
    })),
  );
  return costs.filter(({ messages, evenIfEmpty }) => messages > 0 || evenIfEmpty);
}

/** What is lost when the asset is deleted and recreated: a stream's messages, a consumer's position. */
export async function costOfReplacement(kind: AssetKind, info: Info, args: AssetArgs, account: Account): Promise<Cost> {
  requireLeader(kind, info, args);
  if (kind.what === "consumer") {
    const messages = waiting(info);
    return {
      change: replace,
      effect: "lose the position among",
      messages,
      of: messages,
      bytes: 0,
      isEstimate: false,
      behind: [],
    };
  }
  const { messages, bytes } = info.state!;
  return {
    change: replace,
    effect: "delete",
    messages,
    of: messages,
    bytes,
    isEstimate: false,
    behind: await consumersBehind(args, account),
  };
}

/** What is lost when an `absent` stream is deleted; undefined if nothing is, and for consumers. */
export async function costOfDeletion(
  kind: AssetKind,
  info: Info,
  args: AssetArgs,
  account: Account,
): Promise<Cost | undefined> {
  if (kind.what === "consumer") return undefined;
  const cost = await costOfReplacement(kind, info, args, account);
  return cost.messages ? { ...cost, change: deletion } : undefined;
}

function requireLeader(kind: AssetKind, info: Info, args: AssetArgs): void {
  if (!hasLeader(info))
    throw new Refused(
      `${idOf(kind, args)} has no leader, so the cost of the change cannot be counted. Nothing was changed.`,
    );
}

/** How many messages of a consumer are unacknowledged, delivered or not. */
export const waiting = ({ num_pending = 0, num_ack_pending = 0 }: Info): number => num_pending + num_ack_pending;

/** How many messages the specification allows a change to cost; undefined: the change is not allowed. */
export const allowance = ({ allowDataLoss }: Pick<AssetArgs, "allowDataLoss">, change: string): number | undefined =>
  (allowDataLoss ?? []).find((allowed) => allowed.change === change)?.maxMessages;

/** Why a cost is more than `allowed` messages (undefined: not allowed), and how to allow it; undefined if it is not. */
export function excess(cost: Cost, allowed: number | undefined): string | undefined {
  if (allowed !== undefined && cost.messages <= allowed) return undefined;
  const how =
    allowed === undefined
      ? `to allow it: allowDataLoss: [{ change: "${cost.change}", maxMessages: ${cost.messages} }]`
      : `allowDataLoss allows ${number(allowed)}`;
  return `${describe(cost)}; ${how}`;
}

/** `would drop 812,345 of 1,000,000 messages, 3.1 GiB; consumer ANALYTICS is 40,112 behind`. */
export function describe({ effect, messages, of, bytes, isEstimate, behind }: Cost): string {
  const size = bytes > 0 ? `, ${readable(bytes)}` : "";
  const late = behind.slice(0, 3).map(({ name, messages: count }) => `consumer ${name} is ${number(count)} behind`);
  const more = behind.length > late.length ? [`${number(behind.length - late.length)} more are behind`] : [];
  return [
    `would ${effect} ${isEstimate ? "about " : ""}${number(messages)} of ${number(of)} messages${size}`,
    ...late,
    ...more,
  ].join("; ");
}

const number = (value: number): string => value.toLocaleString("en");

function readable(bytes: number): string {
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power ? 1 : 0)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

// --- counting --------------------------------------------------------------------------------------------------------

interface Counting {
  info: Info;
  wanted: Wire;
  args: AssetArgs;
  account: Account;
  behind: Cost["behind"];
}

type Count = Pick<Cost, "messages" | "bytes" | "isEstimate">;

const counters: Record<LossRule["count"], (counting: Counting) => Promise<Count> | Count> = {
  all: ({ info: { state } }) => part(state!, state!.messages),
  "over-messages": ({ info: { state }, wanted }) => part(state!, Math.max(0, state!.messages - wanted.max_msgs!)),
  "over-bytes"({ info: { state }, wanted }) {
    const bytes = Math.max(0, state!.bytes - wanted.max_bytes!);
    return { messages: Math.ceil((bytes / Math.max(1, state!.bytes)) * state!.messages), bytes, isEstimate: bytes > 0 };
  },
  async older({ info: { state, ts }, wanted, args, account }) {
    const kept = await firstSince(Date.parse(ts) - wanted.max_age! / 1e6, state!, args, account);
    const deleted = state!.last_seq - state!.first_seq + 1 - state!.messages;
    // Which messages were deleted in between is not asked, as there can be millions: the count is an upper bound.
    return part(state!, Math.min(state!.messages, kept - state!.first_seq), deleted > 0);
  },
  async "over-subject"({ info: { state }, wanted, args, account }) {
    const counts = await subjectCounts(args, account, ">");
    const limit = wanted.max_msgs_per_subject!;
    return part(
      state!,
      counts.reduce((sum, [, count]) => sum + Math.max(0, count - limit), 0),
    );
  },
  async "dropped-subjects"({ info, wanted, args, account }) {
    const counts = await Promise.all(
      droppedSubjects(info.config, wanted).map((subject) => subjectCounts(args, account, subject)),
    );
    const gone = counts.flat().filter(([subject]) => !isCaptured(wanted, subject));
    return {
      ...part(
        info.state!,
        gone.reduce((sum, [, count]) => sum + count, 0),
      ),
      bytes: 0,
    };
  },
  "no-interest"({ info: { state }, behind: [furthest, ...others] }) {
    // What the consumer that is furthest behind still needs is kept; what only others need would take reading each
    // message.
    return part(state!, state!.messages - Math.min(state!.messages, furthest?.messages ?? 0), others.length > 0);
  },
};

/** A number of a stream's messages, and their bytes by the stream's average. */
const part = ({ messages: all, bytes }: StreamState, messages: number, isEstimate = false): Count => ({
  messages,
  bytes: all ? Math.round((bytes / all) * messages) : 0,
  isEstimate: isEstimate && messages > 0,
});

/** Sequence of the first message that is not older; one past the last when all are. */
async function firstSince(
  cutoff: number,
  state: StreamState,
  { name }: AssetArgs,
  { connection }: Account,
): Promise<number> {
  if (state.messages === 0 || Date.parse(state.first_ts) >= cutoff) return state.first_seq;
  let [low, high] = [state.first_seq, state.last_seq + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await nextMessage(middle);
    if (!found || Date.parse(found.time) >= cutoff) high = middle;
    else low = found.seq + 1;
  }
  return low;

  async function nextMessage(seq: number): Promise<{ seq: number; time: string } | undefined> {
    try {
      return (
        await read<{ message: { seq: number; time: string } }>(connection, `STREAM.MSG.GET.${name}`, {
          seq,
          next_by_subj: ">",
        })
      ).message;
    } catch (error) {
      if (error instanceof ApiError && error.errCode === 10037) return undefined;
      throw error;
    }
  }
}

/** How many messages are stored of each subject that matches. */
async function subjectCounts(
  { name }: AssetArgs,
  { connection }: Account,
  filter: string,
): Promise<[string, number][]> {
  return readPages(connection, `STREAM.INFO.${name}`, { subjects_filter: filter }, ({ state }: Info & Page) =>
    Object.entries(state?.subjects ?? {}),
  );
}

interface Page {
  total?: number;
  offset?: number;
  limit?: number;
}

interface ConsumerPage extends Page {
  consumers?: (Info & { name: string })[];
  /** Names of those whose leader did not answer or whose servers are all down. Listed too, without their positions. */
  missing?: string[];
}

async function consumersBehind({ name }: AssetArgs, { connection }: Account): Promise<Cost["behind"]> {
  const silent: string[] = [];
  const consumers = await readPages(connection, `CONSUMER.LIST.${name}`, {}, ({ consumers, missing }: ConsumerPage) => {
    silent.push(...(missing ?? []));
    return consumers ?? [];
  });
  for (const consumer of consumers)
    if (!hasLeader(consumer) && !silent.includes(consumer.name)) silent.push(consumer.name);
  if (silent.length) {
    throw new Refused(
      `consumers of stream ${name} did not answer: ${silent.join(", ")}. ` +
        "The cost of the change cannot be counted, and nothing was changed. " +
        "Run again when their servers are back, or delete the consumers that are no longer needed.",
    );
  }
  return consumers
    .map((consumer) => ({ name: consumer.name, messages: waiting(consumer) }))
    .filter(({ messages }) => messages > 0)
    .sort((left, right) => right.messages - left.messages);
}
