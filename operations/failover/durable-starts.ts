import type { ConsumerAsset } from "../../config/assets/asset";
import type { Start } from "../../config/schema/failover";
import { Failure } from "../../engine/failure";
import type { FailoverPair } from "./failover-pair";
import { startAfter, startOf } from "./positions";

/** Durables of a stream during a failover: which are to be created on the mirror, and where each begins. */

/** Durables that the failover setting specifies for the mirror and that do not exist there. */
export async function missingDurables(pair: FailoverPair, to: string): Promise<ConsumerAsset[]> {
  const failover = pair.setting.read();
  if (failover?.to !== to) return [];
  const { name: mirror } = pair.mirrorIn(to);
  const wanted = pair
    .failedOver(failover)
    .consumers.filter(
      ({ stream, name }) => stream === mirror && pair.durables.some((durable) => durable.name === name),
    );
  const found = await Promise.all(wanted.map(({ name }) => pair.consumerInfo(mirror, name)));
  return wanted.filter((_, index) => found[index] === "missing");
}

/**
 * Where each durable begins on the mirror: as the one that exists there began; else after what the one at home has
 * acknowledged; else, where neither is known, at `start`.
 */
export async function durableStarts(pair: FailoverPair, to: string, start: Start): Promise<Record<string, Start>> {
  const { name: mirror } = pair.mirrorIn(to);
  const copy = await pair.look(mirror);
  if (typeof copy !== "object")
    throw new Failure(`${mirror} is ${copy}; run the command again when its servers answer`);
  const isSpecifiedThere = (name: string) =>
    pair.durablesOfMirrors.some((durable) => durable.stream === mirror && durable.name === name);
  const starts = await Promise.all(
    pair.durables
      .filter(({ name }) => !isSpecifiedThere(name))
      .map(async ({ name }): Promise<[string, Start]> => {
        const [there, home] = await Promise.all([
          pair.consumerInfo(mirror, name),
          pair.consumerInfo(pair.stream.name, name),
        ]);
        if (typeof there === "object") return [name, startOf(there.config)];
        if (typeof home !== "object") return [name, start];
        return [name, startAfter({ floor: home.ack_floor.stream_seq }, copy.lastSeq)];
      }),
  );
  return Object.fromEntries(starts);
}

/** Durables whose position is unknown because the home region does not answer. */
export async function unknownDurables(pair: FailoverPair): Promise<string[]> {
  if (pair.setting.read()) return [];
  const infos = await Promise.all(pair.durables.map(({ name }) => pair.consumerInfo(pair.stream.name, name)));
  return pair.durables.filter((_, index) => typeof infos[index] !== "object").map(({ name }) => name);
}
