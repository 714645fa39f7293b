/** Stack outputs: a contract with the cli, other stacks and whoever reads `pulumi stack output --json`. */

export interface RegionOutputs {
  region: {
    name: string;
    servers: string[];
    clientUrls: string[];
    monitorUrls: string[];
    gatewayUrls: string[];
  };
  /** CA certificate that clients of this region trust, PEM. */
  ca: string;
  /** By account and user name; passwords are secret. */
  accounts: Record<string, { users: Record<string, UserOutputs> }>;
}

export interface UserOutputs {
  login: string;
  password: string;
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
