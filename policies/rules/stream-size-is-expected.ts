import { toBytes } from "../../config/units";
import { streamOf, streamType } from "../jetstream-resources";
import type { ResourceRule } from "../rule";

export const streamSizeIsExpected: ResourceRule<string> = {
  name: "stream-size-is-expected",
  description: "No stream reserves more than is usual, over all its replicas.",
  severity: "low",
  enforcementLevel: "advisory",
  why: "Disks are paid for whether they are full or not, and a large stream takes hours to copy to a new server.",
  remediation: "Check that this size is intended; raise most if it is",
  types: [streamType],
  setting: {
    name: "most",
    description: "What one stream may reserve in all, as a size with its unit.",
    schema: { type: "string", pattern: "^\\d+(KiB|MiB|GiB|TiB)$" },
    default: "64GiB",
  },
  violations(resource, most) {
    const { args, key } = streamOf(resource);
    const replicas = args.replicas ?? 1;
    return parseFloat(String(args.maxBytes)) > 0 && toBytes(args.maxBytes!) * replicas > toBytes(most)
      ? [`stream ${key} reserves ${args.maxBytes} ${replicas} times, more than ${most}`]
      : [];
  },
};
