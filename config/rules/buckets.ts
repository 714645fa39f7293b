import { isDeepStrictEqual } from "node:util";
import { bucketsOf } from "../assets/buckets";
import { joinPath, type Problem } from "../problems";
import { renamedFields } from "../schema/bucket";
import type { ValidationContext } from "./context";
import { type Rule, rule } from "./rule";
import { tenants } from "./scopes";

/** Buckets of every tenant. */
const buckets = (context: ValidationContext) =>
  tenants(context).flatMap(({ path, key, tenant }) =>
    bucketsOf(tenant).map(({ kind, bucket, stream, spec }) => ({
      path: [...path, kind, bucket],
      streamPath: [...path, "streams", stream],
      key,
      tenant,
      stream,
      spec,
    })),
  );

/** What streams call their fields, with what buckets call them; text of a path, so that only the first name counts. */
const fieldNames = Object.entries(renamedFields).flatMap(([field, ofStream]) =>
  ofStream.map((name): [string, string] => [name, field]),
);

/** The place in a bucket of what is wrong with its stream: subjects and mirrors' limits follow from the bucket. */
function inBucket(rest: string): string {
  const [, mirror, field] = /^(\.mirrors\.[^.[]+)\.(\w+)/.exec(rest) ?? [];
  if (mirror && fieldNames.some(([name]) => name === field)) return mirror;
  const [, source] = /^(\.sources\[\d+\])/.exec(rest) ?? [];
  if (source) return source;
  if (/^\.(subjects|retention|discard)\b/.test(rest)) return "";
  const renamed = fieldNames.find(([name]) => new RegExp(`^\\.${name}\\b`).test(rest));
  return renamed ? `.${renamed[1]}${rest.slice(renamed[0].length + 1)}` : rest;
}

/** Problems of buckets' streams, where the buckets stand. */
export function atBuckets(problems: Problem[], context: ValidationContext): Problem[] {
  const places = buckets(context).map((scope) => [joinPath(...scope.streamPath), joinPath(...scope.path)] as const);
  return problems.map((problem) => {
    const place = places.find(
      ([stream]) => problem.path.startsWith(stream) && /^(?:[.[]|$)/.test(problem.path.slice(stream.length)),
    );
    return place ? { ...problem, path: place[1] + inBucket(problem.path.slice(place[0].length)) } : problem;
  });
}

export const bucketRules: Rule[] = [
  rule({
    each: buckets,
    // What is declared twice has been taken from the tenant's streams.
    when: ({ tenant, stream, spec }) => !isDeepStrictEqual(tenant.streams[stream], spec),
    message: ({ stream }) => `its stream, ${stream}, is also in the tenant's streams (10058); keep one of the two`,
  }),
];
