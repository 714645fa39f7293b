/** Addresses of one availability zone. */
export interface ZoneAddresses {
  zone: string;
  /** For nodes and pods: 8,187 addresses. */
  nodes: string;
  /** For load balancers and NAT: 251 addresses. */
  edge: string;
}

/** Divides a /16 by zones. The rest (from x.y.99.0 on) stays free. */
export function subnetsOf(cidr: string, zones: readonly string[]): ZoneAddresses[] {
  const [a, b] = cidr.split(".");
  return zones.map((zone, index) => ({
    zone,
    nodes: `${a}.${b}.${index * 32}.0/19`,
    edge: `${a}.${b}.${96 + index}.0/24`,
  }));
}
