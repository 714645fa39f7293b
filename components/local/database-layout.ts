/** Which database server of this machine it is: one a region. */
export interface DatabaseName {
  environment: string;
  region: string;
}

/** Inputs of a region's database server on this machine. */
export interface LocalDatabaseInputs extends DatabaseName {
  /** Passwords by database: each database belongs to a role of its name. Secret. */
  passwords: Record<string, string>;
}

/** Where a role of the server on this port finds its database. Secret. */
export const databaseUrl = (name: string, password: string, port: number): string =>
  `postgres://${encodeURIComponent(name)}:${password}@127.0.0.1:${port}/${encodeURIComponent(name)}`;
