import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { isLeaving } from "../config/assets/leaving";
import type { Settings } from "../config/load";
import type { RegionIdentity } from "../config/assets/region";
import { provisioner, systemAccount } from "../config/assets/standard";
import type { KubernetesEnvironment } from "../config/schema/settings";
import { awsLocationOf } from "../components/aws/location";
import { accountsOf } from "../components/security/accounts";
import { certificateNames } from "../components/security/certificate-names";
import { authorities, ServerCertificate } from "../components/security/certificates";
import { Credentials } from "../components/security/credentials";
import { identityFingerprint } from "../components/security/identity-fingerprint";
import type { CarriedIdentity, JetstreamIdentity } from "./outputs";
import { login } from "./logins";
import { suppliedAuthorities } from "./supplied-authorities";

/** 256 bits and more. Not RandomBytes: its resource id is the secret itself, in plain text. */
const key = { length: 48, special: false };

/** CAs, certificates, keys and passwords of an environment, and nothing else: no server is needed to run it. */
export function identity({ name, environment, tenants, rotations }: Settings): Record<string, pulumi.Output<unknown>> {
  // What cannot be recreated is protected outside local environments: authorities, JetStream keys, the passwords of
  // provisioners. Not what is renewed or scales with servers, and no component: its resources would inherit it.
  const protect = environment.target !== "local";
  const accounts = accountsOf(environment, tenants);

  const { clients, peers } = environment.authorities;
  const clientCa = authorities("client-ca", `${name} NATS clients`, clients, {
    protect,
    supplied: suppliedAuthorities(environment, "clients"),
  });
  const peerCa = authorities("peer-ca", `${name} NATS servers`, peers, {
    protect,
    supplied: suppliedAuthorities(environment, "peers"),
  });
  const { users } = new Credentials("users", {
    accounts,
    protect,
    rotations,
    ca: clientCa.signing,
    unprotected: Object.keys(tenants).filter((account) => isLeaving(tenants[account]!)),
  });

  const stored = environment.target === "kubernetes" && environment.kubernetes.identitySecret;
  const regions = environment.regions.map((region): [string, pulumi.Output<RegionIdentity>] => {
    const server = new ServerCertificate(`${region}-server`, {
      ca: clientCa.signing,
      commonName: `nats ${region}`,
      names: certificateNames(environment, region, ["client"]),
      dials: false,
    });
    const peer = new ServerCertificate(`${region}-peer`, {
      ca: peerCa.signing,
      commonName: `nats ${region}`,
      names: certificateNames(environment, region, ["route", "gateway"]),
      dials: true,
    });
    const jetstreamKey = new random.RandomPassword(`${region}-jetstream-key`, key, protect ? { protect } : {});
    const part: pulumi.Output<RegionIdentity> = pulumi.secret(
      pulumi.output({
        clientCa: clientCa.trusted,
        peerCa: peerCa.trusted,
        server: { cert: server.cert, key: server.key },
        peer: { cert: peer.cert, key: peer.key },
        jetstreamKey: jetstreamKey.result,
        users,
      }),
    );
    return [region, part];
  });
  // A reference to this stack copies all of its outputs, so identities that a secret carries are not outputs.
  const outputs = regions.filter(([region, part]) => {
    const location = awsLocationOf(name, environment, region);
    if (!location?.settings.identitySecret) return !stored;
    const { RegionIdentitySecret } =
      require("../components/aws/region-identity") as typeof import("../components/aws/region-identity");
    new RegionIdentitySecret(`${region}-identity`, { location, identity: part });
    return false;
  });

  const jetstream: pulumi.Output<JetstreamIdentity> = pulumi.secret(
    pulumi.all([clientCa.trusted, users]).apply(([ca, all]) => ({
      ca,
      provisioners: Object.fromEntries(
        Object.keys(tenants).map((account) => [account, login(accounts, all, account, provisioner)]),
      ),
      system: login(accounts, all, systemAccount.name, systemAccount.user),
    })),
  );
  return {
    ...Object.fromEntries(outputs),
    ...(stored && { identities: inStore(name, environment, Object.fromEntries(regions)) }),
    jetstream,
  };
}

/** Gives each region's part to the secret store of the settings. Returns what regions' stacks have to know of them. */
function inStore(
  environment: string,
  settings: KubernetesEnvironment,
  identities: Record<string, pulumi.Output<RegionIdentity>>,
): pulumi.Output<Record<string, CarriedIdentity>> {
  type Store = typeof import("../components/supercluster/identity-store");
  const { IdentityStore } = require("../components/supercluster/identity-store") as Store;
  new IdentityStore("identity", { environment, settings, identities });
  const carried = pulumi
    .all(identities)
    .apply((all) =>
      Object.fromEntries(
        Object.entries(all).map(([region, identity]): [string, CarriedIdentity] => [
          region,
          { fingerprint: identityFingerprint(identity), users: Object.keys(identity.users).sort() },
        ]),
      ),
    );
  return pulumi.unsecret(carried);
}
