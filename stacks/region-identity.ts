import * as pulumi from "@pulumi/pulumi";
import type { RegionIdentity, RegionSpec } from "../config/assets/region";
import { plannedUsers, type PlannedUsers } from "../config/partial-plan";
import { fromIdentity } from "./references";

type Region = Pick<RegionSpec, "name" | "environment" | "accounts">;

/** Stands for a password and its hash. */
const notCreated = "created by the identity stack";
const placeholder = { password: notCreated, hash: notCreated };

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
  const how = pulumi.runtime.isDryRun() ? (process.env[plannedUsers] as PlannedUsers | undefined) : undefined;
  const lacks = (known: RegionIdentity) => missing(known, region).map((login) => `the password of ${login}`);
  const identity = stored ?? (await fromIdentity<RegionIdentity>(environment, name, how ? undefined : lacks));
  return how ? identity.apply((known) => withPlanned(known, region, how)) : identity;
}

function withPlanned(known: RegionIdentity, region: Region, how: PlannedUsers): RegionIdentity {
  const planned = missing(known, region);
  if (planned.length && how === "unknown") return pulumi.unknown as RegionIdentity;
  return { ...known, users: { ...known.users, ...Object.fromEntries(planned.map((login) => [login, placeholder])) } };
}

/** Logins of users that it lacks. */
const missing = ({ users: known }: RegionIdentity, { accounts }: Region): string[] =>
  accounts.flatMap(({ users }) => users.map(({ login }) => login)).filter((login) => !known[login]);
