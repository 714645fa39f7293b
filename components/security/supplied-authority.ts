import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { CertificateNames } from "./certificate-names";
import { constraintsOf, forbidden, maySign } from "./x509-extensions";

/** A certificate authority that was not made here, as it is kept in the settings of the identity stack. PEM. */
export interface SuppliedPem {
  /** Its certificate; after it, where another authority issued it, that one's, and so on. */
  cert: string;
  key: string;
}

export interface SuppliedParts {
  /** The certificate that signs. PEM. */
  cert: string;
  /** What signs, in the form that the provider "tls" writes itself. PEM. */
  key: string;
  /** All certificates that were given: what is trusted. PEM. */
  trusted: string;
  /** Those that a server shows after its own: its issuer, unless that is a root. PEM, may be empty. */
  intermediates: string;
  /** What will not work for long. */
  warnings: string[];
}

const pemForm = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const yearMs = 365 * 24 * 3_600_000;

/**
 * Checks an authority before anything is signed with it: that it may sign, that the key is its own, that it is valid
 * now, and that servers may have the names they need. Pure, except for the clock.
 * @param names what is issued for
 * @returns its parts, or every reason why it cannot be used
 */
export function readSupplied(
  { cert, key }: SuppliedPem,
  names: CertificateNames,
  now = new Date(),
): SuppliedParts | { problems: string[] } {
  const certificates = certificatesIn(cert);
  const privateKey = keyIn(key);
  const [own, ...issuers] = certificates ?? [];
  if (!own || typeof privateKey === "string")
    return {
      problems: [
        ...(own ? [] : ["the certificate is not one in PEM format (-----BEGIN CERTIFICATE-----)"]),
        ...(typeof privateKey === "string" ? [privateKey] : []),
      ],
    };
  const until = new Date(own.validTo);
  const problems = [
    ...(own.ca ? [] : ["the certificate is not of an authority (basicConstraints CA is not true)"]),
    ...(maySign(own) ? [] : ["the certificate may not sign others (keyUsage has no keyCertSign)"]),
    ...(own.checkPrivateKey(privateKey) ? [] : ["the key is not the certificate's"]),
    ...(new Date(own.validFrom) > now ? [`the certificate is valid only from ${own.validFrom}`] : []),
    ...(until < now ? [`the certificate expired on ${own.validTo}`] : []),
    ...certificates!.slice(1).flatMap((issuer, index) => {
      const issued = certificates![index]!;
      return issued.checkIssued(issuer) && issued.verify(issuer.publicKey)
        ? []
        : [`certificate ${index + 2} did not issue certificate ${index + 1}; give each before its issuer`];
    }),
    ...forbidden(constraintsOf(own), names),
  ];
  if (problems.length) return { problems };
  return {
    cert: `${own.toString().trim()}\n`,
    key: exported(privateKey),
    trusted: [own, ...issuers].map((one) => `${one.toString().trim()}\n`).join(""),
    intermediates: [own, ...issuers]
      .filter((one) => !one.checkIssued(one))
      .map((one) => `${one.toString().trim()}\n`)
      .join(""),
    warnings:
      until.getTime() - now.getTime() < yearMs
        ? [
            `the certificate expires on ${own.validTo}, before those that it signs now; ` +
              "replace it (docs/runbooks/own-authority.md)",
          ]
        : [],
  };
}

function certificatesIn(text: string): X509Certificate[] | undefined {
  try {
    return (text.match(pemForm) ?? []).map((pem) => new X509Certificate(pem));
  } catch {
    return undefined;
  }
}

/** The key, or why there is none. */
function keyIn(text: string): KeyObject | string {
  if (/ENCRYPTED/.test(text)) return "the key is encrypted; decrypt it first: openssl pkey -in <file>";
  try {
    const found = createPrivateKey(text);
    const { asymmetricKeyType: type } = found;
    return type && type in formats ? found : `the key is of type ${type}; use RSA, ECDSA or Ed25519`;
  } catch {
    return "the key is not a private key in PEM format";
  }
}

const formats: Record<string, "pkcs1" | "sec1" | "pkcs8"> = { rsa: "pkcs1", ec: "sec1", ed25519: "pkcs8" };

const exported = (key: KeyObject): string =>
  key.export({ type: formats[key.asymmetricKeyType!] as "pkcs8", format: "pem" }) as string;
