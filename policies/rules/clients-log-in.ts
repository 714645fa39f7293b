import type { ResourceRule } from "../rule";
import { configuredServers, serverTypes } from "../servers";

export const clientsLogIn: ResourceRule = {
  name: "clients-log-in",
  description:
    "Accounts and users come from the included file, there is a system account, " +
    "and no client connects without a login.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "Without accounts a server accepts every client; " +
    "with no_auth_user it accepts every client as that user. " +
    "Users outside the included file would have their passwords in the configuration.",
  remediation: "Remove it: users are declared in tenants/, their passwords in the identity stack",
  types: serverTypes,
  violations(resource) {
    const config = configuredServers(resource)?.config;
    if (!config) return [];
    const missing = (["accounts$include", "system_account"] as const)
      .filter((key) => !config[key])
      .map((key) => `${resource.name} has no ${key}`);
    return [
      ...missing,
      ...openings.filter((key) => config[key] !== undefined).map((key) => `${resource.name} has ${key}`),
    ];
  },
};

const openings = ["no_auth_user", "authorization", "accounts", "default_user", "resolver"];
