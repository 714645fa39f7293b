import { isDeepStrictEqual } from "node:util";
import { parkedSubject } from "../config/assets/standard";
import { overlaps } from "../config/subjects";
import type { Account } from "./account";
import { readPages } from "./api";
import { Refused } from "./errors";
import type { Info } from "./info";
import { type AssetKind, idOf, streamKind } from "./kinds";
import { gainedBy, type Member, takersFrom } from "./moves";
import { readInfo } from "./observe";
import { ownerOf } from "./ownership";
import type { AssetArgs } from "./schemas";
import { toWire } from "./wire";

/** Subjects that a stream is to have while another stream of the account has them, or gets some of its own. */
export interface Contest extends Member {
  /** The other streams. */
  partners: string[];
  /** The subjects that it has until those change too. */
  standing: string[] | undefined;
}

/**
 * How the subjects of a stream depend on other streams of its account; undefined where they do not, and without
 * knowledge of what the stack declares.
 *
 * @param found the stream as it exists
 * @throws `Refused` where another stream keeps a subject
 */
export async function contestOf(
  kind: AssetKind,
  args: AssetArgs,
  found: Info | undefined,
  account: Account,
): Promise<Contest | undefined> {
  const declared = account.moves?.declared.streams;
  if (!declared || kind.what !== "stream") return undefined;
  const { name } = args;
  const parked = [parkedSubject(name)];
  const wanted = toWire(kind.fields, args).subjects ?? [];
  // At a failover the stream gives its subjects first and its mirror takes them after it (stacks/jetstream.ts).
  if (found?.config.mirror ?? isDeepStrictEqual(wanted, parked)) return undefined;
  const standing = found ? found.config.subjects : parked;
  const member: Member = { name, found: standing ?? [], wanted };
  const holders = await holdersOf(name, gainedBy(member), account);
  const refusals = await refusalsOf(holders, account);
  if (refusals.length) throw new Refused(`${idOf(kind, args)}: ${refusals.join("; ")}. Nothing was changed.`);
  const partners = [...new Set([...holders.map(({ stream }) => stream), ...takersFrom(member, declared)])];
  return partners.length ? { ...member, standing, partners } : undefined;
}

/** Whether no other stream has its subjects any more or is to get one of it. */
export const isUncontested = async (member: Member, account: Account): Promise<boolean> =>
  takersFrom(member, account.moves!.declared.streams).length === 0 &&
  (await holdersOf(member.name, gainedBy(member), account)).length === 0;

/** A stream that captures a subject which another one is to have. */
interface Holder {
  subject: string;
  stream: string;
}

/** Other streams of the account that capture these subjects now. */
export async function holdersOf(name: string, subjects: string[], { connection }: Account): Promise<Holder[]> {
  const found = await Promise.all(
    subjects.map(async (subject) => {
      const streams = await readPages(connection, "STREAM.NAMES", { subject }, (page: NamesPage) => page.streams ?? []);
      return streams.filter((stream) => stream !== name).map((stream) => ({ subject, stream }));
    }),
  );
  return found.flat();
}

/** Shape: nats-server's JSApiStreamNamesResponse. */
interface NamesPage {
  total?: number;
  offset?: number;
  limit?: number;
  streams?: string[] | null;
}

/** Why subjects cannot be taken from their holders: those that do not give them up in the same run. */
export async function refusalsOf(holders: Holder[], account: Account): Promise<string[]> {
  const declared = account.moves!.declared.streams;
  const keeping = holders.filter(({ subject, stream }) =>
    (declared[stream] ?? [subject]).some((own) => overlaps(own, subject)),
  );
  return Promise.all(keeping.map((holder) => refusalOf(holder, account)));
}

async function refusalOf({ subject, stream }: Holder, account: Account): Promise<string> {
  const info = await readInfo(streamKind, { name: stream }, account);
  const isFormer = info !== undefined && ownerOf(info.config) === account.owner;
  return (
    `${subject} is captured by stream ${stream} (error 10065), which this stack ` +
    (isFormer
      ? "no longer declares (or leaves as it is, in a degraded region): it would be deleted after this change, or " +
        `never where it is retained. Take two releases: first declare ${stream} again, with subjects: ` +
        `["${parkedSubject(stream)}"]; then take it out`
      : "does not declare: an application or a person created it. Declare it without this subject (adopt: true), " +
        "narrow one of the two, or delete it") +
    "; docs/runbooks/move-subjects.md"
  );
}
