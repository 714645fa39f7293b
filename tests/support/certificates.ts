import type { KeyObject } from "node:crypto";
import { formatsOf, makeKey } from "../../tools/offline/plugins/keys";
import { makeRequest, selfSign, signRequest, type Terms } from "../../tools/offline/plugins/x509";

/** Certificates for tests: real ones, ECDSA P-256. */

/** A CA that can sign. */
export interface Authority {
  /** PEM. */
  cert: string;
  key: KeyObject;
}

/** A certificate with its key, PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

const terms: Terms = {
  validityPeriodHours: 24,
  allowedUses: [],
  isCaCertificate: false,
  setSubjectKeyId: true,
  setAuthorityKeyId: true,
};

const local = { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };

/** A new CA, by default for a day. */
export async function makeAuthority(commonName: string, days = 1): Promise<Authority> {
  const key = await makeKey("ECDSA", 0, "P256");
  const made = selfSign(
    key,
    { commonName },
    {},
    {
      ...terms,
      validityPeriodHours: 24 * days,
      allowedUses: ["cert_signing"],
      isCaCertificate: true,
    },
  );
  return { cert: made.certPem, key };
}

/** A certificate, by default for a day, 127.0.0.1 and localhost, for serving and (with `clientAuth`) dialling. */
export async function issue(
  authority: Authority,
  commonName: string,
  { clientAuth = false, serverAuth = true, names = local, days = 1 } = {},
): Promise<Certificate> {
  const key = await makeKey("ECDSA", 0, "P256");
  const request = makeRequest(key, { commonName }, names);
  const allowedUses = [
    "digital_signature",
    ...(serverAuth ? ["server_auth"] : []),
    ...(clientAuth ? ["client_auth"] : []),
  ];
  const validityPeriodHours = 24 * days;
  const { certPem } = signRequest(request.pem, authority.cert, authority.key, {
    ...{ ...terms, validityPeriodHours, allowedUses },
  });
  return { cert: certPem, key: formatsOf(key).privateKeyPem };
}
