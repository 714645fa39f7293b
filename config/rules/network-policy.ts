import type { NetworkPolicySettings } from "../schema/network-policy";
import type { ValidationContext } from "./context";
import { list } from "./messages";
import { type Rule, rule } from "./rule";

const networkPolicies = ({ name, environment }: ValidationContext) =>
  environment.target === "kubernetes"
    ? [{ path: ["environments", name, "kubernetes", "networkPolicy"], ...environment.kubernetes.networkPolicy }]
    : [];

/** Settings that name who may connect. */
const limits = ({ clients, gateways, metrics }: NetworkPolicySettings): string[] =>
  Object.entries({ clients, gateways, metrics }).flatMap(([name, settings]) =>
    Object.entries(settings).flatMap(([key, values]) => (values.length ? [`${name}.${key}`] : [])),
  );

/** Rules about who may connect to servers on Kubernetes. */
export const networkPolicyRules: Rule[] = [
  rule({
    each: networkPolicies,
    at: ["enabled"],
    when: (settings) => !settings.enabled && limits(settings).length > 0,
    message: (settings) => `false makes no NetworkPolicy, so ${list(limits(settings))} would limit nothing; remove one`,
  }),
];
