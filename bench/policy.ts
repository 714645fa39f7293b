import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { backendUrlOf, pulumiEnvironment } from "../engine/environment";
import { packFolder, rules, withPack } from "../operations/policy/pack";
import { table } from "../cli/render/table";
import { copyProject } from "../tests/support/project-copy";
import { countsOf } from "./counts";
import { median, spread } from "./statistics";

const stack = "local-jetstream";

const help = `Measures what the policy pack adds to a preview of the largest stack, on the real engine. Target: at most
2 s, as the median of 5 pairs. Both sides of a pair run one after the other, each first in turn, so that a machine whose
speed drifts does not distort the difference. No server runs: both sides wait the same time for none.

  npm run bench:policy          5 pairs
  npm run bench:policy -- 9     9 pairs
`;

function main([pairs = 5]: number[]): void {
  const copy = copyProject();
  try {
    const env = {
      ...withPack(pulumiEnvironment({ target: "local" })),
      PULUMI_BACKEND_URL: backendUrlOf(path.join(copy.cache, "state")),
    };
    const pulumi = (...args: string[]): number => {
      const started = performance.now();
      const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--non-interactive"], {
        cwd: copy.folder,
        env,
        encoding: "utf8",
        maxBuffer: 64 * 1024 ** 2,
      });
      if (status !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${stdout.slice(-2000)}\n${stderr}`);
      return (performance.now() - started) / 1000;
    };
    fs.mkdirSync(path.join(copy.cache, "state"));
    for (const name of ["local-identity", stack]) pulumi("stack", "init", name, "--no-select");
    pulumi("up", "--stack", "local-identity", "--yes", "--skip-preview");
    const sides = { without: [], with: ["--policy-pack", packFolder] };
    const measure = (side: keyof typeof sides) => pulumi("preview", "--stack", stack, ...sides[side]);
    // The first ones fill caches.
    measure("without");
    measure("with");
    const measured = Array.from({ length: pairs }, (_, index) => {
      if (index % 2) return { with: measure("with"), without: measure("without") };
      return { without: measure("without"), with: measure("with") };
    });
    const differences = measured.map((pair) => pair.with - pair.without);
    process.stdout.write(
      `${os.cpus().length} x ${os.cpus()[0]?.model}, node ${process.version}, ` +
        `load ${os.loadavg()[0]!.toFixed(1)}; ${rules.length} rules\n\n`,
    );
    process.stdout.write(
      `${table(
        [`preview of ${stack}, ${pairs} pairs`, "median (least-most)"],
        [
          [
            "without the pack",
            spread(
              measured.map((pair) => pair.without),
              "s",
              2,
            ),
          ],
          [
            "with the pack",
            spread(
              measured.map((pair) => pair.with),
              "s",
              2,
            ),
          ],
          ["difference, pair by pair", spread(differences, "s", 2)],
          [
            "ratio, pair by pair",
            spread(
              measured.map((pair) => pair.with / pair.without),
              "x",
              2,
            ),
          ],
        ],
      )}\n\n${median(differences) <= 2 ? "at most 2 s" : "MORE THAN 2 s"}\n`,
    );
  } finally {
    copy.remove();
  }
}

const counts = countsOf(help);
if (counts) main(counts);
