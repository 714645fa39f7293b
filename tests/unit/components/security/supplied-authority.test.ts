import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { readSupplied, type SuppliedParts } from "../../../../components/security/supplied-authority";

const names = { dnsNames: ["localhost", "nats.iad.example.com", "*.nats-headless.nats"], ipAddresses: ["127.0.0.1"] };

/** Authorities by OpenSSL, as people have them. */
describe("an authority that is supplied", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(path.join(tmpdir(), "authorities-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string) => path.join(folder, name);
  const read = (name: string) => readFileSync(file(name), "utf8");
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
    assert.equal(status, 0, stderr);
  };

  /** Makes `<name>.pem` and `<name>.key`. */
  function make(
    name: string,
    { extensions = ["basicConstraints=critical,CA:TRUE"], days = "3650", issuer = "", key = ec } = {},
  ): void {
    openssl("req", "-new", ...key, "-nodes", "-keyout", `${name}.key`, "-subj", `/CN=${name}`, "-out", `${name}.csr`);
    writeFileSync(file(`${name}.ext`), ["subjectKeyIdentifier=hash", ...extensions].join("\n"));
    const signer = issuer ? ["-CA", `${issuer}.pem`, "-CAkey", `${issuer}.key`] : ["-signkey", `${name}.key`];
    const request = ["-in", `${name}.csr`, "-extfile", `${name}.ext`, "-days", days, "-out", `${name}.pem`];
    openssl("x509", "-req", ...signer, ...request);
  }
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  const problems = (cert: string, key: string, now?: Date): string[] => {
    const found = readSupplied({ cert, key }, names, now);
    return "problems" in found ? found.problems : [];
  };

  before(() => {
    make("root");
    make("issuing", { issuer: "root", extensions: ["basicConstraints=critical,CA:TRUE,pathlen:0"], days: "900" });
  });

  it("is taken with its key in any of the usual forms", () => {
    make("rsa", { key: ["-newkey", "rsa:2048"] });
    for (const name of ["root", "rsa"]) {
      const found = readSupplied({ cert: read(`${name}.pem`), key: read(`${name}.key`) }, names) as SuppliedParts;
      assert.ok(new X509Certificate(found.cert).checkPrivateKey(createPrivateKey(found.key)));
      assert.match(found.key, /^-----BEGIN (RSA|EC) PRIVATE KEY-----/, "as the provider writes keys itself");
      assert.deepEqual([found.trusted, found.intermediates, found.warnings], [found.cert, "", []]);
    }
  });

  it("may be issued by another: both are trusted, and servers show the one that signs", () => {
    const chain = `${read("issuing.pem")}\n${read("root.pem")}`;
    const found = readSupplied({ cert: chain, key: read("issuing.key") }, names) as SuppliedParts;
    assert.equal(found.trusted.match(/BEGIN/g)!.length, 2);
    assert.equal(found.intermediates, found.cert);
    assert.deepEqual(problems(`${read("issuing.pem")}\n${read("rsa.pem")}`, read("issuing.key")), [
      "certificate 2 did not issue certificate 1; give each before its issuer",
    ]);
  });

  it("is refused with every reason at once", () => {
    make("leaf", { extensions: ["basicConstraints=CA:FALSE", "keyUsage=digitalSignature"] });
    assert.deepEqual(problems(read("leaf.pem"), read("root.key"), new Date("2000-01-01")), [
      "the certificate is not of an authority (basicConstraints CA is not true)",
      "the certificate may not sign others (keyUsage has no keyCertSign)",
      "the key is not the certificate's",
      `the certificate is valid only from ${new X509Certificate(read("leaf.pem")).validFrom}`,
    ]);
    assert.deepEqual(problems("ca.pem", "key.pem"), [
      "the certificate is not one in PEM format (-----BEGIN CERTIFICATE-----)",
      "the key is not a private key in PEM format",
    ]);
    const { validTo } = new X509Certificate(read("root.pem"));
    const later = new Date("2300-01-01");
    assert.deepEqual(problems(read("root.pem"), read("root.key"), later), [`the certificate expired on ${validTo}`]);
  });

  it("is refused with an encrypted key, or one of another kind", () => {
    openssl("pkey", "-in", "root.key", "-aes256", "-passout", "pass:x", "-out", "encrypted.key");
    assert.match(problems(read("root.pem"), read("encrypted.key"))[0]!, /^the key is encrypted; decrypt it first/);
    openssl("genpkey", "-algorithm", "x25519", "-out", "x25519.key");
    assert.match(problems(read("root.pem"), read("x25519.key"))[0]!, /of type x25519; use RSA, ECDSA or Ed25519/);
  });

  it("is refused where its name constraints do not permit the names of servers", () => {
    const constrained = (...list: string[]) => {
      const constraints = `nameConstraints=critical,${list.join(",")}`;
      make("constrained", { extensions: ["basicConstraints=critical,CA:TRUE", constraints] });
      return problems(read("constrained.pem"), read("constrained.key"));
    };
    const not = (text: string) => [`its name constraints do not permit what servers are dialled by: ${text}`];
    assert.deepEqual(constrained("permitted;DNS:example.com"), not("localhost, *.nats-headless.nats"));
    assert.deepEqual(constrained("excluded;DNS:iad.example.com"), not("nats.iad.example.com"));
    assert.deepEqual(constrained("permitted;IP:10.0.0.0/255.0.0.0"), not("127.0.0.1"));
    assert.deepEqual(constrained("permitted;IP:127.0.0.0/255.0.0.0", "excluded;DNS:internal"), []);
    assert.deepEqual(constrained("permitted;IP:0.0.0.0/0.0.0.0", "permitted;IP:fd00::/ffff::"), []);
    assert.deepEqual(constrained("permitted;IP:fd00::/ffff::"), not("127.0.0.1"));
    const everyIpv6 = "IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0";
    assert.deepEqual(constrained(`permitted;${everyIpv6}`), not("127.0.0.1"));
    assert.deepEqual(constrained("permitted;IP:127.0.0.0/255.0.0.0", `excluded;${everyIpv6}`), []);
    assert.deepEqual(constrained("permitted;email:example.com", "permitted;URI:.example.com"), []);
    assert.deepEqual(constrained("permitted;dirName:subject\n[subject]\nO=Example"), [
      "it has name constraints on subjects, which servers and clients written in Go refuse",
    ]);
    const everything = ["localhost", "example.com", "nats"].map((name) => `permitted;DNS:${name}`);
    assert.deepEqual(constrained(...everything), []);
  });

  it("is warned about where it expires before what it signs", () => {
    const at = new Date(new Date(new X509Certificate(read("issuing.pem")).validTo).getTime() - 100 * 24 * 3_600_000);
    const found = readSupplied({ cert: read("issuing.pem"), key: read("issuing.key") }, names, at) as SuppliedParts;
    assert.match(found.warnings.join(), /^the certificate expires on .*, before those that it signs now; replace it/);
  });
});
