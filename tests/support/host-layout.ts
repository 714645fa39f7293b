import type { HostLayout } from "../../components/supercluster/server-config";

/** Where a server of the tests listens and has its files. */
export const hostLayout: HostLayout = {
  listen: { client: "0.0.0.0:4222", route: "0.0.0.0:6222", gateway: "0.0.0.0:7222", monitor: "0.0.0.0:8222" },
  files: {
    pid: "/run/nats.pid",
    data: "/data",
    client: { cert: "/tls/client.crt", key: "/tls/client.key", ca: "/tls/client-ca.crt" },
    peer: { cert: "/tls/peer.crt", key: "/tls/peer.key", ca: "/tls/ca.crt" },
    accounts: "accounts.conf",
    jetstreamKey: "key.conf",
  },
};
