import * as pulumi from "@pulumi/pulumi";
import type { AccountUser, Credential, RegionIdentity, RegionSpec } from "../config/assets/region";
import { plannedUsers, type PlannedUsers } from "../config/partial-plan";
import type { IdentityInStore } from "../components/supercluster/kubernetes-region";
import type { CarriedIdentity, JetstreamIdentity } from "./outputs";
import { fromIdentity, plainFromIdentity } from "./references";

type Region = Pick<RegionSpec, "name" | "environment" | "accounts">;

/** Stands for a password and its hash, or an nkey. */
const notCreated = "created by the identity stack";
const placeholderOf = ({ byNkey, byCallout, answersServers }: AccountUser): Credential => ({
  ...{ password: notCreated, hash: notCreated },
  ...(byNkey && { byNkey }),
  ...(byCallout && { byCallout }),
  ...(byCallout === "certificate" && { certificate: notCreated }),
  ...(answersServers && { callout: { issuer: placeholderKey, xkey: placeholderKey } }),
});
const placeholderKey = { seed: notCreated, publicKey: notCreated };

/**
 * What the identity stack has created for a region. In previews of all stacks of an environment together, users that
 * the same deployment creates are not missing.
 *
 * @param stored the identity, where it is read from elsewhere than the identity stack's outputs
 * @throws {pulumi.RunError} with what to do, where it cannot be read, or lacks users
 */
export async function regionIdentity(
  region: Region,
  stored?: pulumi.Output<RegionIdentity>,
): Promise<pulumi.Output<RegionIdentity>> {
  const { name, environment } = region;
  const how = plannedAs();
  const lacks = ({ users }: RegionIdentity) => loginsOf(missing(isIn(users), region));
  const identity = stored ?? (await fromIdentity<RegionIdentity>(environment, name, how ? undefined : lacks));
  return how ? identity.apply((known) => withPlanned(known, region, how)) : identity;
}

/**
 * What the identity stack has created for a jetstream stack. In a plan that is saved it is unknown where it will have
 * provisioners of new accounts, which the `up` would otherwise violate.
 *
 * @param accounts those of the stack's tenants
 * @throws {pulumi.RunError} with what to do, where it cannot be read
 */
export async function jetstreamIdentity(
  environment: string,
  accounts: string[],
): Promise<pulumi.Output<JetstreamIdentity>> {
  const identity = await fromIdentity<JetstreamIdentity>(environment, "jetstream");
  if (plannedAs() !== "unknown") return identity;
  return identity.apply((known) =>
    accounts.every((account) => account in known.provisioners) ? known : (pulumi.unknown as JetstreamIdentity),
  );
}

/**
 * How the stack of a region reads its identity from a secret store.
 *
 * @throws {pulumi.RunError} with what to do, where the identity stack has not given it to the store, or without users
 */
export async function identityInStore(region: Region): Promise<IdentityInStore> {
  const { name, environment } = region;
  const how = plannedAs();
  const identities = await plainFromIdentity<Record<string, CarriedIdentity>>(environment, "identities", (all) =>
    all[name] ? (how ? [] : loginsOf(missing(isNamed(all[name].users), region))) : [`the identity of ${name}`],
  );
  const carried = identities?.[name];
  // What the store will have after the same deployment is not known yet.
  const isToChange = !carried || (how === "unknown" && missing(isNamed(carried.users), region).length > 0);
  type Kubernetes = typeof import("../components/supercluster/kubernetes-region");
  const { IdentityInStore: InStore } = require("../components/supercluster/kubernetes-region") as Kubernetes;
  return new InStore(isToChange ? pulumi.output(pulumi.unknown as string) : carried.fingerprint, (read) =>
    how ? read.apply((known) => withPlanned(known, region, how)) : read,
  );
}

const plannedAs = (): PlannedUsers | undefined =>
  pulumi.runtime.isDryRun() ? (process.env[plannedUsers] as PlannedUsers | undefined) : undefined;

function withPlanned(known: RegionIdentity, region: Region, how: PlannedUsers): RegionIdentity {
  const planned = missing(isIn(known.users), region);
  if (planned.length && how === "unknown") return pulumi.unknown as RegionIdentity;
  const placeholders = planned.map((user) => [user.login, placeholderOf(user)] as const);
  return { ...known, users: { ...known.users, ...Object.fromEntries(placeholders) } };
}

type IsKnown = (user: AccountUser) => boolean;

/** A user that changes the way in which it logs in is not known yet. */
const isIn =
  (users: RegionIdentity["users"]): IsKnown =>
  ({ login, byNkey, byCallout }) =>
    login in users && users[login]!.byNkey === byNkey && users[login]!.byCallout === byCallout;

const isNamed =
  (logins: readonly string[]): IsKnown =>
  ({ login }) =>
    logins.includes(login);

const missing = (isKnown: IsKnown, { accounts }: Region): AccountUser[] =>
  accounts.flatMap(({ users }) => users).filter((user) => !isKnown(user));

const loginsOf = (users: AccountUser[]): string[] =>
  users.map(({ login, byNkey, byCallout = "password" }) => `the ${byNkey ? "nkey" : byCallout} of ${login}`);
