import type { TenantSpec } from "../../config/schema/tenant";
import { validateTenants } from "../../config/rules/validate";
import { type Environment, environment } from "../../config/schema/settings";
import { environmentCallout as authCallout, gallery } from "../../docs/examples/tenants/auth-callout";
import { buckets } from "../../docs/examples/tenants/buckets";
import { store } from "../../docs/examples/tenants/canary-release";
import { post, warehouse } from "../../docs/examples/tenants/copies";
import {
  environmentListeners as listeners,
  environmentMonitoring as monitoring,
  factory,
} from "../../docs/examples/tenants/listeners";
import { museum } from "../../docs/examples/tenants/logins";
import { billing, shop } from "../../docs/examples/tenants/sharing";
import { localEnvironment } from "../support/accounts";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import type { AnySettings } from "../support/registered-stacks";
import { stackSettings } from "../support/stack-settings";

const tenants = Object.fromEntries(
  [gallery, buckets, store, post, warehouse, factory, museum, billing, shop].map((tenant) => [tenant.name, tenant]),
);
const jetstream = { jetstream: Object.keys(tenants) };
const optional = { authCallout, listeners, monitoring, jetstream, jetstreamDomain: "hub" };

/** The auth callout's service runs where the image of workers is. */
const kubernetes = kubernetesSettings({
  workers: { image: { repository: "messaging/workers", digest: `sha256:${"0123456789abcdef".repeat(4)}` } },
});

/** Outside local environments a stream has three replicas. */
const replicated = JSON.parse(
  JSON.stringify(tenants, (name, value: unknown) => (name === "replicas" ? 3 : value)),
) as Record<string, TenantSpec>;

/** All that is off unless it is asked for, with the tenants of docs/examples: no file of the project has it. */
const environments: Record<string, () => [Environment, Record<string, TenantSpec>]> = {
  local: () => [environment.parse(localEnvironment(optional as object)), tenants],
  production: () => [kubernetesEnvironment({ ...(optional as object), kubernetes }), replicated],
};

const stacks = {
  "examples-local-identity": ["local", { kind: "identity" }],
  "examples-local-iad": ["local", { kind: "region", region: "iad" }],
  "examples-local-jetstream": ["local", { kind: "jetstream" }],
  "examples-identity": ["production", { kind: "identity" }],
  "examples-iad": ["production", { kind: "region", region: "iad" }],
} as const;

export const exampleStacks = Object.keys(stacks);

/** Settings of such a stack; undefined: it is one of the project's own. */
export function exampleSettings(name: string): AnySettings | undefined {
  if (!(name in stacks)) return undefined;
  const [environmentName, stack] = stacks[name as keyof typeof stacks];
  const [settings, declared] = environments[environmentName]!();
  return {
    ...{ ...stackSettings("local-iad"), name: environmentName, environment: settings, failovers: {} },
    tenants: validateTenants(declared, settings),
    stack: { environment: environmentName, ...stack },
  };
}
