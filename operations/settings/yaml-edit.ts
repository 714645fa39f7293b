import { isMap, isScalar, type Pair, parseDocument, type ParsedNode, Scalar, stringify, type YAMLMap } from "yaml";

type Entries = YAMLMap.Parsed;
type Entry = Pair<ParsedNode, ParsedNode | null>;

/**
 * A YAML text with one setting written, or taken out together with the maps that are empty then. Every other character
 * stays as it is, comments included. Pure.
 *
 * @param path keys of maps; at least the first must be there
 * @param value undefined: taken out
 */
export function withSetting(text: string, path: readonly string[], value: string | undefined): string {
  const found = entriesAt(text, path);
  const last = found.at(-1);
  if (!last) throw new Error(`the text has no key ${path[0]}`);
  if (found.length === path.length) {
    if (value === undefined) return withoutLast(text, found);
    if (!isScalar(last.value)) throw new Error(`${path.join(".")} is not a single value`);
    const [start, end] = rangeOf(last.value);
    return text.slice(0, start) + scalar(value) + text.slice(end);
  }
  if (value === undefined) return text;
  if (!isMap(last.value)) throw new Error(`${path.slice(0, found.length).join(".")} is not a map`);
  return inserted(text, last as Entry & { value: Entries }, path.slice(found.length), value);
}

/** The pairs of a path, as far as there are any. */
function entriesAt(text: string, path: readonly string[]): Entry[] {
  const entries: Entry[] = [];
  let node: unknown = parseDocument(text).contents;
  for (const key of path) {
    if (!isMap(node)) break;
    const entry = (node as Entries).items.find((item) => isScalar(item.key) && item.key.value === key);
    if (!entry) break;
    entries.push(entry);
    node = entry.value;
  }
  return entries;
}

/** Behind a first value of one line, which says what the map is (`target: local`); else before all. */
function inserted(
  text: string,
  { key, value: map }: Entry & { value: Entries },
  path: string[],
  value: string,
): string {
  const nested = (keys: readonly string[], indent: string): string =>
    keys.length === 1
      ? `${indent}${keys[0]}: ${scalar(value)}\n`
      : `${indent}${keys[0]}:\n${nested(keys.slice(1), `${indent}  `)}`;
  if (map.flow) {
    const at = rangeOf(map)[0] + 1;
    const inner = path.reduceRight((rest, one) => `${one}: ${rest === "" ? scalar(value) : `{ ${rest} }`}`, "");
    return `${text.slice(0, at)} ${inner}${map.items.length ? "," : " "}${text.slice(at)}`;
  }
  const first = map.items[0]!;
  const column = rangeOf(first.key)[0] - (text.lastIndexOf("\n", rangeOf(first.key)[0]) + 1);
  const before = isScalar(first.value) ? rangeOf(first.value)[1] : rangeOf(key)[1];
  const at = text.indexOf("\n", before) + 1;
  return text.slice(0, at) + nested(path, " ".repeat(column)) + text.slice(at);
}

/** Takes out the last pair, and each before it that would be left with nothing. */
function withoutLast(text: string, entries: Entry[]): string {
  const kept = entries.findLastIndex(({ value }) => isMap(value) && value.items.length > 1);
  const out = entries[kept + 1]!;
  const map = entries[kept]?.value as Entries | undefined;
  const start = rangeOf(out.key)[0];
  const end = rangeOf(out.value ?? out.key)[1];
  if (map?.flow) {
    const index = map.items.indexOf(out);
    const next = map.items[index + 1];
    if (next) return text.slice(0, start) + text.slice(rangeOf(next.key)[0]);
    return text.slice(0, rangeOf(map.items[index - 1]!.value!)[1]) + text.slice(end);
  }
  const lineStart = text.lastIndexOf("\n", start) + 1;
  // A block's own range ends behind its last line break.
  const lineEnd = text[end - 1] === "\n" ? end : text.indexOf("\n", end) + 1;
  return text.slice(0, lineStart) + text.slice(lineEnd);
}

const rangeOf = ({ range }: ParsedNode): [number, number, number] => range;

const scalar = (value: string): string => stringify(new Scalar(value)).trim();
