import type { Difference } from "../../jetstream/wire";
import { subjectsByStream } from "../../config/assets/assets";
import { deadLetterNames } from "../../workers/messaging/contract";
import { canary } from "../../config/assets/standard";
import { asTenant, type Draft, type ImportedTenant, type Place } from "./draft";
import { consumersOf } from "./durables";
import { type LiveAccount, nameOf } from "./live";
import { comparison, decisionsOf } from "./outcome";
import { draftOf, isCopyAcross, originOf } from "./streams";

/** The tenant that declares what a live account holds. Pure. */
export function tenantOf(live: LiveAccount, place: Place): ImportedTenant {
  const { copies: letters, events, replays } = deadLetterNames;
  const derived: string[] = [canary.stream, ...(place.declared?.deadLetters ? [letters, events, replays] : [])];
  const own = live.streams.filter(({ info }) => !derived.includes(nameOf(info)));
  const origins = own.filter((stream) => stream.info.config.mirror === undefined || isCopyAcross(stream));
  const mirrors = own.filter((stream) => !origins.includes(stream));
  const named = mirrors.filter((mirror) => originOf(mirror, origins, place));
  const { differing } = comparison(draftOf(origins, named, place), own, place);
  const copies = named.filter(({ info }) => !differing.has(nameOf(info)));

  const streams = draftOf(origins, copies, place);
  const { consumers, leftOut } = consumersOf([...origins, ...copies], subjectsByStream(asTenant(streams)), place);
  const tenant: Draft = { ...streams, consumers };
  const { remarks } = comparison(tenant, own, place);
  return {
    tenant,
    toDecide: decisionsOf(tenant, place),
    leftOut: [
      ...mirrors
        .filter((mirror) => !copies.includes(mirror))
        .map(({ info, consumers: durables }) => ({
          at: nameOf(info),
          message:
            unlikeMirror(differing.get(nameOf(info))) +
            (durables.length ? `; its durables: ${durables.map(nameOf).join(", ")}` : ""),
        })),
      ...leftOut,
      ...live.missing.map((at) => ({ at, message: "no server answered for it; import again when its region is up" })),
    ],
    changes: remarks,
  };
}

const unlikeMirror = (differing: Difference[] = []): string =>
  differing.length
    ? "is a mirror, but differs from what a tenant's mirror would be in " +
      differing.map(({ field }) => field).join(", ")
    : "is a mirror that a tenant cannot declare: it must copy all of a stream of this account, " +
      "be named <STREAM>-<region>, and be in that region";
