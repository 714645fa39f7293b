import { strict as assert } from "node:assert";
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { createServer, connect, type TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";
import { hasSecret, secret, UNKNOWN, type Values } from "../../tools/offline/plugins/values";
import { writeProject } from "./offline-project";
import { startPlugin } from "./plugin-client";
import { temporaryFolder } from "./support";

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

describe("offline stand-in for the plugin tls", () => {
  const folder = temporaryFolder();
  let plugin: Awaited<ReturnType<typeof startPlugin>>;
  const keys = () => plugin.resource("tls:index/privateKey:PrivateKey");
  const requests = () => plugin.resource("tls:index/certRequest:CertRequest");
  const selfSigned = () => plugin.resource("tls:index/selfSignedCert:SelfSignedCert");
  const signed = () => plugin.resource("tls:index/locallySignedCert:LocallySignedCert");
  before(async () => (plugin = await startPlugin("tls", writeProject(folder))));
  after(() => plugin.stop());

  const P256 = { algorithm: "ECDSA", ecdsaCurve: "P256" };
  const terms = {
    validityPeriodHours: 24,
    allowedUses: ["digital_signature", "key_encipherment", "server_auth", "client_auth"],
  };
  const names = {
    subject: { commonName: "iad-0", organization: "Supercluster" },
    dnsNames: ["localhost", "*.iad.example.com"],
    ipAddresses: ["127.0.0.1", "::1"],
    uris: ["nats://iad"],
  };

  async function authority(key: Values = P256) {
    const { plain } = await keys().create(key);
    const inputs = {
      privateKeyPem: secret(plain.privateKeyPem),
      subject: { commonName: "Test CA" },
      isCaCertificate: true,
      validityPeriodHours: 240,
      allowedUses: ["cert_signing", "crl_signing"],
    };
    const made = await selfSigned().create(inputs);
    return { key: plain.privateKeyPem!, cert: made.plain.certPem!, inputs, ...made };
  }

  async function leaf(ca: { key: string; cert: string }, key: Values = P256) {
    const { plain } = await keys().create(key);
    const request = await requests().create({ privateKeyPem: secret(plain.privateKeyPem), ...names });
    const inputs = {
      certRequestPem: request.plain.certRequestPem,
      caCertPem: ca.cert,
      caPrivateKeyPem: secret(ca.key),
      ...terms,
    };
    return { key: plain.privateKeyPem!, request, inputs, ...(await signed().create(inputs)) };
  }

  for (const [key, type, size] of [
    [{ algorithm: "RSA" }, "RSA PRIVATE KEY", "2048"],
    [{ algorithm: "RSA", rsaBits: 3072 }, "RSA PRIVATE KEY", "3072"],
    [{ algorithm: "ECDSA" }, "EC PRIVATE KEY", "secp224r1"],
    [P256, "EC PRIVATE KEY", "prime256v1"],
    [{ algorithm: "ECDSA", ecdsaCurve: "P384" }, "EC PRIVATE KEY", "secp384r1"],
    [{ algorithm: "ECDSA", ecdsaCurve: "P521" }, "EC PRIVATE KEY", "secp521r1"],
    [{ algorithm: "ED25519" }, "PRIVATE KEY", "undefined"],
  ] as const) {
    it(`makes keys: ${JSON.stringify(key)}, and certificates with them`, async () => {
      const { id, state, plain } = await keys().create(key);
      const made = createPrivateKey(plain.privateKeyPem!);
      assert.ok(plain.privateKeyPem!.startsWith(`-----BEGIN ${type}-----`));
      assert.equal(String(made.asymmetricKeyDetails?.modulusLength ?? made.asymmetricKeyDetails?.namedCurve), size);
      assert.ok(createPrivateKey(plain.privateKeyPemPkcs8!).equals(made));
      assert.ok(createPublicKey(plain.publicKeyPem!).equals(createPublicKey(made)));
      assert.match(id, /^[0-9a-f]{40}$/);
      assert.deepEqual(
        Object.keys(state)
          .filter((name) => hasSecret(state[name]))
          .sort(),
        ["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"],
      );
      assert.equal(String(plain.rsaBits), String("rsaBits" in key ? key.rsaBits : 2048));
      assert.equal(plain.ecdsaCurve, "ecdsaCurve" in key ? key.ecdsaCurve : "P224");

      const ca = await authority(key);
      const { plain: cert } = await leaf(ca, key);
      assert.ok(new X509Certificate(cert.certPem!).verify(createPublicKey(ca.key)));
    });
  }

  it("writes public keys as OpenSSH does, with fingerprints; P224 has none", async () => {
    const { plain } = await keys().create(P256);
    const [name, blob] = plain.publicKeyOpenssh!.split(" ");
    assert.equal(name, "ecdsa-sha2-nistp256");
    assert.match(plain.publicKeyOpenssh!, /\n$/);
    const digest = (hash: string) => createHash(hash).update(Buffer.from(blob!, "base64"));
    assert.equal(plain.publicKeyFingerprintMd5!.replaceAll(":", ""), digest("md5").digest("hex"));
    assert.equal(`${plain.publicKeyFingerprintSha256}=`, `SHA256:${digest("sha256").digest("base64")}`);
    assert.match(plain.privateKeyOpenssh!, /^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
    const { plain: p224 } = await keys().create({ algorithm: "ECDSA" });
    assert.equal(
      p224.publicKeyOpenssh + p224.privateKeyOpenssh! + p224.publicKeyFingerprintMd5 + p224.publicKeyFingerprintSha256,
      "",
    );
  });

  it("makes authorities", async () => {
    const { id, plain, state } = await authority();
    const cert = new X509Certificate(plain.certPem!);
    assert.ok(cert.ca);
    assert.ok(cert.verify(cert.publicKey));
    assert.equal(cert.subject, "CN=Test CA");
    assert.equal(BigInt(`0x${cert.serialNumber}`).toString(), id);
    assert.equal(plain.keyAlgorithm, "ECDSA");
    assert.equal(plain.readyForRenewal, false);
    assert.equal(Date.parse(plain.validityEndTime!) - Date.parse(plain.validityStartTime!), 240 * 3_600_000);
    assert.equal(cert.validToDate.getTime(), Date.parse(plain.validityEndTime!));
    assert.ok(hasSecret(state.privateKeyPem));
  });

  it("signs requests with their names, and the usages and validity asked for", async () => {
    const ca = await authority();
    const { plain, request, key } = await leaf(ca);
    assert.equal(request.plain.keyAlgorithm, "ECDSA");
    const cert = new X509Certificate(plain.certPem!);
    assert.ok(
      cert.verify(createPublicKey(ca.key)) &&
        cert.checkIssued(new X509Certificate(ca.cert)) &&
        cert.checkPrivateKey(createPrivateKey(key)),
    );
    assert.ok(!cert.ca);
    assert.equal(cert.subject, "O=Supercluster\nCN=iad-0");
    assert.equal(
      cert.subjectAltName,
      "DNS:localhost, DNS:*.iad.example.com, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, URI:nats://iad",
    );
    assert.deepEqual(cert.keyUsage, [SERVER_AUTH, CLIENT_AUTH]);
    assert.equal(plain.caKeyAlgorithm, "ECDSA");
    assert.equal(Date.parse(plain.validityEndTime!) - Date.parse(plain.validityStartTime!), 24 * 3_600_000);
  });

  it("makes certificates that two sides of a mutual TLS connection accept", async () => {
    const ca = await authority();
    const [server, client] = [await leaf(ca), await leaf(ca)];
    const listening = createServer({
      key: server.key,
      cert: server.plain.certPem,
      ca: ca.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const accepted = new Promise<boolean>((resolve) =>
      listening.once("secureConnection", (socket: TLSSocket) => resolve(socket.authorized)),
    );
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const socket = connect({
      port: (listening.address() as AddressInfo).port,
      host: "127.0.0.1",
      key: client.key,
      cert: client.plain.certPem,
      ca: ca.cert,
    });
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    assert.ok(socket.authorized);
    assert.ok(await accepted);
    socket.destroy();
    listening.close();
  });

  it("refuses an authority whose key is another's", async () => {
    const [one, two] = [await authority(), await authority()];
    await assert.rejects(leaf({ key: one.key, cert: two.cert }), /caPrivateKeyPem is not the key of caCertPem/);
  });

  it("reports every mistake with the value and what was expected, and shows no key", async () => {
    assert.deepEqual(await keys().check({ algorithm: "DSA", rsaBits: 12 }), [
      'algorithm: "DSA" is not valid, expected one of RSA, ECDSA, ED25519',
      "rsaBits: 12 is not valid, expected 1024 to 16384",
    ]);
    const failures = await selfSigned().check({
      privateKeyPem: secret("nonsense"),
      subject: { name: "x" },
      ipAddresses: ["iad"],
      uris: ["iad"],
      validityPeriodHours: -1,
      allowedUses: ["serverAuth"],
    });
    assert.deepEqual(
      failures.map((failure) => failure.replace(/only .*/, "only ...")),
      [
        "privateKeyPem: this secret value is not valid, expected a PRIVATE KEY in PEM format",
        'subject: {"name":"x"} is not valid, expected only ...',
        'ipAddresses: ["iad"] is not valid, expected IP addresses',
        'uris: ["iad"] is not valid, expected URIs',
        "validityPeriodHours: -1 is not valid, expected 0 or more",
        'allowedUses: ["serverAuth"] is not valid, expected only ...',
      ],
    );
    assert.deepEqual(
      await selfSigned().check({ privateKeyPem: UNKNOWN, subject: { commonName: UNKNOWN }, ...terms }),
      [],
    );
  });

  it("replaces keys and certificates when an input changes", async () => {
    const key = await keys().create(P256);
    assert.deepEqual(await keys().diff(key.state, { ...P256, rsaBits: 2048 }), {
      changes: false,
      replaces: [],
      diffs: [],
    });
    assert.deepEqual((await keys().diff(key.state, { ...P256, ecdsaCurve: "P384" })).replaces, ["ecdsaCurve"]);

    const ca = await authority();
    const { state, inputs } = await leaf(ca);
    assert.deepEqual(await signed().diff(state, { ...inputs, earlyRenewalHours: 0, isCaCertificate: false }), {
      changes: false,
      replaces: [],
      diffs: [],
    });
    assert.deepEqual((await signed().diff(state, { ...inputs, allowedUses: ["server_auth"] })).replaces, [
      "allowedUses",
    ]);
    assert.deepEqual((await signed().diff(state, { ...inputs, validityPeriodHours: 25 })).replaces, [
      "validityPeriodHours",
    ]);
    assert.deepEqual(
      (await signed().diff(state, { ...inputs, caCertPem: UNKNOWN, caPrivateKeyPem: secret(UNKNOWN) })).replaces,
      ["caCertPem", "caPrivateKeyPem"],
    );
    assert.deepEqual(
      (await selfSigned().diff(ca.state, { ...ca.inputs, subject: { commonName: "Other CA" } })).replaces,
      ["subject"],
    );
  });

  it("updates earlyRenewalHours in place, and replaces what it makes due", async () => {
    const { state, inputs, plain } = await leaf(await authority());
    assert.deepEqual(await signed().diff(state, { ...inputs, earlyRenewalHours: 23 }), {
      changes: true,
      replaces: [],
      diffs: ["earlyRenewalHours"],
    });
    const updated: Values = await signed().update(state, { ...inputs, earlyRenewalHours: 23 });
    assert.equal(updated.certPem, plain.certPem);
    assert.deepEqual(updated, { ...state, earlyRenewalHours: 23 });
    assert.deepEqual(await signed().diff(state, { ...inputs, earlyRenewalHours: 24 }), {
      changes: true,
      replaces: ["readyForRenewal"],
      diffs: ["readyForRenewal", "earlyRenewalHours"],
    });
  });

  it("replaces an expired certificate without any change, and says so on refresh", async () => {
    const { state, inputs } = await leaf(await authority());
    const expired = { ...state, validityEndTime: new Date(Date.now() - 1).toISOString() };
    assert.deepEqual((await signed().diff(expired, inputs)).replaces, ["readyForRenewal"]);
    assert.equal((await signed().read(expired)).readyForRenewal, true);
    assert.deepEqual(await signed().read(state), state);
  });

  it("makes nothing at preview", async () => {
    const { plain, state } = await selfSigned().create(
      { privateKeyPem: UNKNOWN, subject: { commonName: "x" }, ...terms },
      true,
    );
    assert.equal(plain.certPem, UNKNOWN);
    assert.equal(plain.validityEndTime, UNKNOWN);
    assert.deepEqual(plain.subject, { commonName: "x" });
    assert.ok(hasSecret(state.privateKeyPem));
  });
});
