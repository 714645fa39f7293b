import type { Wire } from "../../jetstream/fields";

/** What a run remembers of a stream, in the stream's own metadata, so that a later run knows it too. Pure. */

const labelsOf = ({ metadata }: Wire): Record<string, string> => metadata ?? {};

export function readNote<T>(config: Wire, label: string): T | undefined {
  const text = labelsOf(config)[label];
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** The configuration with the note, or without it. */
export function withNote(config: Wire, label: string, value: unknown): Wire {
  const { [label]: _, ...others } = labelsOf(config);
  return { ...config, metadata: value === undefined ? others : { ...others, [label]: JSON.stringify(value) } };
}
