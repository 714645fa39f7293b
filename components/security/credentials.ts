import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { AccountSpec, Credential, RegionIdentity } from "../../config/assets/region";
import { loginOfGeneration, provisioner } from "../../config/assets/standard";
import { firstPassword, type Rotations, userKey } from "../../config/schema/passwords";
import { userKeyOf } from "./nkeys";
import { hashPassword, saltOf } from "./passwords";

/** A password or nkey for every user of every account, with the hash or public key that servers are given. */
export class Credentials extends pulumi.ComponentResource {
  /** By login. Secret. */
  readonly users: pulumi.Output<RegionIdentity["users"]>;

  /**
   * @param args.protect whether passwords of provisioners and the seed are protected. Not the component, as in
   *   CertificateAuthority
   * @param args.rotations users who have other passwords than the first. Only the one that is given out is protected
   * @param args.unprotected accounts that are removed with the next release
   */
  constructor(
    name: string,
    {
      accounts,
      protect,
      rotations = {},
      unprotected = [],
    }: { accounts: AccountSpec[]; protect: boolean; rotations?: Rotations; unprotected?: string[] },
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
        byNkey: user.byNkey,
        passwords: rotations[userKey(account.name, user.name)] ?? firstPassword,
        isKept: user.name === provisioner && !unprotected.includes(account.name),
      })),
    );
    const users = logins.map(({ login: first, byNkey, passwords: { accepted, given }, isKept }) => {
      if (byNkey) {
        const secret = new random.RandomPassword(`${name}-${first}-nkey`, { length: 48, special: false }, parent);
        return secret.result.apply((text): [string, Credential] => {
          const { seed: password, publicKey: hash } = userKeyOf(text);
          return [first, { password, hash, byNkey }];
        });
      }
      const made = accepted.map((generation) => {
        const login = loginOfGeneration(first, generation);
        // A user may be removed or get another password; without its provisioner an account's streams cannot be
        // deleted.
        const own = isKept && generation === given ? kept : parent;
        const { result } = new random.RandomPassword(`${name}-${login}`, { length: 32, special: false }, own);
        return pulumi
          .all([result, seed.result])
          .apply(([password, salts]) => ({ login, password, hash: hashPassword(password, saltOf(salts, login)) }));
      });
      return pulumi.all(made).apply((all): [string, Credential] => {
        const own = all.find(({ login }) => login === loginOfGeneration(first, given))!;
        const also = all.find((one) => one !== own);
        return [
          first,
          {
            ...{ password: own.password, hash: own.hash },
            ...(own.login !== first && { login: own.login }),
            ...(also && { also: { login: also.login, hash: also.hash } }),
          },
        ];
      });
    });
    this.users = pulumi.secret(pulumi.all(users).apply((entries) => Object.fromEntries(entries)));
    this.registerOutputs({});
  }
}
