import type { ResourceRule } from "../rule";
import { releaseType, valuesOf, type Values } from "../servers";

/** Labels of nodes that tell hosts and zones apart. */
interface Keys {
  hosts: string[];
  zones: string[];
}

const list = { type: "array" as const, items: { type: "string" as const } };

export const podsAreSpread: ResourceRule<Keys> = {
  name: "pods-are-spread",
  description: "No two servers of a region share a host, and they are spread over zones.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Three replicas on one host, or in one zone, are lost together. " +
    "Then nothing that lives in the region can be read or written. " +
    "A topology spread without minDomains counts eligible hosts only: with two, one of them gets two servers of three.",
  remediation:
    "Leave kubernetes.antiAffinity required; keys other than Kubernetes' own (kubernetes.topologyKeys) " +
    "stand in policies/settings.ts",
  types: [releaseType],
  setting: {
    name: "keys",
    description: "Labels of nodes that tell hosts and zones apart (kubernetes.topologyKeys).",
    schema: { type: "object", properties: { hosts: list, zones: list }, required: ["hosts", "zones"] },
    default: { hosts: ["kubernetes.io/hostname"], zones: ["topology.kubernetes.io/zone"] },
  },
  violations(resource, { hosts, zones }) {
    const values = valuesOf(resource);
    if (!values) return [];
    return [
      ...(keepsHostsApart(values, hosts) ? [] : [`${resource.name} may run two servers on one host`]),
      ...(zones.some((zone) => constraintOf(values, zone)?.maxSkew === 1)
        ? []
        : [`${resource.name} is not spread by ${zones.join(" or ")}`]),
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

function keepsHostsApart(values: Values, hosts: readonly string[]): boolean {
  const affinity = values.podTemplate?.merge?.spec?.affinity?.podAntiAffinity;
  if (
    affinity?.requiredDuringSchedulingIgnoredDuringExecution?.some(({ topologyKey = "" }) =>
      hosts.includes(topologyKey),
    )
  )
    return true;
  return hosts.some((host) => {
    const { maxSkew, minDomains = 1, whenUnsatisfiable } = constraintOf(values, host) ?? {};
    return (
      maxSkew === 1 && whenUnsatisfiable === "DoNotSchedule" && minDomains >= (values.config?.cluster?.replicas ?? 1)
    );
  });
}
