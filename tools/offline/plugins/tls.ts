// Stand-in for the plugin "tls": keys, requests and certificates.
import { createHash, createPublicKey } from "node:crypto";
import { ALGORITHMS, algorithmOf, CURVES, formatsOf, makeKey, readKey } from "./keys";
import type { Input, Resource } from "./resource";
import type { Values } from "./values";

// The certificate code is a good part of the start; a run that changes nothing never needs it.
const x509 = () => require("./x509") as typeof import("./x509");

const oneOf = (allowed: string[]) => (value: string) =>
  allowed.includes(value) ? undefined : `one of ${allowed.join(", ")}`;
const hours: Input = { type: "integer", expect: (value: number) => (value >= 0 ? undefined : "0 or more") };
const flag: Input = { type: "boolean", default: false };
const pem = (label: string): Input => ({
  type: "string",
  required: true,
  expect: (value: string) =>
    new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(value) ? undefined : `a ${label} in PEM format`,
});
const privateKeyPem: Input = { ...pem("PRIVATE KEY"), secret: true };

const privateKey: Resource = {
  inputs: {
    algorithm: { type: "string", required: true, expect: oneOf(ALGORITHMS) },
    rsaBits: {
      type: "integer",
      default: 2048,
      expect: (value: number) => (value >= 1024 && value <= 16384 ? undefined : "1024 to 16384"),
    },
    ecdsaCurve: { type: "string", default: "P224", expect: oneOf(Object.keys(CURVES)) },
  },
  outputs: {
    privateKeyPem: true,
    privateKeyPemPkcs8: true,
    privateKeyOpenssh: true,
    publicKeyPem: false,
    publicKeyOpenssh: false,
    publicKeyFingerprintMd5: false,
    publicKeyFingerprintSha256: false,
  },
  async create({ algorithm, rsaBits, ecdsaCurve }) {
    const key = await makeKey(algorithm as string, rsaBits as number, ecdsaCurve as string);
    const der = createPublicKey(key).export({ type: "spki", format: "der" });
    return { id: createHash("sha1").update(der).digest("hex"), outputs: formatsOf(key) };
  },
};

const subjectInputs: Record<string, Input> = {
  subject: {
    type: "object",
    expect(value: Values) {
      const known = x509().SUBJECT_NAMES;
      return Object.keys(value).every((name) => known.includes(name)) ? undefined : `only ${known.join(", ")}`;
    },
  },
  dnsNames: { type: "strings" },
  ipAddresses: {
    type: "strings",
    expect: (value: string[]) => (value.every(x509().isAddress) ? undefined : "IP addresses"),
  },
  uris: {
    type: "strings",
    expect: (value: string[]) => (value.every((uri) => URL.canParse(uri)) ? undefined : "URIs"),
  },
};

const termsInputs: Record<string, Input> = {
  validityPeriodHours: { ...hours, required: true },
  earlyRenewalHours: { ...hours, default: 0, inPlace: true },
  allowedUses: {
    type: "strings",
    required: true,
    expect(value: string[]) {
      const known = [...Object.keys(x509().KEY_USAGES), ...Object.keys(x509().EXTENDED_KEY_USAGES)];
      return value.every((use) => known.includes(use)) ? undefined : `only ${known.join(", ")}`;
    },
  },
  isCaCertificate: flag,
  maxPathLength: hours,
  setSubjectKeyId: flag,
};

const certificateOutputs = { certPem: false, readyForRenewal: false, validityStartTime: false, validityEndTime: false };

/** From the early renewal on, a certificate is replaced at the next update. */
function isDue({ validityEndTime, earlyRenewalHours }: Values): boolean {
  const end = Date.parse(validityEndTime as string);
  return end - Number(earlyRenewalHours ?? 0) * 3_600_000 <= Date.now();
}

const certRequest: Resource = {
  inputs: { privateKeyPem, ...subjectInputs },
  outputs: { certRequestPem: false, keyAlgorithm: false },
  async create({ privateKeyPem, subject, ...names }) {
    const key = readKey(privateKeyPem as string);
    const { id, pem } = x509().makeRequest(key, subject ?? {}, names);
    return { id, outputs: { certRequestPem: pem, keyAlgorithm: algorithmOf(key) } };
  },
};

const selfSignedCert: Resource = {
  inputs: { privateKeyPem, ...subjectInputs, ...termsInputs, setAuthorityKeyId: flag },
  outputs: { ...certificateOutputs, keyAlgorithm: false },
  isDue,
  async create(planned) {
    const { privateKeyPem, subject, dnsNames, ipAddresses, uris, ...terms } = planned;
    const key = readKey(privateKeyPem as string);
    const { id, ...made } = x509().selfSign(
      key,
      subject ?? {},
      { dnsNames, ipAddresses, uris } as object,
      terms as never,
    );
    return { id, outputs: { ...made, readyForRenewal: false, keyAlgorithm: algorithmOf(key) } };
  },
};

const locallySignedCert: Resource = {
  inputs: {
    certRequestPem: pem("CERTIFICATE REQUEST"),
    caCertPem: pem("CERTIFICATE"),
    caPrivateKeyPem: privateKeyPem,
    ...termsInputs,
  },
  outputs: { ...certificateOutputs, caKeyAlgorithm: false },
  isDue,
  async create({ certRequestPem, caCertPem, caPrivateKeyPem, ...terms }) {
    const key = readKey(caPrivateKeyPem as string);
    const { id, ...made } = x509().signRequest(certRequestPem as string, caCertPem as string, key, terms as never);
    return { id, outputs: { ...made, readyForRenewal: false, caKeyAlgorithm: algorithmOf(key) } };
  },
};

export const resources: Record<string, Resource> = {
  "tls:index/privateKey:PrivateKey": privateKey,
  "tls:index/certRequest:CertRequest": certRequest,
  "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
  "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
};
