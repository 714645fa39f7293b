import type { ResourceRule } from "../rule";
import { cronJobOf, cronJobType } from "../workers";

export const jobRunsAlone: ResourceRule = {
  name: "job-runs-alone",
  description: "A job on a schedule never runs twice at once, has a deadline, and leaves its pods to be read.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Two backups at once copy every stream twice, load the servers twice, and take each other's files for their own. " +
    "One that hangs without a deadline keeps every later one from starting.",
  remediation: "Leave concurrencyPolicy, activeDeadlineSeconds and restartPolicy as components/backup writes them",
  types: [cronJobType],
  violations(resource) {
    const { concurrencyPolicy, jobTemplate } = cronJobOf(resource) ?? {};
    const { activeDeadlineSeconds, template } = jobTemplate?.spec ?? {};
    return [
      ...(concurrencyPolicy === "Forbid" ? [] : [`${resource.name} may run twice at once`]),
      ...((activeDeadlineSeconds ?? 0) > 0 ? [] : [`${resource.name} has no deadline`]),
      ...(template?.spec?.restartPolicy === "Never" ? [] : [`${resource.name} replaces containers whose log is lost`]),
    ];
  },
};
