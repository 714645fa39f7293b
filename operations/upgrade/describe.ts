import { plural } from "../../config/plural";
import type { UpgradePlan, UpgradeStep } from "./plan";

/** An upgrade in words, a line each; refusals are not among them. Pure. */
export function describeUpgrade({ environment, running, steps, to }: UpgradePlan): string[] {
  if (steps.length === 0) return [`every server of ${environment} runs ${to}, and its settings say so; nothing to do`];
  return [
    `${environment}: ${running.join(", ")} ${steps[0]!.isBack ? "back " : ""}to ${to}, ` +
      `in ${plural(steps.length, "step")}`,
    ...steps.flatMap((step, index) => ["", ...stepLines(step, index + 1)]),
  ];
}

function stepLines({ version, level, settings, restarts, final, problems }: UpgradeStep, number: number): string[] {
  const count = restarts.reduce((sum, { servers }) => sum + servers.length, 0);
  const isMoved = level.before !== level.after;
  return [
    `Step ${number}: nats-server ${version}`,
    ...settings.map(
      ({ path, from, to }) => `  Pulumi.yaml: ${path.join(".")} ${from} -> ${to ?? "(taken out: the default)"}`,
    ),
    `  restarts ${plural(count, "server")}, one after another, each when all others are current:`,
    ...restarts.map(({ region, servers }) => `    ${region}: ${servers.join(", ")}`),
    "  after each region: every server answers, the meta group has its quorum, every replica is current",
    `  JetStream API level: ${level.before}` +
      (isMoved ? ` -> ${level.after}, with the last server` : " before and after"),
    ...final.map((what) => `  cannot be undone: ${what}`),
    ...problems.map(({ kind, what, source }) => `  known problem (${kind}): ${what}: ${source}`),
  ];
}
