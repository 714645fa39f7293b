import type { WorkerAsset } from "../../config/assets/workers";
import { plural } from "../../config/plural";
import type { Start } from "../../config/schema/failover";
import { unknownDurables } from "./durable-starts";
import type { FailoverOptions } from "./failover";
import type { FailoverPair } from "./failover-pair";
import { startText } from "./positions";
import type { FailoverFacts, StreamLookup } from "./steps";

/** What is known before a failover, a line each: above all, which messages the mirror may lack. */
export async function describeFailover(
  pair: FailoverPair,
  { home, mirrors }: FailoverFacts,
  { to, start }: FailoverOptions,
): Promise<string[]> {
  const { name, region } = pair.stream;
  const { name: mirror } = pair.mirrorIn(to);
  const copy = mirrors.find((one) => one.region === to)!.found;
  const info = await pair.infoOf(mirror);
  const source = typeof info === "object" ? info.mirror : undefined;
  const heard =
    source && source.active >= 0 ? `, last heard from ${name} ${Math.round(source.active / 1e9)} s ago` : "";
  return [
    `${name} (${region}): ${contentText(home)}`,
    `${mirror} (${to}): ${contentText(copy)}${source ? `, lag as last known ${source.lag}${heard}` : ""}`,
    missingText({ name, region, mirror }, home, copy),
    ...unreadText(
      { name, mirror },
      pair.durables.map((durable) => durable.name),
      pair.workers,
    ),
    ...unknownText(await unknownDurables(pair), mirror, start),
  ];
}

/** Durables that begin where `--start` says, in one line: a stream may have many. Pure. */
export function unknownText(durables: readonly string[], mirror: string, start: Start): string[] {
  const [first, ...others] = durables;
  if (first === undefined) return [];
  const who = others.length ? `${plural(durables.length, "durable")} (${durables.join(", ")})` : `durable ${first}`;
  const [their, they, begin] = others.length
    ? ["their positions are", "they", "begin"]
    : ["its position is", "it", "begins"];
  return [`${who}: ${their} unknown, so on ${mirror} ${they} ${begin} with ${startText(start)} (--start)`];
}

/**
 * The durables of a stream that workers read now: on its mirror, which has another name, none does. Pure.
 *
 * @param durables of the stream
 */
export function unreadText(
  { name, mirror }: { name: string; mirror: string },
  durables: readonly string[],
  workers: readonly Pick<WorkerAsset, "durables">[],
): string[] {
  const read = workers.flatMap((worker) => worker.durables).filter(({ stream }) => stream === name);
  const unread = durables.filter((durable) => read.some((one) => one.name === durable));
  if (unread.length === 0) return [];
  return [
    `no worker reads ${mirror}: what it stores for ${unread.join(", ")} waits there until the failback, ` +
      "within its limits",
  ];
}

const contentText = (found: StreamLookup): string =>
  typeof found === "object" ? `${plural(found.messages, "message")}, up to sequence ${found.lastSeq}` : found;

/** Which messages of the stream the mirror lacks. Pure. */
export function missingText(
  { name, region, mirror }: { name: string; region: string; mirror: string },
  home: StreamLookup,
  copy: StreamLookup,
): string {
  if (typeof home !== "object" || typeof copy !== "object")
    return (
      `messages that ${name} stored after that sequence are not in ${mirror}: ` +
      `they are back when ${region} is, if its disks are`
    );
  const behind = home.lastSeq - copy.lastSeq;
  return behind > 0
    ? `${plural(behind, "message")} of ${name} still to be copied; the failover waits for that`
    : `nothing of ${name} is missing in ${mirror}`;
}
