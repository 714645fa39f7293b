import { exceptions, isExcepted, isLocal, streamOf, streamType } from "../jetstream-resources";
import type { ResourceRule } from "../rule";

export const memoryStreamHasThreeReplicas: ResourceRule<string[]> = {
  name: "memory-stream-has-three-replicas",
  description: "Outside local environments a stream in memory has three replicas or five, unless it is excepted.",
  severity: "medium",
  enforcementLevel: "mandatory",
  why:
    "With one replica every restart of its server empties it, also at an upgrade. " +
    "With three it survives the restart of any one server.",
  remediation: "Write replicas: 3 in its tenant's file, or except it where its messages may be lost",
  types: [streamType],
  setting: exceptions("Streams", "arrakis/INTERNAL"),
  violations(resource, except) {
    const { args, key } = streamOf(resource);
    const { replicas = 1, storage } = args;
    const isFragile = storage === "memory" && !isLocal(resource) && (replicas < 3 || replicas % 2 === 0);
    return isFragile && !isExcepted(key, except)
      ? [`stream ${key} is in memory with ${replicas === 1 ? "1 replica" : `${replicas} replicas`}`]
      : [];
  },
};
