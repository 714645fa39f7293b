import { table } from "../../cli/render/table";
import { fit, type Point, reached } from "./fit";
import type { Part, Sample } from "./part";

/** What a part has measured, in the order of its numbers. */
export type Measured = readonly (readonly [count: number, sample: Sample])[];

/** Three digits that matter, or all before the point. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return "unknown";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** A table of what was measured with its model, and one of what is extrapolated by it: where limits are reached. */
export function report({ of, what, limits = [] }: Part, measured: Measured): string {
  const counts = measured.map(([count]) => figure(count));
  const measures = [...new Set(measured.flatMap(([, sample]) => Object.keys(sample)))];
  const pointsOf = (measure: string) =>
    measured.flatMap(([count, sample]): Point[] => (sample[measure] === undefined ? [] : [[count, sample[measure]]]));
  const rows = measures.map((measure) => {
    const line = fit(pointsOf(measure));
    return [
      measure,
      ...measured.map(([, sample]) => (sample[measure] === undefined ? "" : figure(sample[measure]))),
      ...(line ? [line.base, line.each, line.error].map((value) => (value === undefined ? "" : figure(value))) : []),
    ];
  });
  const ends = limits.flatMap(({ measure, at, why }) => {
    const line = fit(pointsOf(measure));
    const end = line && reached(line, at);
    return end ? [[measure, figure(at), figure(end.at), `${figure(end.from)} to ${figure(end.to)}`, why]] : [];
  });
  return [
    `${of}: ${what}`,
    table(["", ...counts, "base", "each", "error"], rows),
    ...(ends.length > 0
      ? [table(["extrapolated: where it is reached", "limit", of, "by the error of each", "limit of"], ends)]
      : []),
  ].join("\n\n");
}
