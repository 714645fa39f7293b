import type { TenantSpec } from "../schema/tenant";

/** Every account's administrator, used by the jetstream stack only. */
export const provisioner = "provisioner";

/** The account that the servers themselves use, and its one user. */
export const systemAccount = { name: "sys", user: "admin" } as const;

/** The stream, durable and user that prove a round trip without touching a tenant's own. */
export const canary = { stream: "CANARY", durable: "canary", user: "canary" } as const;

/** Subject the proof of an account publishes to. */
export const canarySubject = (account: string, token = ">"): string => `canary.${account}.${token}`;

/** The tenant with what every tenant has: its canary. */
export function withStandardParts(tenant: TenantSpec): TenantSpec {
  return {
    ...tenant,
    streams: {
      ...tenant.streams,
      [canary.stream]: {
        description: "Proof that messages pass: written and read by `npm run verify`, by nobody else",
        subjects: [canarySubject(tenant.name)],
        retention: "limits",
        storage: "memory",
        maxAge: "60s",
        maxBytes: "1MiB",
        discard: "old",
        replicas: 3,
        deletionPolicy: "delete",
      },
    },
    consumers: {
      ...tenant.consumers,
      [canary.durable]: {
        mode: "pull",
        streams: [canary.stream],
        ackPolicy: "explicit",
        ackWait: "10s",
        maxDeliver: 3,
        deliverPolicy: "all",
        deletionPolicy: "delete",
      },
    },
    users: {
      ...tenant.users,
      [canary.user]: { publishes: [canarySubject(tenant.name)], consumes: [canary.durable] },
    },
  };
}

/** Name a user logs in with: user names are global to a server, so the account is part of it. */
export const loginOf = (account: string, user: string): string => `${account}-${user}`;

/** The one subject of a stream whose own are taken away for a time. No client publishes to it. */
export const parkedSubject = (stream: string): string => `parked.${stream}.>`;

/** Name of a stream's mirror in another region. */
export const mirrorName = (stream: string, region: string): string => `${stream}-${region}`;
