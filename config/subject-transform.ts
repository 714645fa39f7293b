import { covers, intersection, isSubject, overlaps } from "./subjects";

/** Destinations of subject transforms: `orders.{{wildcard(1)}}`. Source: server/subject_transform.go. */

/** Arguments of a function; an index counts the wildcards of the source, from 1. */
type Argument = "index" | "number" | "text";

const functions: Record<string, readonly Argument[]> = {
  wildcard: ["index"],
  // Any number of indexes may follow.
  partition: ["number"],
  splitfromleft: ["index", "number"],
  splitfromright: ["index", "number"],
  slicefromleft: ["index", "number"],
  slicefromright: ["index", "number"],
  left: ["index", "number"],
  right: ["index", "number"],
  split: ["index", "text"],
  random: ["number"],
};

interface Mistake {
  found: string;
  instead: string;
}

const isNumber = (value: string): boolean => /^\d+$/.test(value);

/**
 * What is wrong with a destination for this source (default: all subjects), and what to write instead; `undefined` if
 * nothing is.
 */
export function transformMistake(source: string | undefined, destination: string): Mistake | undefined {
  const from = source ?? ">";
  const tokens = destination.split(".");
  const wildcards = from.split(".").filter((token) => token === "*").length;
  if (tokens.includes("*"))
    return { found: 'has "*", which refers to no wildcard of its source', instead: 'write e.g. "{{wildcard(1)}}"' };
  if (!isSubject(tokens.map((token) => (token.startsWith("{{") ? "x" : token)).join(".")))
    return { found: "is not a subject", instead: 'write e.g. "archive.>"' };
  if (from.endsWith(">") !== destination.endsWith(">"))
    return { found: `does not fit its source (${from})`, instead: 'end both in ">", or neither' };
  return tokens
    .map((token) => tokenMistake(token, wildcards, !/[*>]/.test(from)))
    .find((mistake) => mistake !== undefined);
}

function tokenMistake(token: string, wildcards: number, isWholeSubject: boolean): Mistake | undefined {
  const [, positional] = /^\$(\d+)$/.exec(token) ?? [];
  if (positional === undefined && !/\{\{|\}\}/.test(token)) return undefined;
  const [, name = "", given = ""] =
    positional === undefined ? (/^\{\{\s*(\w+)\s*\((.*)\)\s*\}\}$/.exec(token) ?? []) : ["", "wildcard", positional];
  const takes = functions[name.toLowerCase()];
  if (!takes)
    return {
      found: `has ${token}, which is not a function`,
      instead: `write e.g. "{{wildcard(1)}}"; known: ${Object.keys(functions).join(", ")}`,
    };
  const values = given.split(",").map((value) => value.trim());
  const isPartition = takes === functions.partition;
  const kinds = values.map((_, index) => takes[index] ?? (isPartition ? "index" : undefined));
  const fits =
    values.length >= takes.length &&
    kinds.every((kind, index) => (kind === "text" ? values[index] : kind && isNumber(values[index]!)));
  if (!fits)
    return {
      found: `has ${token}`,
      instead: `${name} takes ${[...takes, ...(isPartition ? ["indexes"] : [])].join(", ")}`,
    };
  const isBeyond =
    values.some((value, index) => kinds[index] === "index" && (Number(value) < 1 || Number(value) > wildcards)) &&
    !(isPartition && isWholeSubject);
  return isBeyond
    ? {
        found: `has ${token}, and its source has ${wildcards || "no"} "*"`,
        instead: 'count wildcards from 1, or add "*" to the source',
      }
    : undefined;
}

/** Subject with wildcards that covers all that a destination produces: `orders.*` for `orders.{{wildcard(1)}}`. */
export const destinationSubject = (destination: string): string =>
  destination
    .split(".")
    .map((token) => (/\{\{|^\$\d+$/.test(token) ? "*" : token))
    .join(".");

/**
 * What a destination makes of a subject, or of a pattern, that its source covers: `orders.v2.eu` of `orders.eu`, for
 * `orders.*` and `orders.v2.{{wildcard(1)}}`. A token that another function makes is `*`.
 */
export function transformed(source: string, destination: string, subject: string): string {
  const [from, tokens] = [source.split("."), subject.split(".")];
  const wildcards = from.flatMap((token, index) => (token === "*" ? [tokens[index]!] : []));
  return destination
    .split(".")
    .flatMap((token) => {
      if (token === ">") return tokens.slice(from.length - 1);
      const [, named, numbered] = /^(?:\{\{\s*wildcard\s*\(\s*(\d+)\s*\)\s*\}\}|\$(\d+))$/i.exec(token) ?? [];
      const index = named ?? numbered;
      return index === undefined ? destinationSubject(token) : (wildcards[Number(index) - 1] ?? "*");
    })
    .join(".");
}

/** What of a stream decides under which subjects its messages are stored. */
interface Renaming {
  subjects?: readonly string[];
  sources?: readonly unknown[];
  subjectTransform?: { src?: string; dest: string };
}

/**
 * Whether a stream renames every message that a filter matches before it stores it, to subjects that the filter does
 * not match. Its own messages and those that it collects are renamed alike (server/stream.go, processJetStreamMsg).
 */
export function isRenamedAway({ subjects = [], sources, subjectTransform }: Renaming, filter: string): boolean {
  if (!subjectTransform) return false;
  const { src = ">", dest } = subjectTransform;
  if (overlaps(filter, destinationSubject(dest))) return false;
  return (sources?.length ? [">"] : subjects).every((subject) => {
    const arriving = intersection(subject, filter);
    return arriving === undefined || covers(src, arriving);
  });
}
