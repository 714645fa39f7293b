// Certificates and requests: the structures by @peculiar's ASN.1 packages, the cryptography by Node.js.
import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import * as asn1 from "@peculiar/asn1-x509";
import { algorithmOf } from "./keys";

/** Usages by the name the plugin "tls" gives them. */
export const KEY_USAGES: Record<string, number> = {
  digital_signature: asn1.KeyUsageFlags.digitalSignature,
  content_commitment: asn1.KeyUsageFlags.nonRepudiation,
  key_encipherment: asn1.KeyUsageFlags.keyEncipherment,
  data_encipherment: asn1.KeyUsageFlags.dataEncipherment,
  key_agreement: asn1.KeyUsageFlags.keyAgreement,
  cert_signing: asn1.KeyUsageFlags.keyCertSign,
  crl_signing: asn1.KeyUsageFlags.cRLSign,
  encipher_only: asn1.KeyUsageFlags.encipherOnly,
  decipher_only: asn1.KeyUsageFlags.decipherOnly,
};

export const EXTENDED_KEY_USAGES: Record<string, string> = {
  any_extended: asn1.anyExtendedKeyUsage,
  server_auth: asn1.id_kp_serverAuth,
  client_auth: asn1.id_kp_clientAuth,
  code_signing: asn1.id_kp_codeSigning,
  email_protection: asn1.id_kp_emailProtection,
  ipsec_end_system: "1.3.6.1.5.5.7.3.5",
  ipsec_tunnel: "1.3.6.1.5.5.7.3.6",
  ipsec_user: "1.3.6.1.5.5.7.3.7",
  timestamping: asn1.id_kp_timeStamping,
  ocsp_signing: asn1.id_kp_OCSPSigning,
  microsoft_server_gated_crypto: "1.3.6.1.4.1.311.10.3.3",
  netscape_server_gated_crypto: "2.16.840.1.113730.4.1",
  microsoft_commercial_code_signing: "1.3.6.1.4.1.311.2.1.22",
  microsoft_kernel_code_signing: "1.3.6.1.4.1.311.61.1.1",
};

export interface Subject {
  commonName?: string;
  country?: string;
  emailAddress?: string;
  locality?: string;
  organization?: string;
  organizationalUnit?: string;
  postalCode?: string;
  province?: string;
  serialNumber?: string;
  streetAddresses?: string[];
}

/** The fields of a subject, in the order they are written in, with their identifiers. */
const SUBJECT_FIELDS: [keyof Subject, string][] = [
  ["country", "2.5.4.6"],
  ["organization", "2.5.4.10"],
  ["organizationalUnit", "2.5.4.11"],
  ["locality", "2.5.4.7"],
  ["province", "2.5.4.8"],
  ["streetAddresses", "2.5.4.9"],
  ["postalCode", "2.5.4.17"],
  ["commonName", "2.5.4.3"],
  ["serialNumber", "2.5.4.5"],
  ["emailAddress", "1.2.840.113549.1.9.1"],
];

export const SUBJECT_NAMES: string[] = SUBJECT_FIELDS.map(([name]) => name);

export interface Names {
  dnsNames?: string[];
  ipAddresses?: string[];
  uris?: string[];
}

export interface Terms {
  validityPeriodHours: number;
  allowedUses: string[];
  isCaCertificate: boolean;
  maxPathLength?: number;
  setSubjectKeyId: boolean;
  setAuthorityKeyId: boolean;
}

export interface Made {
  id: string;
  certPem: string;
  validityStartTime: string;
  validityEndTime: string;
}

/** A certificate that its own key has signed. */
export function selfSign(key: KeyObject, subject: Subject, names: Names, terms: Terms): Made {
  const publicKey = publicKeyInfo(key);
  const name = subjectName(subject);
  const keyId = subjectKeyId(publicKey);
  if (terms.setAuthorityKeyId && !terms.isCaCertificate && !terms.setSubjectKeyId) {
    throw new Error(
      "setAuthorityKeyId needs setSubjectKeyId (or isCaCertificate): the certificate is its own authority",
    );
  }
  const authorityKeyId = terms.setAuthorityKeyId ? keyId : undefined;
  return issue(
    { publicKey, subject: name, alternatives: alternativeNames(names), issuer: name, authorityKeyId, key },
    terms,
  );
}

