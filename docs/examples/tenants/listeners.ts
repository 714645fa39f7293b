import type * as z from "zod";
import type { listeners } from "../../../config/schema/listeners";
import type { TenantSpec } from "../../../config/schema/tenant";

/** What its environment listens for: `listeners` of the environment in Pulumi.yaml. */
export const environmentListeners: z.input<typeof listeners> = {
  websocket: { allowedOrigins: ["https://app.example.com"], compression: true },
};

/** A factory: a page shows what machines report, and sends them orders. */
export const factory: TenantSpec = {
  name: "factory",
  home: "iad",
  streams: {
    READINGS: {
      subjects: ["readings.>"],
      retention: "limits",
      storage: "file",
      replicas: 1,
      maxAge: "1d",
      maxBytes: "64MiB",
      discard: "old",
    },
  },
  consumers: {},
  users: {
    machine: { publishes: ["readings.>"], subscribes: ["orders.>"] },
    // The page, in a browser.
    operator: { listeners: ["websocket"], publishes: ["orders.*"], subscribes: ["readings.>"] },
  },
};
