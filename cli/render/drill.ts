import { monthlyBudget, type Unavailability } from "../../operations/drills/measure";
import type { Drill } from "../../operations/drills/drill";
import { boundMs, type DrillResult, type NotMeasured } from "../../operations/drills/report";
import { table } from "./table";

type Style = (head: string) => string;

const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;

const gap = (found: Unavailability | undefined): string => (found ? seconds(found.longest) : "");

/** What each drill does, what it touches, how long it takes and how it is undone. */
export function renderDrills(drills: readonly Drill[], style: Style): string {
  return drills
    .flatMap((drill) => [
      style(drill.name),
      `  does        ${drill.does}`,
      `  touches     ${drill.touches}`,
      `  undone by   ${drill.undo}`,
      `  takes       about ${drill.takesSeconds} s, ${drill.holdSeconds} s of them the accident (--hold)`,
      `  expected    no gap over ${bound(drill, "home")} in the region, ${bound(drill, "elsewhere")} elsewhere`,
      ...(drill.expected.alerts
        ? [`  alerts      ${drill.expected.alerts.join(", ")}, each where --hold is a minute longer than it waits`]
        : []),
      `  production  ${drill.production === "confirmed" ? "with --yes-drill <env>" : drill.production.refused}`,
      "",
    ])
    .join("\n")
    .trimEnd();
}

const bound = ({ expected, holdSeconds }: Drill, where: "home" | "elsewhere"): string =>
  seconds(boundMs(expected[where], holdSeconds * 1_000));

/** One drill, by stream. */
export function renderDrill(result: DrillResult, style: Style): string {
  const rows = result.streams.map(({ account, stream, kept, home, elsewhere, ...counts }) => [
    ...[`${account}/${stream}`, kept, gap(home), elsewhere ? gap(elsewhere) : "", seconds(home.unavailable)],
    ...[String(counts.published), String(counts.acknowledged), String(counts.lost.length)],
  ]);
  const heads = ["STREAM", "KEPT", "GAP", "ELSEWHERE", "UNAVAILABLE", "PUBLISHED", "ACKNOWLEDGED", "LOST"];
  const lost = result.streams.flatMap(({ account, stream, lost }) =>
    [...Map.groupBy(lost, ({ why }) => why)].map(
      ([why, { length, 0: first }]) => `  lost: ${account}/${stream}: ${length}, first ${first!.id}: ${why}`,
    ),
  );
  return [
    `\n${result.name}`,
    ...result.notes.map((note) => `  ${note}`),
    table(heads, rows, style),
    ...(result.unmeasured.length > 0 ? [`no user may publish to ${result.unmeasured.join(", ")}`] : []),
    `measured by a process that was itself busy for at most ${result.ownDelayMs.toFixed(0)} ms`,
    ...lost,
    ...result.missed.map((what) => `  missed: ${what}`),
  ].join("\n");
}

/** All drills beside what 99.99 % allows. */
export function renderTable(results: readonly (DrillResult | NotMeasured)[], style: Style): string {
  const heads = [
    ...["DRILL", "HELD", "GAP", "ELSEWHERE", "UNAVAILABLE", "OF A MONTH", "RECOVERED", "LOST", "EXPECTED", "ALERTS"],
  ];
  const rows = results.map((one) => {
    if ("why" in one) return [one.name, "", "", "", "", "", "", "", one.failed ? "failed" : "not here", ""];
    const lost = (kept: RegExp) =>
      one.streams.reduce((sum, stream) => sum + (kept.test(stream.kept) ? stream.lost.length : 0), 0);
    const inMemory = lost(/memory/);
    const unavailable = Math.max(one.home.unavailable, one.elsewhere?.unavailable ?? 0);
    return [
      ...[one.name, seconds(one.holdMs), gap(one.home), gap(one.elsewhere), seconds(unavailable)],
      `${((100 * unavailable) / monthlyBudget).toFixed(0)} %`,
      one.recoveredMs === undefined ? "no" : seconds(one.recoveredMs),
      ...[
        `${lost(/file/)}${inMemory > 0 ? `, ${inMemory} in memory` : ""}`,
        one.missed.length === 0 ? "met" : "missed",
      ],
      one.alerts === undefined ? "" : one.alerts.join(", ") || "none",
    ];
  });
  return [
    table(heads, rows, style),
    "",
    "GAP: the longest time between two acknowledgements of a publisher in the region; ELSEWHERE: of one in another",
    "region. UNAVAILABLE: the gaps over 2 s of the worst stream, added. OF A MONTH: of the 259 s that 99.99 % allows",
    "in 30 days. RECOVERED: from the end of the accident until every check passes.",
  ].join("\n");
}
