import { X509Certificate } from "node:crypto";
import type { RegionIdentity } from "../../config/assets/region";
import { shortHash } from "../short-hash";

/** The certificates and authorities that servers were given, by what they report once they use them. */
export interface CertificatesInForce {
  /** Of all of them: 16 hexadecimal digits, in the metadata of a server. */
  fingerprint: string;
  /** When what clients see expires (RFC 3339), as VARZ has it. Absent: not known. */
  client?: string;
  /** The same of what servers show each other: routes and gateways. */
  peer?: string;
}

export const certificatesInForce = (identity: RegionIdentity): CertificatesInForce => ({
  fingerprint: certificatesFingerprint(identity),
  client: expiryOf(identity.server.cert),
  peer: expiryOf(identity.peer.cert),
});

/** Not secret: keys are not in it. */
export const certificatesFingerprint = ({ server, peer, clientCa, peerCa }: RegionIdentity): string =>
  shortHash(JSON.stringify([server.cert, peer.cert, clientCa, peerCa]));

/** Of a chain, the first certificate's. Undefined for what is no certificate: servers refuse it. */
function expiryOf(pem: string): string | undefined {
  try {
    return new Date(new X509Certificate(pem).validTo).toISOString();
  } catch {
    return undefined;
  }
}
