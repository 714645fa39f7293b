import { isDeepStrictEqual } from "node:util";
import { consumerFields } from "../../jetstream/fields";
import type { Info } from "../../jetstream/info";
import type { Args } from "../../jetstream/wire";
import { sumOf } from "../../config/assets/shared-limits";
import { overlaps } from "../../config/subjects";
import { copierOf, isCopier } from "../stream/copiers";
import { adoption, argumentsOf, defined, inOrder } from "./arguments";
import type { Draft, Place, Remark } from "./draft";
import { type LiveStream, nameOf } from "./live";

interface Durable {
  name: string;
  stream: string;
  filters: string[];
  /** All but its name, stream and filters. */
  spec: Args;
}

/** Durables by name; those that are alike on several streams are one. `held`: the subjects of each stream. */
export function consumersOf(
  streams: LiveStream[],
  held: Map<string, string[]>,
  place: Place,
): { consumers: Draft["consumers"]; leftOut: Remark[] } {
  const consumers: Draft["consumers"] = {};
  const leftOut: Remark[] = [];
  const sayable = streams.flatMap(({ info, consumers: found }) =>
    found.flatMap((consumer): Durable[] => {
      const durable = durableOf(nameOf(info), consumer, place);
      const message = unsayable(consumer, durable, held);
      if (message) leftOut.push({ at: `${durable.stream}/${durable.name}`, message });
      return message ? [] : [durable];
    }),
  );
  for (const [name, alike] of Map.groupBy(sayable, (durable) => durable.name)) {
    const [first] = alike as [Durable];
    const together: Durable[] = [];
    for (const durable of alike)
      if (isDeepStrictEqual(durable.spec, first.spec) && getTheirOwn([...together, durable], held))
        together.push(durable);
    const filters = [...new Set(together.flatMap((durable) => durable.filters))];
    const { mode, ...spec } = first.spec;
    consumers[name] = defined({
      mode,
      streams: together.map(({ stream }) => stream),
      filterSubjects: filters.length ? filters : undefined,
      ...sumOf(spec, together.length),
    });
    const others = alike.filter((durable) => !together.includes(durable));
    leftOut.push(
      ...others.map(({ stream, spec: other }) => ({
        at: `${stream}/${name}`,
        message:
          `differs from the durable of this name on ${first.stream} in ${unlike(first.spec, other)}; ` +
          "a tenant can have one durable per name",
      })),
    );
  }
  return { consumers, leftOut };
}

/** Why a tenant cannot declare this consumer; undefined if it can. */
function unsayable({ config }: Info, durable: Durable, held: Map<string, string[]>): string | undefined {
  if (isCopier(config)) return `is the servers' own: ${copierOf(config)} copies by it`;
  if (!config.durable_name) return "is not a durable: it is deleted when its client is gone";
  if (!getTheirOwn([durable], held))
    return (
      `has a filter that matches none of the stream's subjects, among ${durable.filters.join(", ")}, ` +
      "which a tenant's durables cannot have"
    );
  return undefined;
}

const ofDurables = [
  "mode",
  "description",
  "deliverSubject",
  "deliverGroup",
  "ackPolicy",
  "ackWait",
  "maxDeliver",
  "backoff",
  "maxAckPending",
  "deliverPolicy",
];

function durableOf(stream: string, consumer: Info, place: Place): Durable {
  const { config } = consumer;
  const { name: _, filterSubject: __, filterSubjects: ___, ...args } = argumentsOf(consumerFields, config);
  const {
    ack_policy: ackPolicy,
    deliver_policy: deliverPolicy,
    filter_subject: filter,
    filter_subjects: filters = [],
  } = config;
  return {
    name: nameOf(consumer),
    stream,
    filters: filter ? [filter] : filters,
    spec: inOrder(
      { mode: config.deliver_subject ? "push" : "pull", ...args, ackPolicy, deliverPolicy, ...adoption(config, place) },
      ofDurables,
    ),
  };
}

/** Whether each stream gets its own filters when all are written in one list: a stream gets those that are about it. */
function getTheirOwn(durables: Durable[], held: Map<string, string[]>): boolean {
  const filters = [...new Set(durables.flatMap((durable) => durable.filters))];
  return durables.every((durable) => {
    const about = filters.filter((filter) => held.get(durable.stream)!.some((subject) => overlaps(filter, subject)));
    return isDeepStrictEqual(about.toSorted(), durable.filters.toSorted());
  });
}

function unlike(left: Args, right: Args): string {
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].filter(
    (key) => !isDeepStrictEqual(left[key], right[key]),
  );
  return keys.length ? keys.join(", ") : "its filters";
}
