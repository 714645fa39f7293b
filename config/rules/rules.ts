import type { Problem } from "../problems";
import { alertRules } from "./alerts";
import { authCalloutRules } from "./auth-callout";
import { awsRules } from "./aws";
import { backupRules } from "./backups";
import { atBuckets, bucketRules } from "./buckets";
import { chartValueRules } from "./chart-values";
import { consumerRules } from "./consumer";
import type { ValidationContext } from "./context";
import { copyRules } from "./copies";
import { deadLetterRules } from "./dead-letters";
import { environmentRules } from "./environment";
import { kubernetesRules } from "./kubernetes";
import { kubernetesWorkerRules } from "./kubernetes-workers";
import { laneRules } from "./lanes";
import { listenerRules } from "./listeners";
import { mappingRules } from "./mappings";
import { mirrorRules } from "./mirror";
import { misspeltRegions } from "./misspelt-region";
import { placementRules } from "./placement";
import type { Rule } from "./rule";
import { sharingRules } from "./sharing";
import { streamRules } from "./stream";
import { tenantRules } from "./tenant";
import { userRules } from "./user";
import { workerRules } from "./worker";

/**
 * All rules, in the order in which their problems are reported. A new rule is a row in the file of what it is about.
 */
const rules: readonly Rule[] = [
  ...environmentRules,
  ...listenerRules,
  ...kubernetesRules,
  ...kubernetesWorkerRules,
  ...backupRules,
  ...awsRules,
  ...chartValueRules,
  ...tenantRules,
  ...streamRules,
  ...bucketRules,
  ...mirrorRules,
  ...placementRules,
  ...consumerRules,
  ...userRules,
  ...authCalloutRules,
  ...sharingRules,
  ...copyRules,
  ...mappingRules,
  ...deadLetterRules,
  ...laneRules,
  ...workerRules,
  ...alertRules,
];

/** Every problem of an environment and its tenants, in the order of the rules; empty if there is none. */
export function problemsOf(context: ValidationContext): Problem[] {
  const { problems, corrected } = misspeltRegions(context);
  return atBuckets([...problems, ...rules.flatMap((each) => each(corrected))], context);
}
