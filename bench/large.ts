import { byKind } from "../tests/support/request-log";
import { type Measured, type Phase, startProject } from "./project";
import { range, spread } from "./statistics";

/** Many streams of one replica: the time to find that nothing has changed, and the memory of the provider process. */
export async function benchLarge(streams: number, runs: number): Promise<string[][]> {
  const project = await startProject({ streams, consumers: false, replicas: 1 });
  try {
    const run = (phase: Phase, times = runs) =>
      row(
        phase,
        Array.from({ length: times }, () => project.run(phase, false)),
      );
    return [
      [`${streams} streams, R1`, "whole command", "requests", "most memory of the provider", "other tools"],
      run("create", 1),
      run("no-op"),
      run("refresh"),
    ];
  } finally {
    await project.stop();
  }
}

function row(phase: Phase, measured: Measured[]): string[] {
  const counts = measured.map(({ requests }) => byKind(requests));
  const kinds = [...new Set(counts.flatMap(Object.keys))].sort();
  return [
    phase,
    spread(
      measured.map(({ seconds }) => seconds),
      "s",
    ),
    kinds.map((kind) => `${range(counts.map((of) => of[kind] ?? 0))} ${kind}`).join(", ") || "none",
    spread(
      measured.map(({ peak }) => peak! / 1024 ** 2),
      "MiB",
      0,
    ),
  ];
}
