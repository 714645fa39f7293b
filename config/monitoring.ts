/** How servers serve monitoring; ports are those of a server on Kubernetes, the scheme is nats.conf's key too. */
const monitoringTable = {
  plain: { scheme: "http", port: 8222 },
  tls: { scheme: "https", port: 8223 },
} as const;

export type Monitoring = (typeof monitoringTable)[keyof typeof monitoringTable];

/** How the servers of an environment do. */
export const monitoringOf = ({ monitoring }: { monitoring?: { tls: boolean } }): Monitoring =>
  monitoringTable[monitoring?.tls ? "tls" : "plain"];

/** How the server of a pod does, by its port: another way than settings say, until the pod is replaced. */
export const monitoringAt = (port: number | undefined): Monitoring =>
  Object.values(monitoringTable).find((way) => way.port === port) ?? monitoringTable.plain;

/** Every port that it may have on Kubernetes. */
export const monitoringPorts: readonly number[] = Object.values(monitoringTable).map(({ port }) => port);
