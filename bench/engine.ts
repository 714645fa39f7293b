import { byKind } from "../tests/support/request-log";
import type { Assets } from "./assets";
import { type Measured, type Phase, phases, startProject } from "./project";
import { rawRun } from "./raw";
import { range, spread } from "./statistics";

/** One run: every phase by the engine, and the same work by raw calls right after it. */
interface Run {
  checkpoints: boolean;
  engine: Record<string, Measured>;
  raw: Record<string, Measured>;
}

/**
 * Streams with one consumer each, with one replica on one server and with three on three: by the engine, with and
 * without checkpoints, and by raw API calls. Returns a table of times and a table of requests for each.
 */
export async function benchEngine(streams: number, runs: number): Promise<string[][][]> {
  const tables: string[][][] = [];
  for (const replicas of [1, 3] as const) {
    const assets: Assets = { streams, consumers: true, replicas };
    const project = await startProject(assets);
    try {
      const measured: Run[] = [];
      for (let run = 0; run < runs; run++) {
        for (const checkpoints of [false, true]) {
          const engine = Object.fromEntries(phaseNames.map((phase) => [phase, project.run(phase, checkpoints)]));
          measured.push({ checkpoints, engine: withSum(engine), raw: withSum(await rawRun(project.cluster, assets)) });
        }
      }
      const title = `${streams} streams, one consumer each, R${replicas}`;
      tables.push(timesTable(title, measured), requestsTable(title, measured));
    } finally {
      await project.stop();
    }
  }
  return tables;
}

const phaseNames = Object.keys(phases) as Phase[];

function withSum(parts: Record<string, Measured>): Record<string, Measured> {
  const all = Object.values(parts);
  return {
    ...parts,
    all: {
      seconds: all.reduce((sum, { seconds }) => sum + seconds, 0),
      requests: all.flatMap(({ requests }) => requests),
    },
  };
}

function timesTable(title: string, runs: Run[]): string[][] {
  const row = (name: string, measured: Measured[], raw: (Measured | undefined)[] = []) => [
    name,
    spread(
      measured.map(({ seconds }) => seconds),
      "s",
    ),
    spread(measured.map(latencies), "s", 2),
    // Compared run by run, so that a machine whose speed drifts does not distort the ratio.
    raw[0]
      ? spread(
          measured.map((engine, run) => latencies(engine) / latencies(raw[run]!)),
          "x",
          2,
        )
      : "",
  ];
  const rows = [...phaseNames, "all"].flatMap((phase) => [
    ...[false, true].map((checkpoints) => {
      const those = runs.filter((run) => run.checkpoints === checkpoints);
      return row(
        checkpoints ? `${phase}, checkpoints` : phase,
        those.map(({ engine }) => engine[phase]!),
        those.map(({ raw }) => raw[phase]),
      );
    }),
    ...(runs[0]!.raw[phase]
      ? [
          row(
            `${phase}, raw API calls`,
            runs.map(({ raw }) => raw[phase]!),
          ),
        ]
      : []),
  ]);
  // Times of other tools are measured elsewhere, and filled in by hand.
  return [[title, "whole command", "sum of request latencies", "latencies against raw", "other tools"], ...rows];
}

const latencies = ({ requests }: Measured): number => requests.reduce((sum, { ms }) => sum + ms, 0) / 1000;

function requestsTable(title: string, runs: Run[]): string[][] {
  const counts = (phase: Phase) => runs.map(({ engine }) => byKind(engine[phase]!.requests));
  const kinds = [...new Set(phaseNames.flatMap(counts).flatMap(Object.keys))].sort();
  return [
    [`requests of ${title}`, ...phaseNames],
    ...kinds.map((kind) => [kind, ...phaseNames.map((phase) => range(counts(phase).map((of) => of[kind] ?? 0)))]),
  ];
}
