import type { ResourceRule } from "../rule";
import { configuredServers, serverTypes } from "../servers";

export const storeIsEncrypted: ResourceRule = {
  name: "store-is-encrypted",
  description: "JetStream encrypts what it stores, with a key from the included file.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Anyone with a copy of a volume could read every stored message. " +
    "Streams have no encryption of their own; it is the servers'.",
  remediation: "Leave jetstream's cipher and key as components/supercluster writes them",
  types: serverTypes,
  violations(resource) {
    const jetstream = configuredServers(resource)?.config.jetstream;
    return jetstream && !(jetstream.cipher && jetstream.key$include)
      ? [`JetStream of ${resource.name} stores messages unencrypted`]
      : [];
  },
};
