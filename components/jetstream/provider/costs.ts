import { changesOf } from "../changes";
import type { Wire } from "../fields";
import { droppedSubjects, type LossRule, streamLosses } from "../losses";
import { type Args, toWire } from "../wire";
import { read, readPages } from "./api";
import { ApiError } from "./errors";
import type { Info, StreamState } from "./info";
import { type AssetKind, idOf } from "./kinds";
import type { Account } from "./reconcile";

/** What a change would cost now. */
export interface Cost {
  /** Name under which `allowDataLoss` allows it. */
  change: string;
  effect: string;
  messages: number;
  /** Of so many in all. */
  of: number;
  bytes: number;
  /** The count follows from averages, because the exact one would take reading every message. */
  isEstimate: boolean;
  /** Consumers that have not acknowledged everything, most first. */
  behind: { name: string; messages: number }[];
}

/**
 * Costs of bringing what is deployed to what is wanted, by the counts of right now. Nothing is read where no change of the
 * specification can cost anything.
 */
export async function costsOf(kind: AssetKind, deployed: Args, args: Args, account: () => Promise<Account | undefined>): Promise<Cost[]> {
  const [from, to] = [toWire(kind.fields, deployed), toWire(kind.fields, args)];
  if (!isCostly(kind, from, to)) return [];
  const reachable = await account();
  if (!reachable) return [];
  try {
    const info = await read<Info>(reachable.connection, kind.subject("INFO", args), undefined, planMs);
    return await costsOfChange(kind, info, to, args, reachable);
  } catch (error) {
    // The write counts again, and is not done where that fails.
    if (!(error instanceof ApiError && error.isNotFound)) reachable.say(`warning: what changing ${idOf(kind, args)} costs could not be counted, so only \`up\` checks it: ${(error as Error).message}`);
    return [];
  }
}

/** A preview does not wait for servers that are down. */
const planMs = 10_000;

/** Costs of bringing what is there to a configuration. */
export async function costsOfChange(kind: AssetKind, info: Info, wanted: Wire, args: Args, account: Account): Promise<Cost[]> {
  const { rules, isReplaced } = costly(kind, info.config, wanted);
  if (isReplaced) return [await costOfDeletion(kind, info, args, account, "replace")];
  const costs = await Promise.all(
    rules.map(async ({ change, effect, count, evenIfEmpty = false }) => ({
      change,
      effect,
      evenIfEmpty,
      ...(await counters[count]({ info, wanted, args, account })),
      of: info.state!.messages,
      behind: await consumersBehind(args, account),
    })),
  );
  return costs.filter(({ messages, evenIfEmpty }) => messages > 0 || evenIfEmpty);
}

/** What goes when the asset is deleted: a stream's messages, a consumer's place among them. */
export async function costOfDeletion(kind: AssetKind, info: Info, args: Args, account: Account, change: string): Promise<Cost> {
  if (kind.what === "consumer") {
    const messages = (info.num_pending ?? 0) + (info.num_ack_pending ?? 0);
    return { change, effect: "lose the place among", messages, of: messages, bytes: 0, isEstimate: false, behind: [] };
  }
  const { messages, bytes } = info.state!;
  return { change, effect: "delete", messages, of: messages, bytes, isEstimate: false, behind: await consumersBehind(args, account) };
}

export const isCostly = (kind: AssetKind, from: Wire, to: Wire): boolean => {
  const { rules, isReplaced } = costly(kind, from, to);
  return isReplaced || rules.length > 0;
};

const costly = (kind: AssetKind, from: Wire, to: Wire) => ({
  rules: kind.what === "stream" ? streamLosses.filter(({ when }) => when(from, to)) : [],
  isReplaced: changesOf(kind.fields, from, to).some(({ refusal }) => refusal && !refusal.until),
});

/** Why a cost is more than the specification allows; undefined when it is not. */
export function excess(cost: Cost, args: Args): string | undefined {
  const allowed = ((args.allowDataLoss as { change: string; maxMessages: number }[] | undefined) ?? []).find(({ change }) => change === cost.change);
  if (allowed && cost.messages <= allowed.maxMessages) return undefined;
  const how = allowed
    ? `allowDataLoss allows ${number(allowed.maxMessages)}`
    : `if that is meant: allowDataLoss: [{ change: "${cost.change}", maxMessages: ${cost.messages} }]`;
  return `${describe(cost)}; ${how}`;
}

