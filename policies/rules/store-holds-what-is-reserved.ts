import { serversIn, storageIn } from "../../config/sizes";
import { toBytes } from "../../config/units";
import { jetstreamResources, environmentOf, streamType } from "../jetstream-resources";
import type { StackRule } from "../rule";

export const storeHoldsWhatIsReserved: StackRule<number> = {
  name: "store-holds-what-is-reserved",
  description:
    "What the streams and mirrors of a region reserve by maxBytes leaves a part of its servers' stores free.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Servers reserve maxBytes of every replica. When nothing is left the next stream is refused (error " +
    "10047), and a failover or a move of a stream, which need room for a copy, fail when they are needed.",
  notSeen: "What another team's jetstream stack reserves in the same servers.",
  remediation: "Lower maxBytes of what needs less, or raise storage of the environment and its volumes",
  types: [streamType],
  setting: {
    name: "headroom",
    description: "What has to stay free, in per cent of a store.",
    schema: { type: "integer", minimum: 0, maximum: 90 },
    default: 10,
  },
  violationsOfStack(resources, headroom) {
    const { streams } = jetstreamResources(resources);
    const groups = Map.groupBy(streams, ({ args: { region, storage = "file" } }) => `${storage} ${region}`);
    return [...groups].flatMap(([group, members]) => {
      const [storage, region] = group.split(" ") as ["file" | "memory", string];
      const environment = environmentOf(members[0]!.resource);
      if (!environment) return [];
      const reserved = members.map(({ args, resource }) => ({
        resource,
        bytes: (bytesOf(args.maxBytes) * (args.replicas ?? 1)) / serversIn(environment, region),
      }));
      const sum = reserved.reduce((total, { bytes }) => total + bytes, 0);
      const size = storageIn(environment, region)[storage];
      const room = toBytes(size) * (1 - headroom / 100);
      const largest = reserved.reduce((a, b) => (b.bytes > a.bytes ? b : a)).resource;
      const message =
        `streams of ${region} reserve ${inGiB(sum)} of ${storage} on each server, ` +
        `of ${size} less ${headroom}% (the largest is ${largest.name})`;
      return sum > room ? [{ resource: largest, message }] : [];
    });
  },
};

/** What has no limit reserves nothing. */
const bytesOf = (size: string | undefined): number => (parseFloat(String(size)) > 0 ? toBytes(size!) : 0);

const inGiB = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)}GiB`;
