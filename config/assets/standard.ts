/** Every account's administrator, used by the jetstream stack only. */
export const provisioner = "provisioner";

/** The account that the servers themselves use, its administrator, and the user of the probe where there is one. */
export const systemAccount = { name: "sys", user: "admin", probe: "probe" } as const;

/** The account of the auth callout's service and its user, where the environment has one. */
export const calloutAccount = { name: "logins", user: "auth-callout" } as const;

/** The stream, durable and user that prove a round trip without touching a tenant's own. */
export const canary = { stream: "CANARY", durable: "canary", user: "canary" } as const;

/** Subject the proof of an account publishes to. */
export const canarySubject = (account: string, token = ">"): string => `canary.${account}.${token}`;

/** Name a user logs in with: user names are global to a server, so the account is part of it. */
export const loginOf = (account: string, user: string): string => `${account}-${user}`;

/** Name that a user logs in with by a password of a generation: a server knows one password a name. */
export const loginOfGeneration = (login: string, generation: number): string =>
  generation === 1 ? login : `${login}.${generation}`;

/** The one subject of a stream whose own are taken away for a time. No client publishes to it. */
export const parkedSubject = (stream: string): string => `parked.${stream}.>`;

/** Name of a stream's mirror in another region. */
export const mirrorName = (stream: string, region: string): string => `${stream}-${region}`;
