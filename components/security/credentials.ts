import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { AccountSpec, RegionIdentity } from "../../config/region";
import { hashPassword } from "./passwords";

/** A password for every user of every account, with the hash that servers are given. */
export class Credentials extends pulumi.ComponentResource {
  /** By login. Secret. */
  readonly users: pulumi.Output<RegionIdentity["users"]>;

  constructor(name: string, args: { accounts: AccountSpec[] }, opts?: pulumi.ComponentResourceOptions) {
    super("supercluster:security:Credentials", name, {}, opts);
    const parent = { parent: this };
    // One seed for all salts: a salt of its own a user would double the resources. Kept, so that hashes stay as they are.
    const seed = new random.RandomPassword(`${name}-salts`, { length: 32, special: false }, parent);
    const logins = args.accounts.flatMap(({ users }) => users.map(({ login }) => login));
    const users = logins.map((login) => {
      const { result } = new random.RandomPassword(`${name}-${login}`, { length: 32, special: false }, parent);
      return pulumi
        .all([result, seed.result])
        .apply(([password, salts]) => [login, { password, hash: hashPassword(password, saltOf(salts, login)) }] as const);
    });
    this.users = pulumi.secret(pulumi.all(users).apply((entries) => Object.fromEntries(entries)));
    this.registerOutputs({});
  }
}

const saltOf = (seed: string, login: string): Buffer => createHash("sha256").update(`${seed}:${login}`).digest().subarray(0, 16);
