import { isLocal, streamOf, streamType } from "../jetstream-resources";
import type { ResourceRule } from "../rule";

export const fileStreamHasThreeReplicas: ResourceRule = {
  name: "file-stream-has-three-replicas",
  description: "Outside local environments a stream in files has three replicas or five.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "With one replica its messages are on one disk, and are unavailable while its server is down. " +
    "An even number of replicas tolerates no more failures than one replica less.",
  remediation: "Write replicas: 3 in its tenant's file",
  types: [streamType],
  violations(resource) {
    const { args, key } = streamOf(resource);
    const { replicas = 1, storage = "file" } = args;
    return storage === "file" && !isLocal(resource) && (replicas < 3 || replicas % 2 === 0)
      ? [`stream ${key} has ${replicas === 1 ? "1 replica" : `${replicas} replicas`}`]
      : [];
  },
};
