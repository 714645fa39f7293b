import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { AccountSpec, Credential, RegionIdentity } from "../../config/assets/region";
import { loginOfGeneration, provisioner } from "../../config/assets/standard";
import { firstPassword, type Rotations, userKey } from "../../config/schema/passwords";
import { certificateSubject, tokenHash } from "./callout-users";
import { type Authority, ClientCertificate } from "./certificates";
import { natsKeyOf } from "./nkeys";
import { hashPassword, saltOf } from "./passwords";

/** What every user of every account logs in with, and what servers or the auth callout are given of it. */
export class Credentials extends pulumi.ComponentResource {
  /** By login. Secret. */
  readonly users: pulumi.Output<RegionIdentity["users"]>;

  /**
   * @param args.protect whether passwords of provisioners and the seed are protected. Not the component, as in
   *   CertificateAuthority
   * @param args.rotations users who have other passwords than the first. Only the one that is given out is protected
   * @param args.unprotected accounts that are removed with the next release
   * @param args.ca what signs certificates of users; without it there must be none
   */
  constructor(
    name: string,
    {
      accounts,
      protect,
      rotations = {},
      unprotected = [],
      ca,
    }: { accounts: AccountSpec[]; protect: boolean; rotations?: Rotations; unprotected?: string[]; ca?: Authority },
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
        ...user,
        passwords: rotations[userKey(account.name, user.name)] ?? firstPassword,
        isKept: user.name === provisioner && !unprotected.includes(account.name),
      })),
    );
    const secret = (of: string) =>
      new random.RandomPassword(`${name}-${of}`, { length: 48, special: false }, parent).result;
    const users = logins.map(({ login: first, byNkey, byCallout, answersServers, passwords, isKept }) => {
      const { accepted, given } = passwords;
      if (byNkey)
        return secret(`${first}-nkey`).apply((text): [string, Credential] => {
          const { seed: password, publicKey: hash } = natsKeyOf("nkey", text);
          return [first, { password, hash, byNkey }];
        });
      if (byCallout === "certificate") {
        if (!ca) throw new Error(`user ${first} logs in by certificate, and there is no authority to sign one`);
        const issued = new ClientCertificate(`${name}-${first}`, { ca, login: first }, parent);
        return pulumi
          .all([issued.cert, issued.key])
          .apply(([certificate, password]): [string, Credential] => [
            first,
            { password, hash: certificateSubject(first), byCallout, certificate },
          ]);
      }
      const made = accepted.map((generation) => {
        const login = loginOfGeneration(first, generation);
        // A user may be removed or get another password; without its provisioner an account's streams cannot be
        // deleted.
        const own = isKept && generation === given ? kept : parent;
        const { result } = new random.RandomPassword(`${name}-${login}`, { length: 32, special: false }, own);
        return pulumi.all([result, seed.result]).apply(([password, salts]) => ({
          ...{ login, password },
          hash: byCallout ? tokenHash(password) : hashPassword(password, saltOf(salts, login)),
        }));
      });
      const callout = answersServers
        ? pulumi.all([secret(`${first}-issuer`), secret(`${first}-xkey`)]).apply(([issuer, xkey]) => ({
            issuer: natsKeyOf("issuer", issuer),
            xkey: natsKeyOf("xkey", xkey),
          }))
        : undefined;
      return pulumi.all([pulumi.all(made), pulumi.output(callout)]).apply(([all, keys]): [string, Credential] => {
        const own = all.find(({ login }) => login === loginOfGeneration(first, given))!;
        const also = all.find((one) => one !== own);
        return [
          first,
          {
            ...{ password: own.password, hash: own.hash },
            ...(byCallout && { byCallout }),
            ...(own.login !== first && { login: own.login }),
            ...(also && { also: { login: also.login, hash: also.hash } }),
            ...(keys && { callout: keys }),
          },
        ];
      });
    });
    this.users = pulumi.secret(pulumi.all(users).apply((entries) => Object.fromEntries(entries)));
    this.registerOutputs({});
  }
}
