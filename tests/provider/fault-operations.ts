import type { Args } from "../../jetstream/wire";
import { consumer, type Resource, stream } from "../support/provider-process";

/** One thing that an engine asks of the provider. */
export interface Operation {
  name: string;
  resource: Resource;
  /** What is there before; none: it is created. */
  olds?: (name: string) => Args;
  /** What is wanted; none: it is deleted. */
  news?: (name: string) => Args;
  /** Requests by which it is done. */
  writes: string[];
  /** Which of them a fault hits. */
  hit: number;
}

/** By the name of the stream: replicated, on files. */
export const streamArgs = (name: string): Args => ({
  account: "app",
  name,
  region: "iad",
  subjects: [`${name}.>`],
  retention: "limits",
  storage: "file",
  replicas: 3,
  maxBytes: "1MiB",
  discard: "old",
});
const consumerArgs = (name: string): Args => ({
  account: "app",
  stream: name,
  name: "c",
  ackPolicy: "explicit",
  deliverPolicy: "all",
});

const changed = { description: "changed" };

export const operations: Operation[] = [
  { name: "create of a stream", resource: stream, news: streamArgs, writes: ["STREAM.CREATE"], hit: 0 },
  {
    name: "update of a stream",
    resource: stream,
    olds: streamArgs,
    news: (name) => ({ ...streamArgs(name), ...changed }),
    writes: ["STREAM.UPDATE"],
    hit: 0,
  },
  {
    name: "scaling of a stream",
    resource: stream,
    olds: (name) => ({ ...streamArgs(name), replicas: 1 }),
    news: streamArgs,
    writes: ["STREAM.UPDATE"],
    hit: 0,
  },
  {
    name: "delete of a stream",
    resource: stream,
    olds: (name) => ({ ...streamArgs(name), deletionPolicy: "delete" }),
    writes: ["STREAM.DELETE"],
    hit: 0,
  },
  ...["as its subjects go", "as itself goes"].map((what, hit) => ({
    name: `delete of an empty stream, ${what}`,
    resource: stream,
    olds: (name: string) => ({ ...streamArgs(name), deletionPolicy: "delete-if-empty" }),
    writes: ["STREAM.UPDATE", "STREAM.DELETE"],
    hit,
  })),
  { name: "create of a consumer", resource: consumer, news: consumerArgs, writes: ["CONSUMER.CREATE"], hit: 0 },
  {
    name: "update of a consumer",
    resource: consumer,
    olds: consumerArgs,
    news: (name) => ({ ...consumerArgs(name), ...changed }),
    writes: ["CONSUMER.CREATE"],
    hit: 0,
  },
  {
    name: "pause of a consumer",
    resource: consumer,
    olds: consumerArgs,
    news: (name) => ({ ...consumerArgs(name), pauseUntil: "2099-01-01T00:00:00Z" }),
    writes: ["CONSUMER.PAUSE"],
    hit: 0,
  },
  {
    name: "delete of a consumer",
    resource: consumer,
    olds: (name) => ({ ...consumerArgs(name), deletionPolicy: "delete" }),
    writes: ["CONSUMER.DELETE"],
    hit: 0,
  },
];