/** A certificate for a request, signed by an authority. */
export function signRequest(requestPem: string, authorityPem: string, key: KeyObject, terms: Terms): Made {
  const request = AsnConvert.parse(
    fromPem(requestPem, "CERTIFICATE REQUEST"),
    CertificationRequest,
  ).certificationRequestInfo;
  const authority = AsnConvert.parse(fromPem(authorityPem, "CERTIFICATE"), asn1.Certificate).tbsCertificate;
  if (!sameBytes(authority.subjectPublicKeyInfo.subjectPublicKey, publicKeyInfo(key).subjectPublicKey)) {
    throw new Error("caPrivateKeyPem is not the key of caCertPem");
  }
  const authorityKeyId = authority.extensions?.find(({ extnID }) => extnID === asn1.id_ce_subjectKeyIdentifier);
  return issue(
    {
      publicKey: request.subjectPKInfo,
      subject: request.subject,
      alternatives: requestedNames(request),
      issuer: authority.subject,
      authorityKeyId:
        authorityKeyId && AsnConvert.parse(authorityKeyId.extnValue.buffer, asn1.SubjectKeyIdentifier).buffer,
      key,
    },
    terms,
  );
}

/** A certificate request, with its fingerprint as id. */
export function makeRequest(key: KeyObject, subject: Subject, names: Names): { id: string; pem: string } {
  const alternatives = alternativeNames(names);
  const info = new CertificationRequestInfo({
    version: 0,
    subject: subjectName(subject),
    subjectPKInfo: publicKeyInfo(key),
  });
  if (alternatives) {
    const extensions = new asn1.Extensions([extension(asn1.id_ce_subjectAltName, alternatives)]);
    info.attributes = new Attributes([
      new asn1.Attribute({ type: EXTENSION_REQUEST, values: [AsnConvert.serialize(extensions)] }),
    ]);
  }
  const { algorithm, hash } = signatureOf(key);
  const request = new CertificationRequest({
    certificationRequestInfo: info,
    signatureAlgorithm: algorithm,
    signature: bytes(sign(hash, Buffer.from(AsnConvert.serialize(info)), key)),
  });
  const der = Buffer.from(AsnConvert.serialize(request));
  return { id: createHash("sha1").update(der).digest("hex"), pem: toPem(der, "CERTIFICATE REQUEST") };
}

const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";

interface Parties {
  publicKey: asn1.SubjectPublicKeyInfo;
  subject: asn1.Name;
  alternatives?: asn1.SubjectAlternativeName;
  issuer: asn1.Name;
  authorityKeyId?: ArrayBuffer;
  /** The issuer's. */
  key: KeyObject;
}

function issue(parties: Parties, terms: Terms): Made {
  if (terms.isCaCertificate && parties.subject.length === 0) {
    throw new Error("subject must have at least one field when isCaCertificate is true");
  }
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000);
  const notAfter = new Date(notBefore.getTime() + terms.validityPeriodHours * 3_600_000);
  const serial = randomBytes(16);
  // Above zero, and in the shortest form there is.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const { algorithm, hash } = signatureOf(parties.key);
  const tbs = new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: bytes(serial),
    signature: algorithm,
    issuer: parties.issuer,
    validity: new asn1.Validity({ notBefore, notAfter }),
    subject: parties.subject,
    subjectPublicKeyInfo: parties.publicKey,
    extensions: new asn1.Extensions(extensionsOf(parties, terms)),
  });
  const certificate = new asn1.Certificate({
    tbsCertificate: tbs,
    signatureAlgorithm: algorithm,
    signatureValue: bytes(sign(hash, Buffer.from(AsnConvert.serialize(tbs)), parties.key)),
  });
  return {
    id: BigInt(`0x${serial.toString("hex")}`).toString(),
    certPem: toPem(Buffer.from(AsnConvert.serialize(certificate)), "CERTIFICATE"),
    validityStartTime: rfc3339(notBefore),
    validityEndTime: rfc3339(notAfter),
  };
}

function extensionsOf({ publicKey, subject, alternatives, authorityKeyId }: Parties, terms: Terms): asn1.Extension[] {
  const list: asn1.Extension[] = [];
  const flags = terms.allowedUses.reduce((sum, use) => sum | (KEY_USAGES[use] ?? 0), 0);
  if (flags) list.push(extension(asn1.id_ce_keyUsage, new asn1.KeyUsage(flags), true));
  const purposes = terms.allowedUses.flatMap((use) => EXTENDED_KEY_USAGES[use] ?? []);
  if (purposes.length > 0) list.push(extension(asn1.id_ce_extKeyUsage, new asn1.ExtendedKeyUsage(purposes)));
  const constraints = terms.isCaCertificate ? { cA: true, pathLenConstraint: terms.maxPathLength } : { cA: false };
  list.push(extension(asn1.id_ce_basicConstraints, new asn1.BasicConstraints(constraints), true));
  if (terms.isCaCertificate || terms.setSubjectKeyId) {
    list.push(extension(asn1.id_ce_subjectKeyIdentifier, new asn1.SubjectKeyIdentifier(subjectKeyId(publicKey))));
  }
  if (authorityKeyId) {
    const keyIdentifier = new asn1.KeyIdentifier(authorityKeyId);
    list.push(extension(asn1.id_ce_authorityKeyIdentifier, new asn1.AuthorityKeyIdentifier({ keyIdentifier })));
  }
  // Without a subject the names are all that identifies its owner.
  if (alternatives) list.push(extension(asn1.id_ce_subjectAltName, alternatives, subject.length === 0));
  return list;
}

