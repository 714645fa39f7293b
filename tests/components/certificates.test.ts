import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { authorities, CertificateAuthority, ServerCertificate } from "../../components/security/certificates";
import { isSecret, record, settled, unsecret } from "../support/mocks";

const names = { dnsNames: ["localhost", "nats.example.com"], ipAddresses: ["127.0.0.1"] };

const server = (dials: boolean) =>
  record(() => {
    const ca = new CertificateAuthority("ca", { commonName: "test CA", protect: true });
    return new ServerCertificate("iad-peer", { ca, commonName: "nats iad", names, dials });
  });

describe("CertificateAuthority", () => {
  it("is a key and a certificate that may sign and nothing else, named after it", async () => {
    const { registrations, of } = await record(
      () => new CertificateAuthority("client-ca", { commonName: "test clients", protect: true }),
    );
    assert.deepEqual(
      registrations.map(({ name, options }) => [name, options.parent]),
      [
        ["client-ca", undefined],
        ["client-ca-key", "client-ca"],
        ["client-ca-cert", "client-ca"],
      ],
    );
    const { inputs } = of("tls:index/selfSignedCert:SelfSignedCert")[0]!;
    assert.equal(inputs.isCaCertificate, true);
    assert.deepEqual(inputs.allowedUses, ["cert_signing", "crl_signing", "digital_signature"]);
    assert.deepEqual(inputs.subject, { commonName: "test clients" });
  });

  it("shows its certificate and keeps its key secret", async () => {
    const { result, of } = await record(
      () => new CertificateAuthority("client-ca", { commonName: "test clients", protect: true }),
    );
    assert.deepEqual(await settled(result.cert), { value: "certificate of client-ca-cert", secret: false });
    assert.deepEqual(await settled(result.key), { value: "private key of client-ca-key", secret: true });
    assert.deepEqual(of("supercluster:security:CertificateAuthority")[0]!.outputs, {
      cert: "certificate of client-ca-cert",
    });
  });

  for (const protect of [true, false])
    it(`has key and certificate ${protect ? "protected" : "unprotected"} as asked, never itself`, async () => {
      const { registrations } = await record(
        () => new CertificateAuthority("client-ca", { commonName: "test", protect }),
      );
      assert.deepEqual(
        registrations.map(({ options }) => options.protect),
        [undefined, protect || undefined, protect || undefined],
      );
    });
});

describe("generations of an authority", () => {
  it("have names of their own after the first; all that are trusted are in one file, one signs", async () => {
    const { result, registrations } = await record(() =>
      authorities("peer-ca", "test servers", { trusted: [1, 2], signing: 2 }, { protect: true }),
    );
    assert.deepEqual(
      registrations.filter(({ options }) => options.protect).map(({ name }) => name),
      ["peer-ca-2-key", "peer-ca-2-cert"],
    );
    assert.deepEqual(
      registrations.filter(({ type }) => type.startsWith("supercluster:")).map(({ name }) => name),
      ["peer-ca", "peer-ca-2"],
    );
    assert.deepEqual(await settled(result.trusted), {
      value: "certificate of peer-ca-certcertificate of peer-ca-2-cert",
      secret: false,
    });
    assert.deepEqual(await settled(pulumi.output(result.signing.cert)), {
      value: "certificate of peer-ca-2-cert",
      secret: false,
    });
  });
});

describe("an authority that is supplied", () => {
  const parts = {
    cert: "issuing\n",
    key: "its key",
    trusted: "issuing\nroot\n",
    intermediates: "issuing\n",
    warnings: [],
  };
  const issued = () =>
    record(() => {
      const all = authorities(
        "client-ca",
        "test clients",
        { trusted: [1, 2], signing: 2, supplied: [2] },
        { protect: true, supplied: new Map([[2, parts]]) },
      );
      const certificate = new ServerCertificate("iad-server", {
        ca: all.signing,
        commonName: "nats iad",
        names,
        dials: false,
      });
      return { all, certificate };
    });

  it("is no resource but its component, is trusted with its issuers, and signs", async () => {
    const { result, registrations, of } = await issued();
    assert.deepEqual(
      registrations.filter(({ name }) => name.startsWith("client-ca-2")).map(({ type, outputs }) => [type, outputs]),
      [["supercluster:security:SuppliedAuthority", { cert: "issuing\n" }]],
    );
    assert.equal((await settled(result.all.trusted)).value, "certificate of client-ca-certissuing\nroot\n");
    const { inputs } = of("tls:index/locallySignedCert:LocallySignedCert")[0]!;
    assert.equal(inputs.caCertPem, "issuing\n");
    assert.ok(isSecret(inputs.caPrivateKeyPem));
    assert.equal(unsecret(inputs.caPrivateKeyPem), "its key");
  });

  it("leaves the one that was made unprotected, and is shown by servers after their own", async () => {
    const { result, registrations } = await issued();
    assert.deepEqual(
      registrations.filter(({ options }) => options.protect),
      [],
    );
    assert.equal((await settled(result.certificate.cert)).value, "certificate of iad-server-certissuing\n");
  });
});

describe("ServerCertificate", () => {
  it("is a key, a request and a certificate named after it, signed by the given CA for the given names", async () => {
    const { registrations, of } = await server(false);
    assert.deepEqual(
      registrations.filter(({ options }) => options.parent === "iad-peer").map(({ name }) => name),
      ["iad-peer-key", "iad-peer-request", "iad-peer-cert"],
    );
    const request = of("tls:index/certRequest:CertRequest")[0]!.inputs;
    assert.deepEqual([request.dnsNames, request.ipAddresses], [names.dnsNames, names.ipAddresses]);
    const { inputs } = of("tls:index/locallySignedCert:LocallySignedCert")[0]!;
    assert.equal(inputs.caCertPem, "certificate of ca-cert");
    assert.equal(inputs.certRequestPem, "request of iad-peer-request");
    assert.ok(isSecret(inputs.caPrivateKeyPem), "the CA's key is secret");
    assert.equal(unsecret(inputs.caPrivateKeyPem), "private key of ca-key");
  });

  for (const [dials, uses] of [
    [false, ["digital_signature", "server_auth"]],
    [true, ["digital_signature", "server_auth", "client_auth"]],
  ] as const) {
    it(`may be used for ${uses.join(", ")} when servers ${dials ? "dial" : "are only dialled"}`, async () => {
      const { of } = await server(dials);
      const [certificate, ...more] = of("tls:index/locallySignedCert:LocallySignedCert");
      assert.deepEqual([certificate!.inputs.allowedUses, more.length], [uses, 0]);
    });
  }

  it("is renewed by an `up` in its last 120 days of 365", async () => {
    const { inputs } = (await server(false)).of("tls:index/locallySignedCert:LocallySignedCert")[0]!;
    assert.deepEqual([inputs.validityPeriodHours, inputs.earlyRenewalHours], [365 * 24, 120 * 24]);
  });

  it("shows its certificate and keeps its key secret", async () => {
    const { result, of } = await server(true);
    assert.deepEqual(await settled(result.cert), { value: "certificate of iad-peer-cert", secret: false });
    assert.deepEqual(await settled(result.key), { value: "private key of iad-peer-key", secret: true });
    assert.deepEqual(of("supercluster:security:ServerCertificate")[0]!.outputs, {
      cert: "certificate of iad-peer-cert",
    });
  });
});
