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

/** Whether servers need the CA of clients beside their own certificate. */
export const needsClientCa = (settings: { monitoring?: { tls: boolean }; authCallout?: { certificates?: boolean } }) =>
  monitoringOf(settings).scheme === "https" || settings.authCallout?.certificates === true;
