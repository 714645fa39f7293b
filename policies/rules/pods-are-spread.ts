import type { ResourceRule } from "../rule";
import { releaseType, valuesOf, type Values } from "../servers";

const host = "kubernetes.io/hostname";
const zone = "topology.kubernetes.io/zone";

export const podsAreSpread: ResourceRule = {
  name: "pods-are-spread",
  description: "No two servers of a region share a host, and they are spread over zones.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Three replicas on one host, or in one zone, are lost together. " +
    "Then nothing that lives in the region can be read or written. " +
    "A topology spread without minDomains counts eligible hosts only: with two, one of them gets two servers of three.",
  remediation:
    "Leave kubernetes.antiAffinity required, and podTemplate's affinity and topologySpreadConstraints as they are",
  types: [releaseType],
  violations(resource) {
    const values = valuesOf(resource);
    if (!values) return [];
    return [
      ...(keepsHostsApart(values) ? [] : [`${resource.name} may run two servers on one host`]),
      ...(constraintOf(values, zone)?.maxSkew === 1 ? [] : [`${resource.name} is not spread by ${zone}`]),
    ];
  },
};

interface Constraint {
  maxSkew?: number;
  minDomains?: number;
  whenUnsatisfiable?: string;
}

const constraintOf = ({ podTemplate }: Values, key: string): Constraint | undefined =>
  (podTemplate?.topologySpreadConstraints as Record<string, Constraint> | undefined)?.[key];

function keepsHostsApart(values: Values): boolean {
  const affinity = values.podTemplate?.merge?.spec?.affinity?.podAntiAffinity as
    { requiredDuringSchedulingIgnoredDuringExecution?: { topologyKey?: string }[] } | undefined;
  if (affinity?.requiredDuringSchedulingIgnoredDuringExecution?.some(({ topologyKey }) => topologyKey === host))
    return true;
  const { maxSkew, minDomains = 1, whenUnsatisfiable } = constraintOf(values, host) ?? {};
  return (
    maxSkew === 1 && whenUnsatisfiable === "DoNotSchedule" && minDomains >= (values.config?.cluster?.replicas ?? 1)
  );
}