/** `would drop 812,345 of 1,000,000 messages, 3.1 GiB; consumer ANALYTICS is 40,112 behind`. */
export function describe({ effect, messages, of, bytes, isEstimate, behind }: Cost): string {
  const size = bytes > 0 ? `, ${readable(bytes)}` : "";
  const late = behind.slice(0, 3).map(({ name, messages: count }) => `consumer ${name} is ${number(count)} behind`);
  return [`would ${effect} ${isEstimate ? "about " : ""}${number(messages)} of ${number(of)} messages${size}`, ...late].join("; ");
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
  args: Args;
  account: Account;
}

type Count = Pick<Cost, "messages" | "bytes" | "isEstimate">;

const counters: Record<LossRule["count"], (counting: Counting) => Promise<Count> | Count> = {
  all: ({ info }) => exactly(info.state!, info.state!.messages),
  "over-messages": ({ info, wanted }) => exactly(info.state!, Math.max(0, info.state!.messages - (wanted.max_msgs as number))),
  "over-bytes"({ info: { state }, wanted }) {
    const bytes = Math.max(0, state!.bytes - (wanted.max_bytes as number));
    return { messages: Math.ceil((bytes / Math.max(1, state!.bytes)) * state!.messages), bytes, isEstimate: bytes > 0 };
  },
  async older({ info: { state }, wanted, args, account }) {
    const cutoff = Date.now() - (wanted.max_age as number) / 1e6;
    const kept = await firstSince(cutoff, state!, args, account);
    // Messages deleted in between are counted too: more than go, never fewer.
    return exactly(state!, Math.min(state!.messages, kept - state!.first_seq));
  },
  async "over-subject"({ info: { state }, wanted, args, account }) {
    const counts = await subjectCounts(args, account, ">");
    const limit = wanted.max_msgs_per_subject as number;
    return exactly(state!, counts.reduce((sum, [, count]) => sum + Math.max(0, count - limit), 0));
  },
  async "dropped-subjects"({ info, wanted, args, account }) {
    const counts = await Promise.all(droppedSubjects(info.config, wanted).map((subject) => subjectCounts(args, account, subject)));
    return { ...exactly(info.state!, counts.flat().reduce((sum, [, count]) => sum + count, 0)), bytes: 0 };
  },
  async "no-interest"({ info: { state }, args, account }) {
    // What the consumer that is furthest behind still wants is kept; of the rest nobody can tell without looking at each.
    const [furthest] = await consumersBehind(args, account);
    return exactly(state!, state!.messages - Math.min(state!.messages, furthest?.messages ?? 0));
  },
};

const exactly = ({ messages: all, bytes }: StreamState, messages: number): Count => ({
  messages,
  bytes: all ? Math.round((bytes / all) * messages) : 0,
  isEstimate: false,
});

/** Sequence of the first message that is not older; one past the last when all are. */
async function firstSince(cutoff: number, state: StreamState, { name }: Args, { connection }: Account): Promise<number> {
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
      return (await read<{ message: { seq: number; time: string } }>(connection, `STREAM.MSG.GET.${name}`, { seq, next_by_subj: ">" })).message;
    } catch (error) {
      if (error instanceof ApiError && error.errCode === 10037) return undefined;
      throw error;
    }
  }
}

/** How many messages are stored of each subject that matches. */
async function subjectCounts({ name }: Args, { connection }: Account, filter: string): Promise<[string, number][]> {
  return readPages(connection, `STREAM.INFO.${name}`, { subjects_filter: filter }, ({ state }: Info & Page) => Object.entries(state?.subjects ?? {}));
}

interface Page {
  total?: number;
  offset?: number;
  limit?: number;
}

async function consumersBehind({ name }: Args, { connection }: Account): Promise<Cost["behind"]> {
  const consumers = await readPages(connection, `CONSUMER.LIST.${name}`, {}, ({ consumers }: Page & { consumers?: (Info & { name: string })[] }) => consumers ?? []);
  return consumers
    .map(({ name: consumer, num_pending = 0, num_ack_pending = 0 }) => ({ name: consumer, messages: num_pending + num_ack_pending }))
    .filter(({ messages }) => messages > 0)
    .sort((left, right) => right.messages - left.messages);
}

/** Refuses what costs more than allowed. Whatever cannot be counted throws too: then nothing is changed. */
export async function refuseLoss(kind: AssetKind, info: Info, wanted: Wire, args: Args, account: Account): Promise<string[]> {
  const costs = await costsOfChange(kind, info, wanted, args, account);
  return costs.flatMap((cost) => {
    const reason = excess(cost, args);
    return reason ? [`${idOf(kind, args)}: ${cost.change} ${reason}`] : [];
  });
}
