import { AsnConvert } from "@peculiar/asn1-schema";
import {
  Certificate,
  type GeneralSubtrees,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  KeyUsage,
  KeyUsageFlags,
  NameConstraints,
} from "@peculiar/asn1-x509";
import type { X509Certificate } from "node:crypto";
import { BlockList, isIPv6 } from "node:net";
import type { CertificateNames } from "./certificate-names";

/** What a CA's extensions allow it to sign: RFC 5280, 4.2.1.3 and 4.2.1.10. Pure. */

type Raw = Pick<X509Certificate, "raw">;

function extensionOf<T>({ raw }: Raw, id: string, Type: new () => T): T | undefined {
  const { extensions = [] } = AsnConvert.parse(raw, Certificate).tbsCertificate;
  const found = extensions.find(({ extnID }) => extnID === id);
  return found && AsnConvert.parse(found.extnValue, Type);
}

/** Whether it may sign certificates; without the extension it may. */
export function maySign(certificate: Raw): boolean {
  const usage = extensionOf(certificate, id_ce_keyUsage, KeyUsage);
  return usage === undefined || (usage.toNumber() & KeyUsageFlags.keyCertSign) !== 0;
}

interface Subtrees {
  dns: string[];
  /** As `10.0.0.0/8`. */
  ip: string[];
  /** Whether there are constraints on subjects. */
  hasDirectory: boolean;
}

export interface Constraints {
  permitted: Subtrees;
  excluded: Subtrees;
}

export function constraintsOf(certificate: Raw): Constraints {
  const found = extensionOf(certificate, id_ce_nameConstraints, NameConstraints);
  return { permitted: subtreesOf(found?.permittedSubtrees), excluded: subtreesOf(found?.excludedSubtrees) };
}

function subtreesOf(subtrees?: GeneralSubtrees): Subtrees {
  const names = [...(subtrees ?? [])].map(({ base }) => base);
  return {
    dns: names.flatMap(({ dNSName }) => dNSName?.toLowerCase() ?? []),
    ip: names.flatMap(({ iPAddress }) => iPAddress ?? []),
    hasDirectory: names.some(({ directoryName }) => directoryName),
  };
}

/** Why certificates of servers with these names would not be accepted. */
export function forbidden({ permitted, excluded }: Constraints, { dnsNames, ipAddresses }: CertificateNames): string[] {
  const refused = [
    ...dnsNames.filter(
      (name) =>
        (permitted.dns.length > 0 && !permitted.dns.some((domain) => isWithin(name, domain))) ||
        excluded.dns.some((domain) => isWithin(name, domain)),
    ),
    ...ipAddresses.filter(
      (address) =>
        (permitted.ip.length > 0 && !permitted.ip.some((range) => isInRange(address, range))) ||
        excluded.ip.some((range) => isInRange(address, range)),
    ),
  ];
  return [
    ...(refused.length
      ? [`its name constraints do not permit what servers are dialled by: ${refused.join(", ")}`]
      : []),
    ...(permitted.hasDirectory || excluded.hasDirectory
      ? ["it has name constraints on subjects, which servers and clients written in Go refuse"]
      : []),
  ];
}

/** A domain is about itself and what is below it; one that begins with a dot, only about what is below. */
const isWithin = (name: string, domain: string): boolean =>
  domain === "" || name === domain || name.endsWith(domain.startsWith(".") ? domain : `.${domain}`);

function isInRange(address: string, range: string): boolean {
  const [network, bits] = range.split("/");
  // A list of IPv6 ranges takes an IPv4 address for a mapped one.
  if (familyOf(network!) !== familyOf(address)) return false;
  const list = new BlockList();
  list.addSubnet(network!, Number(bits), familyOf(network!));
  return list.check(address, familyOf(address));
}

const familyOf = (address: string) => (isIPv6(address) ? "ipv6" : "ipv4");
