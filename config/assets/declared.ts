import type { ConsumerAsset, StreamAsset } from "./asset";

/**
 * What a stack declares of one account, as far as one of its streams or durables has to know of the others: a subject
 * belongs to one stream, and a message of a work queue to one durable.
 */
export interface Declared {
  /** Subjects of each stream that must exist. A mirror has none. */
  streams: Record<string, string[]>;
  /** Filters of each durable of each work queue; one without filters takes all of it, which is `>`. */
  queues: Record<string, Record<string, string[]>>;
  /** Durables of each stream with `maxConsumers`, and that limit. */
  limited: Record<string, { maxConsumers: number; durables: string[] }>;
  /** Streams of other accounts, as `<account>/<stream>`, that copy one of these, by its name. Absent: none. */
  copied?: Record<string, string[]>;
}

/** What these assets declare, by account. */
export function declaredBy(streams: StreamAsset[], consumers: ConsumerAsset[]): Record<string, Declared> {
  const declared: Record<string, Declared> = {};
  for (const { account, name, spec } of streams) {
    const own = (declared[account] ??= { streams: {}, queues: {}, limited: {} });
    own.streams[name] = spec.subjects;
    if (spec.retention === "workqueue") own.queues[name] = {};
    if (spec.maxConsumers !== undefined) own.limited[name] = { maxConsumers: spec.maxConsumers, durables: [] };
  }
  for (const { account, name, copies = [] } of streams)
    for (const origin of copies) {
      const owner = declared[origin.account];
      if (owner) ((owner.copied ??= {})[origin.name] ??= []).push(`${account}/${name}`);
    }
  for (const { account, stream, name, filterSubjects } of consumers) {
    const own = declared[account];
    const queue = own?.queues[stream];
    if (queue) queue[name] = filtersOf(filterSubjects);
    own?.limited[stream]?.durables.push(name);
  }
  return declared;
}

/** The filters of a durable, none of which means all. */
export const filtersOf = (filters: string[]): string[] => (filters.length ? filters : [">"]);
