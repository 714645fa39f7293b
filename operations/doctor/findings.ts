import { deployCommand, npmRun } from "../../config/command-lines";
import { inWords } from "../../config/durations";
import type { Environment } from "../../config/schema/settings";
import { thresholdOf } from "../../observability/thresholds";
import type { BackupAge } from "../../workers/backup/age";
import type { EnvironmentPlan } from "../plan/plan";
import type { Problem } from "../supercluster/status";
import type { Check } from "../verify/checks";

/** What doctor finds, by what it looked at. Pure. */

/** What is looked at, in this order. */
export const parts = {
  servers: "servers, streams, durables, workers",
  state: "state and settings against servers",
  objects: "objects in Kubernetes",
  backups: "age of backups",
} as const;

export type Part = keyof typeof parts;

export interface Finding extends Problem {
  part: Part;
}

/** What could not be looked at is a problem: nothing is known of it. */
export const unknown = (part: Part, error: Error, environment: string): Finding => ({
  part,
  severity: "problem",
  what: parts[part],
  detail: `could not be read: ${error.message.split("\n")[0]}`,
  todo: npmRun(part === "servers" ? "verify" : "status", environment),
});

/** What an `up` would change that has not been asked for yet: state, settings and servers differ. */
export function planFindings({ stacks, regions, undeclared }: EnvironmentPlan, environment: string): Finding[] {
  const plan = npmRun("plan", environment);
  const found = (severity: Problem["severity"], what: string, detail: string, todo = plan): Finding => ({
    part: "state",
    ...{ severity, what, detail, todo },
  });
  return [
    ...regions.flatMap(({ region, refusal }) => (refusal === undefined ? [] : [found("problem", region, refusal)])),
    ...stacks.flatMap(({ stack, changes, failures }) => [
      ...failures.map((failure) => found("problem", stack, failure)),
      ...changes.map(({ id, what, class: kind, reasons, unknown: reason }) => {
        const isBad = kind === "refused" || kind === "delete" || kind === "replace" || kind === "loses messages";
        const detail = [`a deployment has it ${words[kind] ?? kind}`, ...reasons, reason].filter(Boolean).join("; ");
        return found(isBad || reason !== undefined ? "problem" : "warning", `${what} ${id}`, detail);
      }),
    ]),
    ...Object.entries(undeclared).map(([account, names]) =>
      found(
        "warning",
        `account ${account}`,
        `servers hold what nothing declares: ${names.join(", ")}`,
        "docs/runbooks/import.md",
      ),
    ),
  ];
}

const words: Readonly<Record<string, string>> = { create: "created", delete: "deleted", replace: "recreated" };

/** Objects that differ, or of which that is not known. */
export const objectFindings = (checks: readonly Check[], environment: string): Finding[] =>
  checks
    .filter(({ result }) => result !== "ok")
    .map(({ name, result, detail }) => ({
      part: "objects",
      severity: result === "failed" ? "problem" : "warning",
      what: name,
      detail: result === "skipped" ? `not looked at: ${detail}` : detail,
      todo: result === "failed" ? deployCommand(environment) : npmRun("verify", environment),
    }));

interface BackupContext {
  name: string;
  environment: Environment;
  place?: string;
  /** When a key of the environment was last made or changed. */
  keysChanged?: Date;
  now: number;
}

/** @param age undefined: no place of backups is known */
export function backupFindings(
  age: BackupAge | undefined,
  { name, environment, place, keysChanged, now }: BackupContext,
): Finding[] {
  const found = (severity: Problem["severity"], detail: string, todo: string): Finding => ({
    part: "backups",
    ...{ severity, what: place ?? "backups", detail, todo },
  });
  const rebuild = "docs/runbooks/rebuild.md";
  if (!age)
    return environment.target === "local"
      ? []
      : [
          found(
            "warning",
            "no place of backups is known: kubernetes.backups is not set; pass --backups <place>",
            rebuild,
          ),
        ];
  const { last, verified } = age;
  if (!last) return [found("problem", "there is no finished backup", rebuild)];
  const since = (time: number) => inWords(now - time);
  const hours = thresholdOf(environment, "NATSBackupTooOld");
  const days = thresholdOf(environment, "NATSBackupNotVerified");
  const begun = Date.parse(last.begun);
  return [
    ...(now - begun > hours * 3_600_000
      ? [found("problem", `the last backup began ${since(begun)} ago`, "docs/runbooks/alerts/NATSBackupTooOld.md")]
      : []),
    ...(last.keys ? [] : [found("problem", "the last backup has no keys of the environment", rebuild)]),
    ...(last.keysTaken !== undefined && keysChanged && keysChanged.getTime() > Date.parse(last.keysTaken)
      ? [
          found(
            "problem",
            `keys of the environment were changed ${since(keysChanged.getTime())} ago and copied ` +
              `${since(Date.parse(last.keysTaken))} ago: a rebuild would bring the old ones back`,
            `npm run backup -- --all --env ${name} --to ${place} --recipient <key>`,
          ),
        ]
      : []),
    ...(verified && now - verified.at.getTime() <= days * 86_400_000
      ? []
      : [
          found(
            "warning",
            verified ? `a backup was last restored ${since(verified.at.getTime())} ago` : "none was ever restored",
            `npm run verify-backup -- --env ${name} --from ${place} --key <file>`,
          ),
        ]),
  ];
}
