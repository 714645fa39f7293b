import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { AccountSpec, RegionIdentity } from "../../config/assets/region";
import { provisioner } from "../../config/assets/standard";
import { hashPassword, saltOf } from "./passwords";

/** A password for every user of every account, with the hash that servers are given. */
export class Credentials extends pulumi.ComponentResource {
  /** By login. Secret. */
  readonly users: pulumi.Output<RegionIdentity["users"]>;

  /**
   * @param args.protect whether passwords of provisioners and the seed are protected. Not the component, as in
   *   CertificateAuthority
   * @param args.unprotected accounts that are removed with the next release
   */
  constructor(
    name: string,
    { accounts, protect, unprotected = [] }: { accounts: AccountSpec[]; protect: boolean; unprotected?: string[] },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:security:Credentials", name, {}, opts);
    const parent = { parent: this };
    const kept = { ...parent, ...(protect && { protect: true }) };
    // One seed for all salts, because a salt for each user would double the resources. It is kept in the state, so that
    // hashes do not change.
    const seed = new random.RandomPassword(`${name}-salts`, { length: 32, special: false }, kept);
    const logins = accounts.flatMap((account) =>
      account.users.map((user) => ({
        login: user.login,
        isKept: user.name === provisioner && !unprotected.includes(account.name),
      })),
    );
    const users = logins.map(({ login, isKept }) => {
      // A user may be removed or get another password; without its provisioner an account's streams cannot be deleted.
      const own = isKept ? kept : parent;
      const { result } = new random.RandomPassword(`${name}-${login}`, { length: 32, special: false }, own);
      return pulumi
        .all([result, seed.result])
        .apply(
          ([password, salts]) => [login, { password, hash: hashPassword(password, saltOf(salts, login)) }] as const,
        );
    });
    this.users = pulumi.secret(pulumi.all(users).apply((entries) => Object.fromEntries(entries)));
    this.registerOutputs({});
  }
}
