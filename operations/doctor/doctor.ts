import { backupPlaceOf } from "../../config/assets/backups";
import { BadUsage } from "../../engine/failure";
import { backupAge } from "../../workers/backup/age";
import { openStore } from "../../workers/backup/store/open";
import type { Store } from "../../workers/backup/store/store";
import { keysChanged } from "../backup/keys";
import { planEnvironment } from "../plan/plan";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { worstFirst } from "../supercluster/causes";
import { openStatus } from "../supercluster/read-status";
import { objectChecks } from "../verify/objects";
import { backupFindings, type Finding, objectFindings, type Part, parts, planFindings, unknown } from "./findings";

/** What `doctor --json` prints. */
export interface Diagnosis {
  environment: string;
  /** RFC 3339. */
  time: string;
  /** Whether there is no problem; warnings may be. */
  ok: boolean;
  /** What was looked at. */
  looked: Part[];
  /** Problems first. */
  findings: Finding[];
}

/**
 * Looks at an environment end to end: what servers report, what a deployment would change, what is in the Kubernetes
 * clusters, how old the backups are. Changes nothing, and publishes no message; `npm run verify` does.
 *
 * @param place of backups. Default: that of `kubernetes.backups`
 * @throws {BadUsage} where the place is none; what cannot be read is part of the result
 */
export async function diagnose(checked: CheckedEnvironment, place?: string): Promise<Diagnosis> {
  const { name, environment } = checked;
  const store = storeOf(checked, place);
  const looks: Record<Part, () => Promise<Finding[]>> = {
    servers: async () => {
      const reader = await openStatus(checked);
      try {
        const { problems = [] } = await reader.read();
        return problems.map((problem) => ({ part: "servers", ...problem }));
      } finally {
        await reader.close();
      }
    },
    state: async () => planFindings(await planEnvironment(checked), name),
    objects: async () => objectFindings(await objectChecks(checked), name),
    backups: async () =>
      backupFindings(store && (await backupAge(store, name)), {
        ...{ name, environment, now: Date.now() },
        ...(store && { place: store.place, keysChanged: await keysChanged(checked) }),
      }),
  };
  const looked = Object.keys(parts) as Part[];
  const found = await Promise.all(
    looked.map((part) => looks[part]().catch((error: Error) => [unknown(part, error, name)])),
  );
  const findings = worstFirst(found.flat());
  const ok = findings.every(({ severity }) => severity !== "problem");
  return { environment: name, time: new Date().toISOString(), ok, looked, findings };
}

function storeOf({ name, environment }: CheckedEnvironment, given?: string): Store | undefined {
  const declared = environment.target === "kubernetes" ? backupPlaceOf(name, environment) : undefined;
  const place = given ?? declared?.store;
  if (place === undefined) return undefined;
  try {
    return openStore(place);
  } catch (error) {
    throw new BadUsage(`--backups ${(error as Error).message}`);
  }
}
