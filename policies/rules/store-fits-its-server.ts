import { memoryOfServer, usableOfVolume } from "../../config/rules/server-overhead";
import { toBytes } from "../../config/units";
import type { ResourceRule } from "../rule";
import { releaseType, configuredServers, valuesOf } from "../servers";

export const storeFitsItsServer: ResourceRule = {
  name: "store-fits-its-server",
  description: "JetStream's file store fits its formatted volume, and its memory store the container's memory limit.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "A disk that is full before JetStream's limit is reached stops the server, " +
    "and a container that exceeds its memory limit is killed: both affect every stream of the region.",
  remediation:
    `Leave a twentieth of the volume free, and ${memoryOfServer} of the memory to the server itself ` +
    "(storage, kubernetes.volume, kubernetes.resources)",
  types: [releaseType],
  violations(resource) {
    const values = valuesOf(resource);
    const jetstream = configuredServers(resource)?.config.jetstream;
    if (!values || !jetstream) return [];
    const stores = [
      {
        what: "file",
        most: jetstream.max_file_store,
        room: bytesOf(values.config?.jetstream?.fileStore?.pvc?.size) * usableOfVolume,
      },
      {
        what: "memory",
        most: jetstream.max_memory_store,
        room: bytesOf(values.container?.resources?.limits?.memory) - toBytes(memoryOfServer),
      },
    ];
    return stores.flatMap(({ what, most, room }) => {
      if (!(Number(most) > 0)) return [`${resource.name} has no limit for its ${what} store`];
      if (!(room > 0)) return [`${resource.name} has no size of what holds its ${what} store`];
      return Number(most) > room
        ? [`${resource.name} has a ${what} store of ${most} bytes, and room for ${Math.floor(room)}`]
        : [];
    });
  },
};

/** Bytes of a quantity of Kubernetes; its units have no B. */
const bytesOf = (quantity: string | undefined): number =>
  quantity === undefined ? 0 : toBytes(`${quantity.replace(/B$/, "")}B`);
