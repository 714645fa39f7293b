import * as assert from "node:assert/strict";
import { fromSeed } from "@nats-io/nkeys";
import bcrypt from "bcryptjs";
import type { AccountSpec } from "../../config/assets/region";
import { tokenHash } from "../../components/security/callout-users";
import { Credentials } from "../../components/security/credentials";
import { record, settled } from "../support/mocks";

const nothing = { publish: { allow: [], deny: [">"] }, subscribe: { allow: [], deny: [">"] } };
const account = (name: string, users: string[]): AccountSpec => ({
  name,
  users: users.map((user) => ({
    name: user,
    login: `${name}-${user}`,
    inboxPrefix: `_INBOX_${user}`,
    permissions: nothing,
  })),
});
const accounts = [account("covenant", ["api", "worker"]), account("irisx", ["api"])];

describe("Credentials", () => {
  it("has one password a login and one seed for the salts, of 32 letters and digits", async () => {
    const { registrations, of } = await record(() => new Credentials("users", { accounts, protect: false }));
    const passwords = of("random:index/randomPassword:RandomPassword");
    assert.deepEqual(
      passwords.map(({ name }) => name),
      ["users-covenant-api", "users-covenant-worker", "users-irisx-api", "users-salts"],
    );
    for (const { inputs, options } of passwords)
      assert.deepEqual([inputs, options.parent], [{ length: 32, special: false }, "users"]);
    assert.equal(registrations.length, 1 + passwords.length);
  });

  it("gives each login its password and a bcrypt hash of cost 5 that matches it, all secret", async () => {
    const { result } = await record(() => new Credentials("users", { accounts, protect: false }));
    const { value, secret } = await settled(result.users);
    assert.equal(secret, true);
    assert.deepEqual(Object.keys(value), ["covenant-api", "covenant-worker", "irisx-api"]);
    for (const [login, { password, hash }] of Object.entries(value)) {
      assert.equal(password, `password of users-${login}`);
      assert.equal(bcrypt.getRounds(hash), 5);
      assert.ok(bcrypt.compareSync(password, hash), `${login}'s hash is of its password`);
    }
  });

  it("hash to the same text every time, with a salt for each login: an unchanged `up` reloads no server", async () => {
    const hashes = async () =>
      Object.values(
        (await settled((await record(() => new Credentials("users", { accounts, protect: false }))).result.users))
          .value,
      ).map(({ hash }) => hash);
    const first = await hashes();
    assert.deepEqual(await hashes(), first);
    const salts = first.map((hash) => bcrypt.getSalt(hash));
    assert.equal(new Set(salts).size, 3);
  });

  it("protects the seed and provisioners, except of an account that leaves; other users may be removed", async () => {
    const withProvisioners = [account("covenant", ["api", "provisioner"]), account("irisx", ["provisioner"])];
    const protectedOf = async (unprotected: string[]) => {
      const { of } = await record(
        () => new Credentials("users", { accounts: withProvisioners, protect: true, unprotected }),
      );
      return of("random:index/randomPassword:RandomPassword")
        .filter(({ options }) => options.protect)
        .map(({ name }) => name);
    };
    assert.deepEqual(await protectedOf([]), ["users-covenant-provisioner", "users-irisx-provisioner", "users-salts"]);
    assert.deepEqual(await protectedOf(["covenant"]), ["users-irisx-provisioner", "users-salts"]);
  });

  it("has two passwords while one replaces the other, under two logins; the one given out is protected", async () => {
    const withProvisioner = [account("irisx", ["api", "provisioner"])];
    const rotated = async (accepted: number[], given: number) => {
      const rotations = { "irisx/provisioner": { accepted, given } };
      const { result, of } = await record(
        () => new Credentials("users", { accounts: withProvisioner, protect: true, rotations }),
      );
      const made = of("random:index/randomPassword:RandomPassword")
        .filter(({ name }) => name.includes("provisioner"))
        .map(({ name, options }) => `${name}${options.protect ? " (protected)" : ""}`);
      const { login, password, hash, also } = (await settled(result.users)).value["irisx-provisioner"]!;
      assert.ok(bcrypt.compareSync(password, hash));
      return { made, login, also: also?.login };
    };
    const [first, second] = ["users-irisx-provisioner", "users-irisx-provisioner.2"] as const;
    assert.deepEqual(await rotated([1, 2], 1), {
      made: [`${first} (protected)`, second],
      login: undefined,
      also: "irisx-provisioner.2",
    });
    assert.deepEqual(await rotated([1, 2], 2), {
      made: [first, `${second} (protected)`],
      login: "irisx-provisioner.2",
      also: "irisx-provisioner",
    });
    assert.deepEqual(await rotated([2], 2), {
      made: [`${second} (protected)`],
      login: "irisx-provisioner.2",
      also: undefined,
    });
  });

  it("makes an nkey instead, of a secret of its own, for a user that logs in by nkey", async () => {
    const museum = account("museum", ["turnstile", "viewer"]);
    const users = museum.users.map((user) => (user.name === "turnstile" ? { ...user, byNkey: true as const } : user));
    const byNkey = [{ ...museum, users }];
    const { result, of } = await record(() => new Credentials("users", { accounts: byNkey, protect: true }));
    assert.deepEqual(
      of("random:index/randomPassword:RandomPassword").map(({ name, inputs }) => [name, inputs.length]),
      [
        ["users-museum-turnstile-nkey", 48],
        ["users-museum-viewer", 32],
        ["users-salts", 32],
      ],
    );
    const { value } = await settled(result.users);
    const { password, hash, byNkey: is } = value["museum-turnstile"]!;
    const pair = fromSeed(new TextEncoder().encode(password));
    assert.deepEqual([pair.getPublicKey(), is], [hash, true]);
    assert.equal(value["museum-viewer"]!.byNkey, undefined);
  });

  it("makes a token, a certificate for dialling alone, and the keys of the auth callout", async () => {
    const gallery = account("gallery", ["scanner", "desk"]);
    const [scanner, desk] = gallery.users.slice(-2);
    const logins = account("logins", ["auth-callout"]);
    const own = [
      {
        ...gallery,
        users: [
          { ...scanner!, byCallout: "token" as const },
          { ...desk!, byCallout: "certificate" as const },
        ],
      },
      { ...logins, users: [{ ...logins.users.at(-1)!, answersServers: true as const }] },
    ];
    const ca = { cert: "ca", key: "its key" };
    const { result, of } = await record(() => new Credentials("users", { accounts: own, protect: true, ca }));
    const [signed] = of("tls:index/locallySignedCert:LocallySignedCert");
    assert.deepEqual(signed!.inputs.allowedUses, ["digital_signature", "client_auth"]);
    const [request] = of("tls:index/certRequest:CertRequest");
    assert.deepEqual(request!.inputs.subject, { commonName: "gallery-desk" });
    const { value, secret } = await settled(result.users);
    assert.ok(secret);
    const token = value["gallery-scanner"]!;
    assert.deepEqual([token.byCallout, token.hash], ["token", tokenHash(token.password)]);
    assert.deepEqual(
      [value["gallery-desk"]!.byCallout, value["gallery-desk"]!.hash],
      ["certificate", "CN=gallery-desk"],
    );
    const { issuer, xkey } = value["logins-auth-callout"]!.callout!;
    assert.match(
      [issuer.publicKey, issuer.seed, xkey.publicKey, xkey.seed].join(),
      /^A\w{55},SA\w{56},X\w{55},SX\w{56}$/,
    );
  });

  it("shows nothing in the component's own outputs", async () => {
    const { of } = await record(() => new Credentials("users", { accounts, protect: false }));
    assert.deepEqual(of("supercluster:security:Credentials")[0]!.outputs, {});
  });
});