function extension(extnID: string, value: object, critical = false): asn1.Extension {
  return new asn1.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function subjectName(subject: Subject): asn1.Name {
  return new asn1.Name(
    SUBJECT_FIELDS.flatMap(([field, type]) =>
      [subject[field] ?? []].flat().map((value) => {
        const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value);
        const text =
          field === "emailAddress"
            ? { ia5String: value }
            : printable
              ? { printableString: value }
              : { utf8String: value };
        return new asn1.RelativeDistinguishedName([
          new asn1.AttributeTypeAndValue({ type, value: new asn1.AttributeValue(text) }),
        ]);
      }),
    ),
  );
}

function alternativeNames({
  dnsNames = [],
  ipAddresses = [],
  uris = [],
}: Names): asn1.SubjectAlternativeName | undefined {
  const names = [
    ...dnsNames.map((dNSName) => new asn1.GeneralName({ dNSName })),
    ...ipAddresses.map((iPAddress) => new asn1.GeneralName({ iPAddress })),
    ...uris.map((uniformResourceIdentifier) => new asn1.GeneralName({ uniformResourceIdentifier })),
  ];
  return names.length > 0 ? new asn1.SubjectAlternativeName(names) : undefined;
}

function requestedNames({ attributes }: CertificationRequestInfo): asn1.SubjectAlternativeName | undefined {
  const wanted = attributes?.find(({ type }) => type === EXTENSION_REQUEST)?.values[0];
  const found =
    wanted && AsnConvert.parse(wanted, asn1.Extensions).find(({ extnID }) => extnID === asn1.id_ce_subjectAltName);
  return found && AsnConvert.parse(found.extnValue.buffer, asn1.SubjectAlternativeName);
}

function publicKeyInfo(key: KeyObject): asn1.SubjectPublicKeyInfo {
  return AsnConvert.parse(createPublicKey(key).export({ type: "spki", format: "der" }), asn1.SubjectPublicKeyInfo);
}

function subjectKeyId(publicKey: asn1.SubjectPublicKeyInfo): ArrayBuffer {
  return bytes(createHash("sha1").update(Buffer.from(publicKey.subjectPublicKey)).digest());
}

function signatureOf(key: KeyObject): { algorithm: asn1.AlgorithmIdentifier; hash: string | null } {
  const algorithm = algorithmOf(key);
  if (algorithm === "RSA")
    return {
      algorithm: new asn1.AlgorithmIdentifier({ algorithm: "1.2.840.113549.1.1.11", parameters: null }),
      hash: "sha256",
    };
  if (algorithm === "ED25519")
    return { algorithm: new asn1.AlgorithmIdentifier({ algorithm: "1.3.101.112" }), hash: null };
  const bits = { secp384r1: 384, secp521r1: 512 }[key.asymmetricKeyDetails?.namedCurve ?? ""] ?? 256;
  const number = { 256: 2, 384: 3, 512: 4 }[bits];
  return { algorithm: new asn1.AlgorithmIdentifier({ algorithm: `1.2.840.10045.4.3.${number}` }), hash: `sha${bits}` };
}

/** Whether a text is an address that can stand in a certificate. */
export const isAddress = (text: string): boolean => isIP(text) !== 0;

/** The bytes of a PEM block of one kind; throws with what it found instead. */
function fromPem(pem: string, label: string): Buffer {
  const match = /-----BEGIN ([A-Z ]+)-----([^-]+)-----END \1-----/.exec(pem);
  if (match?.[1] !== label)
    throw new Error(`expected a ${label} in PEM format, this is ${match ? `a ${match[1]}` : "none"}`);
  return Buffer.from(match[2]!, "base64");
}

function toPem(der: Buffer, label: string): string {
  return `-----BEGIN ${label}-----\n${der
    .toString("base64")
    .match(/.{1,64}/g)!
    .join("\n")}\n-----END ${label}-----\n`;
}

function sameBytes(left: ArrayBuffer, right: ArrayBuffer): boolean {
  return Buffer.from(left).equals(Buffer.from(right));
}

/** An ArrayBuffer of exactly these bytes: a Buffer may be a window on a larger one. */
function bytes(buffer: Buffer): ArrayBuffer {
  return new Uint8Array(buffer).buffer;
}

const rfc3339 = (date: Date) => date.toISOString().replace(".000Z", "Z");
