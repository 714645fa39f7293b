import type { Credential, RegionIdentity } from "../../config/assets/region";
import type { Environment } from "../../config/schema/settings";
import type { Tenants } from "../../config/assets/asset";
import { provisioner, systemAccount } from "../../config/assets/standard";
import { accountsOf } from "../../components/security/accounts";
import { login } from "../../stacks/logins";
import { identityFingerprint } from "../../components/security/identity-fingerprint";
import type { CarriedIdentity, JetstreamIdentity } from "../../stacks/outputs";

/**
 * What an identity stack gives to the others. tests/components/identity.test.ts holds it against what the stack really
 * exports.
 */
export function identityOutputs(
  environment: Environment,
  tenants: Tenants,
): Record<string, RegionIdentity | JetstreamIdentity | Record<string, CarriedIdentity>> {
  const accounts = accountsOf(environment, tenants);
  const all = accounts.flatMap((account) => account.users);
  const logins = all.map((user) => user.login);
  const natsKey = (name: string) => ({ seed: `seed of ${name}`, publicKey: `public key of ${name}` });
  const users = Object.fromEntries(
    all.map(({ login: name, byNkey, byCallout, answersServers }): [string, Credential] => [
      name,
      {
        ...{ password: `password of ${name}`, hash: `hash of ${name}` },
        ...(byNkey && { byNkey }),
        ...(byCallout && { byCallout }),
        ...(byCallout === "certificate" && { certificate: `certificate of ${name}` }),
        ...(answersServers && { callout: { issuer: natsKey("the issuer"), xkey: natsKey("the xkey") } }),
      },
    ]),
  );
  const certificate = (name: string) => ({ cert: `certificate of ${name}`, key: `key of ${name}` });
  const regions = environment.regions.map((region): [string, RegionIdentity] => [
    region,
    {
      clientCa: "certificate of the client CA",
      peerCa: "certificate of the peer CA",
      server: certificate(`${region}'s servers`),
      peer: certificate(`${region}'s peers`),
      jetstreamKey: `JetStream key of ${region}`,
      users,
    },
  ]);
  const jetstream: JetstreamIdentity = {
    ca: "certificate of the client CA",
    provisioners: Object.fromEntries(
      Object.keys(tenants).map((account) => [account, login(accounts, users, account, provisioner)]),
    ),
    system: login(accounts, users, systemAccount.name, systemAccount.user),
  };
  if (environment.target !== "kubernetes" || !environment.kubernetes.identitySecret)
    return { ...Object.fromEntries(regions), jetstream };
  const identities = regions.map(([region, identity]): [string, CarriedIdentity] => [
    region,
    { fingerprint: identityFingerprint(identity), users: logins.toSorted() },
  ]);
  return { identities: Object.fromEntries(identities), jetstream };
}
