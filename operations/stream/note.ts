import type { Wire } from "../../jetstream/fields";

const labelsOf = ({ metadata }: Wire): Record<string, string> => metadata ?? {};

/**
 * What an earlier run stored under a label in the stream's metadata, as JSON; undefined when there is nothing. Pure.
 */
export function readNote<T>(config: Wire, label: string): T | undefined {
  const text = labelsOf(config)[label];
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** The configuration with a note in its metadata; without it when the value is undefined. Pure. */
export function withNote(config: Wire, label: string, value: unknown): Wire {
  const { [label]: _, ...others } = labelsOf(config);
  return { ...config, metadata: value === undefined ? others : { ...others, [label]: JSON.stringify(value) } };
}
