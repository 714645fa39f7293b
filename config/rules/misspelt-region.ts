import { distance } from "fastest-levenshtein";
import { type Problem, joinPath } from "../problems";
import type { ValidationContext } from "./context";
import { list, text } from "./messages";
import { mirrors, streams, tenants } from "./scopes";

/**
 * One wrong name of a region is one mistake, wherever it stands: what follows from it is not reported. Names of regions
 * are short, so few edits count as a misspelling: one letter, or two that changed places.
 */

const isNear = (one: string, other: string): boolean =>
  distance(one, other) <= 1 ||
  (distance(one, other) === 2 && [...one].toSorted().join("") === [...other].toSorted().join(""));

/** Whether a region that stands nowhere among `names` is meant by one of them that is not a region. */
export const isMeantBy = (region: string, regions: readonly string[], names: readonly string[]): boolean =>
  !names.includes(region) && names.some((name) => !regions.includes(name) && isNear(name, region));

/** Names of regions in settings and tenants, each with the first place where it stands. */
function namedPlaces(context: ValidationContext): Map<string, string> {
  const { name, environment } = context;
  const at = (path: PropertyKey[], region: string): [string, string] => [region, joinPath(...path)];
  const keysOf = (all: object | undefined, ...path: string[]) =>
    Object.keys(all ?? {}).map((region) => at(["environments", name, ...path, region], region));
  const all = [
    ...keysOf(environment.byRegion, "byRegion"),
    ...(environment.target === "kubernetes"
      ? [
          ...keysOf(environment.kubernetes.clusters, "kubernetes", "clusters"),
          ...keysOf(environment.aws?.regions, "aws", "regions"),
        ]
      : keysOf(environment.serverTags, "serverTags")),
    ...tenants(context).map(({ path, tenant }) => at([...path, "home"], tenant.home)),
    ...streams(context).map(({ path, home }) => at([...path, "home"], home)),
    ...mirrors(context).map(({ path, region }) => at(path, region)),
  ];
  return new Map(all.toReversed());
}

/**
 * Names in `regions` that nothing else mentions, where something near is mentioned: one problem each, and the context
 * with the other name instead, for the rules to check the rest by.
 */
export function misspeltRegions(context: ValidationContext): { problems: Problem[]; corrected: ValidationContext } {
  const { name, environment } = context;
  const places = namedPlaces(context);
  const unknown = [...places.keys()].filter((each) => !environment.regions.includes(each));
  const found = environment.regions.flatMap((region, index) => {
    const meant = places.has(region) ? undefined : unknown.find((each) => isNear(each, region));
    return meant === undefined ? [] : [{ region, index, meant }];
  });
  const corrected = environment.regions.map(
    (region, index) => found.find((one) => one.index === index)?.meant ?? region,
  );
  return {
    problems: found.map(({ region, index, meant }) => ({
      path: joinPath("environments", name, "regions", index),
      message:
        `${text(region)} is named nowhere else, and ${text(meant)} is, which is not a region (${list([
          places.get(meant)!,
        ])}); write the same name in both. ` +
        "To remove a region, remove its streams and mirrors first (docs/runbooks/remove-a-region.md)",
    })),
    corrected: found.length ? { ...context, environment: { ...environment, regions: corrected } } : context,
  };
}
