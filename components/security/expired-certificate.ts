import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import * as asn1 from "@peculiar/asn1-x509";

const dayMs = 24 * 3_600_000;
const ecdsaWithSha256 = "1.2.840.10045.4.3.2";

/**
 * A certificate for 127.0.0.1 and localhost that expired yesterday, signed by its own key: for drills. PEM. The key of
 * an environment's authority is in its state alone, and nothing but a deployment signs with it.
 */
export function expiredCertificate(now = Date.now()): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = new asn1.Name([
    new asn1.RelativeDistinguishedName([
      new asn1.AttributeTypeAndValue({
        type: "2.5.4.3",
        value: new asn1.AttributeValue({ utf8String: "supercluster drill" }),
      }),
    ]),
  ]);
  const alternatives = new asn1.SubjectAlternativeName([
    new asn1.GeneralName({ dNSName: "localhost" }),
    new asn1.GeneralName({ iPAddress: "127.0.0.1" }),
  ]);
  const serial = randomBytes(16);
  // Above zero, and in the shortest form there is.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const algorithm = new asn1.AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const signed = new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: bytes(serial),
    signature: algorithm,
    issuer: name,
    validity: new asn1.Validity({ notBefore: new Date(now - 2 * dayMs), notAfter: new Date(now - dayMs) }),
    subject: name,
    subjectPublicKeyInfo: AsnConvert.parse(
      publicKey.export({ type: "spki", format: "der" }),
      asn1.SubjectPublicKeyInfo,
    ),
    extensions: new asn1.Extensions([
      new asn1.Extension({
        extnID: asn1.id_ce_subjectAltName,
        extnValue: new OctetString(AsnConvert.serialize(alternatives)),
      }),
    ]),
  });
  const certificate = new asn1.Certificate({
    tbsCertificate: signed,
    signatureAlgorithm: algorithm,
    signatureValue: bytes(sign("sha256", Buffer.from(AsnConvert.serialize(signed)), privateKey)),
  });
  return {
    cert: pem(Buffer.from(AsnConvert.serialize(certificate))),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der
    .toString("base64")
    .match(/.{1,64}/g)!
    .join("\n")}\n-----END CERTIFICATE-----\n`;

/** An ArrayBuffer of exactly these bytes: a Buffer may be a window on a larger one. */
const bytes = (buffer: Buffer): ArrayBuffer => new Uint8Array(buffer).buffer;
