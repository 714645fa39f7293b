import { stacks } from "./assets";
import { type Measured, startProject } from "./project";
import { spread } from "./statistics";

const rows = [
  ["up, nothing to change", "no-op"],
  ["up --refresh, nothing to change", "refresh"],
] as const;

/**
 * `up` with nothing to change for streams with a consumer each (R1), with and without --refresh, and the engine's own
 * share beside it: as many resources with the same arguments, of a provider that does nothing, in turns.
 */
export async function benchNoOp(streams: number, runs: number): Promise<string[][]> {
  const project = await startProject({ streams, consumers: true, replicas: 1 });
  try {
    for (const stack of Object.values(stacks)) project.run("create", false, stack);
    return [
      [`${2 * streams} resources`, "measured", "whole command", "processor time", "time against the floor's"],
      ...rows.flatMap(([what, phase]) => {
        const pairs = Array.from({ length: runs }, () => ({
          ours: project.run(phase, false),
          floor: project.run(phase, false, stacks.floor),
        }));
        const ratios = pairs.map(({ ours, floor }) => ours.seconds / floor.seconds);
        return [
          [what, "streams and consumers", ...times(pairs.map(({ ours }) => ours)), spread(ratios, "x", 2)],
          ["", "a provider that does nothing", ...times(pairs.map(({ floor }) => floor)), ""],
        ];
      }),
    ];
  } finally {
    await project.stop();
  }
}

const times = (measured: Measured[]): string[] => [
  spread(
    measured.map(({ seconds }) => seconds),
    "s",
  ),
  measured.some(({ processor }) => processor === undefined)
    ? "not counted"
    : spread(
        measured.map(({ processor }) => processor!),
        "s",
      ),
];
