import type { X509Certificate } from "node:crypto";
import { isIPv4 } from "node:net";
import type { CertificateNames } from "./certificate-names";
import { type Element, elementsOf, extensionOf } from "./der";

/** What a CA's extensions allow it to sign: RFC 5280, 4.2.1.3 and 4.2.1.10. Pure. */

const ids = { keyUsage: "551d0f", nameConstraints: "551d1e" };
/** Bit 5 of keyUsage. */
const keyCertSign = 0x04;

/** Whether it may sign certificates; without the extension it may. */
export function maySign({ raw }: Pick<X509Certificate, "raw">): boolean {
  const usage = extensionOf(raw, ids.keyUsage);
  // A bit string: first how many bits of the last byte are unused.
  return usage === undefined || ((usage.value[1] ?? 0) & keyCertSign) !== 0;
}

interface Subtrees {
  dns: string[];
  /** Address and mask. */
  ip: Buffer[];
  /** Whether there are constraints on subjects. */
  hasDirectory: boolean;
}

export interface Constraints {
  permitted: Subtrees;
  excluded: Subtrees;
}

const tags = { permitted: 0xa0, excluded: 0xa1, dns: 0x82, directory: 0xa4, ip: 0x87 };

export function constraintsOf({ raw }: Pick<X509Certificate, "raw">): Constraints {
  const parts = elementsOf(extensionOf(raw, ids.nameConstraints)?.value ?? Buffer.alloc(0));
  const subtrees = (wanted: number) => subtreesOf(parts.find(({ tag }) => tag === wanted));
  return { permitted: subtrees(tags.permitted), excluded: subtrees(tags.excluded) };
}

function subtreesOf(element: Element | undefined): Subtrees {
  const names = elementsOf(element?.value ?? Buffer.alloc(0)).map(({ value }) => elementsOf(value)[0]!);
  const of = (wanted: number) => names.filter(({ tag }) => tag === wanted).map(({ value }) => value);
  return {
    dns: of(tags.dns).map((name) => name.toString("latin1").toLowerCase()),
    ip: of(tags.ip),
    hasDirectory: of(tags.directory).length > 0,
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

function isInRange(address: string, range: Buffer): boolean {
  if (!isIPv4(address) || range.length !== 8) return false;
  return address.split(".").every((byte, index) => (Number(byte) & range[index + 4]!) === range[index]);
}
