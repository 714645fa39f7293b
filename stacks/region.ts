import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/load";
import type { RegionIdentity, RegionSpec } from "../config/region";
import { clientUrls, serversOf } from "../config/topology";
import { accountsOf } from "../components/security/accounts";
import { login } from "./logins";
import type { RegionOutputs } from "./outputs";
import { fromIdentity } from "./references";

/** The servers of one region and all they need. It ends when they serve, and waits for no other region. */
export function region({ name, environment, stack, tenants }: Settings<"region">): pulumi.Inputs {
  const identity = fromIdentity<RegionIdentity>(name, stack.region);
  const spec: RegionSpec = { name: stack.region, environment: name, settings: environment, accounts: accountsOf(environment, tenants) };
  servers(spec, identity);

  const addresses = serversOf(environment, stack.region);
  return {
    region: {
      name: stack.region,
      servers: addresses.map((server) => server.name),
      clientUrls: clientUrls(environment, stack.region),
      monitorUrls: addresses.map(({ monitor }) => monitor),
      gatewayUrls: addresses.map(({ gateway }) => gateway),
    },
    // The certificate is what every client is given; only the rest of the identity is secret.
    ca: pulumi.unsecret(identity.clientCa),
    accounts: Object.fromEntries(
      spec.accounts.map((account) => [
        account.name,
        { users: Object.fromEntries(account.users.map((user) => [user.name, userOutputs(spec, identity, account.name, user.name)])) },
      ]),
    ),
  } satisfies Record<keyof RegionOutputs, unknown>;
}

function userOutputs(spec: RegionSpec, identity: pulumi.Output<RegionIdentity>, account: string, user: string): pulumi.Inputs {
  const known = spec.accounts.find(({ name }) => name === account)!.users.find(({ name }) => name === user)!;
  const password = identity.users.apply((users) => login(spec.accounts, users, account, user).password);
  return { login: known.login, inboxPrefix: known.inboxPrefix, password: pulumi.secret(password) };
}

/** The one place that knows the targets. Each imports only what it needs: the cloud's SDKs cost seconds. */
function servers(spec: RegionSpec, identity: pulumi.Output<RegionIdentity>): void {
  if (spec.settings.target === "local") {
    const { LocalRegion } = require("../components/local/region") as typeof import("../components/local/region");
    new LocalRegion(spec.name, { region: spec, identity });
    return;
  }
  throw new pulumi.RunError(
    `target "kubernetes" of environment ${spec.environment} is not there yet: this release deploys target "local" only. Nothing was done.`,
  );
}
