import type { TenantSpec } from "../schema/tenant";
import { deadLetterParts, withDeadLetters } from "./dead-letters";
import { withLanes } from "./lanes";
import { canary, canarySubject } from "./standard";

type Parts = Pick<TenantSpec, "streams" | "consumers" | "users">;

/** The tenant with what follows from it: its canary, which every tenant has, its lanes, routes and dead letters. */
export function withStandardParts(declared: TenantSpec): TenantSpec {
  const tenant = withLanes(declared);
  const [proof, letters] = [canaryParts(tenant.name), deadLetterParts(tenant)];
  const users = Object.entries(tenant.users).map(([name, user]) => [name, withDeadLetters(tenant, user)] as const);
  return {
    ...tenant,
    streams: { ...tenant.streams, ...letters.streams, ...proof.streams },
    consumers: { ...tenant.consumers, ...letters.consumers, ...proof.consumers },
    users: { ...Object.fromEntries(users), ...letters.users, ...proof.users },
  };
}

const canaryParts = (account: string): Parts => ({
  streams: {
    [canary.stream]: {
      description: "Proof that messages pass: written and read by `npm run verify`, by nobody else",
      subjects: [canarySubject(account)],
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
  users: { [canary.user]: { publishes: [canarySubject(account)], consumes: [canary.durable] } },
});
