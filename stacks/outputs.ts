import type { ConnectionLimits } from "../config/assets/account-limits";
import type { Listener } from "../config/listeners";
import type { ByUse } from "../components/supercluster/load-balancers";
import type { KubeObject } from "../components/supercluster/object-drift";
import type { CalloutLogin } from "../config/schema/tenant";
import type { Reservations } from "../config/assets/reservations";
import type { RunsWith } from "../components/supercluster/pod-parts";

/** Stack outputs: a contract with the cli, other stacks and readers of `pulumi stack output --json`. */

export interface RegionOutputs {
  region: {
    name: string;
    servers: string[];
    clientUrls: string[];
    monitorUrls: string[];
    gatewayUrls: string[];
    /** By listener. Absent: servers listen for nothing beside NATS's own protocol. */
    listenerUrls?: Partial<Record<Listener, string[]>>;
  };
  /** CA certificate that clients of this region trust, PEM. */
  ca: string;
  /** By account and user name; passwords are secret. */
  accounts: Record<string, { users: Record<string, UserOutputs> }>;
  /** What its servers are restarted for, as fingerprints; a plan compares it. */
  runsWith: RunsWith;
  /** What the limits of the accounts cover. */
  reservations: Reservations;
  /** Their limits of connections, of the accounts that have one. */
  connections: ConnectionLimits;
  /** On Kubernetes: names or addresses of its load balancers, once their controller has assigned them. */
  loadBalancers?: ByUse<string[]>;
  /** On Kubernetes: a file for Prometheus's `scrape_config_files`. */
  scrapeConfig?: string;
  /** On Kubernetes: what the program made in its cluster, with digests in place of secrets. */
  objects?: KubeObject[];
  /** Workers that run in the region, as `<account>/<name>`. Absent: none do; of a local region: none are to. */
  workers?: Record<string, WorkerOutputs>;
  /** On this machine: what runs whether workers are to or not, the auth callout's service. Absent: nothing does. */
  services?: Record<string, WorkerOutputs>;
  /** On this machine: the database server of its workers. */
  database?: DatabaseOutputs;
  /** On this machine: URLs of what monitors the region. Absent: nothing is to. */
  monitoring?: MonitoringOutputs;
  /** On AWS: ARNs of the secrets that clients read, by login. */
  connectionSecrets?: Record<string, string>;
  /** On AWS: name of the bucket for backups. */
  backups?: string;
  /** On AWS, where this program made the cluster: public addresses of its nodes' outgoing connections. */
  natAddresses?: string[];
  /** On AWS, where this program made the cluster: text of a kubeconfig that gets its tokens from `aws`. No secret. */
  kubeconfig?: string;
}

export interface MonitoringOutputs {
  /** By server. */
  exporters: Record<string, string>;
  /** Of the environment's first region, for all. */
  prometheus?: string;
  alertmanager?: string;
}

export interface WorkerOutputs {
  /** On this machine: URL of its health server. */
  health?: string;
  /** On this machine: URL of what it serves. */
  url?: string;
  /** On Kubernetes: where its Deployment is. */
  namespace?: string;
  deployment?: string;
  /** On Kubernetes with KEDA: durables (`<stream>/<name>`) that did not exist, so that nothing scales it yet. */
  waitsFor?: string[];
}

export interface DatabaseOutputs {
  /** Those that have a database in it. */
  accounts: string[];
  /** On 127.0.0.1. Absent: this machine has no PostgreSQL, so each worker has a database of its own. */
  port?: number;
  /** By account. Secret. */
  urls: Record<string, string>;
}

export interface UserOutputs {
  /** Name to log in with, or the public nkey, as servers show it. */
  login: string;
  /** Or the seed of its nkey, its token, or the key of its certificate. Secret. */
  password: string;
  /** It is an nkey. Absent: a password. */
  byNkey?: true;
  /** It is a token or the key of a certificate. */
  byCallout?: CalloutLogin;
  /** Of a user by certificate: PEM. */
  certificate?: string;
  inboxPrefix: string;
}

export interface JetstreamOutputs {
  /** Physical names by account, mirrors included; `<stream>/<durable>` for consumers. */
  accounts: Record<string, { streams: string[]; consumers: string[] }>;
}

/** The identity stack's output for the jetstream stack. Secret. */
export interface JetstreamIdentity {
  ca: string;
  /** By account. */
  provisioners: Record<string, UserOutputs>;
  system: UserOutputs;
}

/**
 * The identity stack's output `identities`, where a secret store carries them (`kubernetes.identitySecret`): by region.
 * Not secret.
 */
export interface CarriedIdentity {
  /** Of the region's part (components/security/identity-fingerprint.ts). */
  fingerprint: string;
  /** Logins that it has passwords of. */
  users: string[];
}
