import type { SemVer } from "semver";
// By file: the whole package takes several times as long to load, at every start.
import coerce = require("semver/functions/coerce");
import compare = require("semver/functions/compare");

/**
 * Versions of servers, e.g. `2.14.4` or `2.15.0-RC.1`. Only their three numbers count: a release candidate has what its
 * release has. A text without a number is the lowest version of all.
 */
const numbers = (version: string): SemVer | string => coerce(version) ?? "0.0.0";

/** Whether `version` is `wanted` or later. */
export const isAtLeast = (version: string, wanted: string): boolean => byVersion(version, wanted) >= 0;

/** Orders versions, lowest first, as `Array.sort` takes it. */
export const byVersion = (left: string, right: string): number => compare(numbers(left), numbers(right));
