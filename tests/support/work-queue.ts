import { streamFields, type Wire } from "../../jetstream/fields";
import { marker } from "../../jetstream/ownership";
import { toWire } from "../../jetstream/wire";

/** A stream that is specified with limits, and deployed as a work queue. */

export const args = {
  account: "a",
  name: "S",
  region: "iad",
  subjects: ["s.>"],
  storage: "file",
  replicas: 1,
  retention: "limits",
  maxAge: "7d",
  maxMsgs: 100,
  duplicateWindow: "2m",
};
export const specified = toWire(streamFields, args);
export const owner = "supercluster/x";
export const queue: Wire = { ...specified, retention: "workqueue", metadata: marker(owner) };
