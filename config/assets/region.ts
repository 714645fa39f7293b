import type { Environment } from "../schema/settings";
import type { CalloutLogin, TenantSpec } from "../schema/tenant";
import type { AccountLimits } from "./account-limits";
import type { Export, Import } from "./sharing";

/** One user of an account with its effective permissions. */
export interface AccountUser {
  name: string;
  /** Name to log in with by the first password; of an nkey, what its secret is kept under. */
  login: string;
  /** Logs in by nkey. Absent: by password. */
  byNkey?: true;
  /** Logs in by what servers ask the auth callout about, so it is not in their accounts file. */
  byCallout?: CalloutLogin;
  /** Answers servers' questions about such users. */
  answersServers?: true;
  /** What clients set as `inboxPrefix`. */
  inboxPrefix: string;
  permissions: Permissions;
  /** How it may connect, by the servers' names. Absent: in any way that there is, which is only NATS's own. */
  connectionTypes?: string[];
  /** Whether its clients get the login of the system account's user `probe` too. Absent: no. */
  asksServers?: true;
}

export interface Permissions {
  publish: { allow: string[]; deny: string[] };
  subscribe: { allow: string[]; deny: string[] };
  /** Answers to requests: how many to each, and how many milliseconds after it. Absent: none but to what is allowed. */
  responses?: { max: number; expiresMs: number };
}

/** One account as every server knows it. */
export interface AccountSpec {
  name: string;
  /** Absent: no JetStream (the system account). */
  jetstream?: AccountLimits;
  /** Client connections at the same time on all servers of all regions. Absent: only the limit of each server. */
  maxConnections?: number;
  /** Subjects that its clients' messages get instead of their own: all of them, or parts. Absent: none. */
  mappings?: Record<string, string | NonNullable<TenantSpec["mappings"]>[string]>;
  users: AccountUser[];
  /** What clients of other accounts may hear or ask, and nothing more. Absent: nothing. */
  exports?: Export[];
  /** What it hears of other accounts or asks them, on the subject with the prefix and a dot before it. */
  imports?: Import[];
}

/** The servers of one region; rendered to a server's configuration or to chart values by pure functions. */
export interface RegionSpec {
  /** Region = cluster name = gateway name. */
  name: string;
  environment: string;
  settings: Environment;
  accounts: AccountSpec[];
}

/** The part of the identity that one region needs. Secret as a whole. */
export interface RegionIdentity {
  /** CA that clients trust. PEM, may hold an old and a new one. */
  clientCa: string;
  /** CA of routes and gateways, unknown to clients. */
  peerCa: string;
  /** Client-facing certificate and key, signed by the client CA. */
  server: { cert: string; key: string };
  /** Certificate and key of routes and gateways, signed by the peer CA; for serving and dialling. */
  peer: { cert: string; key: string };
  /** Key of JetStream's encryption at rest. Lost with all data it encrypted. */
  jetstreamKey: string;
  /** By login of the first password. */
  users: Record<string, Credential>;
}

/** A key as NATS writes it. */
export interface NatsKey {
  /** Secret. */
  seed: string;
  publicKey: string;
}

/** How one user logs in. */
export interface Credential {
  /** What its client has: a password, a token, the seed of its nkey (`SU...`), or the key of its certificate (PEM). */
  password: string;
  /**
   * What servers have: the password's hash, or the public nkey (`U...`). What the auth callout's service has: a token's
   * SHA-256, or the subject of certificates.
   */
  hash: string;
  /** It is an nkey. Absent: a password. */
  byNkey?: true;
  /** It is what servers ask the auth callout about. */
  byCallout?: CalloutLogin;
  /** Of a user by certificate: PEM, with the certificates between it and the root. */
  certificate?: string;
  /** Of the auth callout's service alone: by what it signs its answers, and by what servers encrypt questions to it. */
  callout?: { issuer: NatsKey; xkey: NatsKey };
  /** Name to log in with, once another password has replaced the first. Absent: the login of the first. */
  login?: string;
  /** Another password that servers accept while one replaces the other: a user of its own with the same rights. */
  also?: { login: string; hash: string };
}
