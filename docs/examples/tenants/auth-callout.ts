import type * as z from "zod";
import type { authCallout } from "../../../config/schema/auth-callout";
import type { TenantSpec } from "../../../config/schema/tenant";

/** How its environment lets them in: `authCallout` of the environment in Pulumi.yaml. */
export const environmentCallout: z.input<typeof authCallout> = { certificates: true, expires: "12h" };

/** A gallery: a scanner was written for a token, the desk has a certificate, those who look have passwords. */
export const gallery: TenantSpec = {
  name: "gallery",
  home: "iad",
  streams: {
    TICKETS: {
      subjects: ["tickets.>"],
      retention: "limits",
      storage: "memory",
      replicas: 1,
      maxAge: "1h",
      maxBytes: "1MiB",
      discard: "old",
    },
  },
  consumers: {},
  users: {
    scanner: { login: "token", publishes: ["tickets.scanned"] },
    desk: { login: "certificate", publishes: ["tickets.sold"], requests: ["prices.get"] },
    prices: { login: "token", responds: { service: "prices", endpoints: ["prices.get"] } },
    viewer: { subscribes: ["tickets.>"] },
  },
};
