import type * as z from "zod";
import type { listeners } from "../../../config/schema/listeners";
import type { monitoring } from "../../../config/schema/monitoring";
import type { TenantSpec } from "../../../config/schema/tenant";

/** What its environment listens for: `listeners` of the environment in Pulumi.yaml. */
export const environmentListeners: z.input<typeof listeners> = {
  websocket: { allowedOrigins: ["https://app.example.com"], compression: true },
  leafNodes: {},
  mqtt: {},
};

/** Monitoring over TLS only: `monitoring` of the environment. */
export const environmentMonitoring: z.input<typeof monitoring> = { tls: true };

const kept = (subject: string): TenantSpec["streams"][string] => ({
  subjects: [subject],
  retention: "limits",
  storage: "file",
  replicas: 1,
  maxAge: "1d",
  maxBytes: "64MiB",
  discard: "old",
});

/**
 * A factory: a page shows what machines and sensors report, and sends them orders; a server in its hall is a leaf node,
 * which goes on without the line, and has a copy of the recipes.
 */
export const factory: TenantSpec = {
  name: "factory",
  home: "iad",
  streams: { READINGS: kept("readings.>"), RECIPES: kept("recipes.*") },
  consumers: {},
  users: {
    machine: { publishes: ["readings.>"], subscribes: ["orders.>"] },
    cook: { publishes: ["recipes.*"] },
    // The page, in a browser.
    operator: { listeners: ["websocket"], publishes: ["orders.*"], subscribes: ["readings.>"] },
    // The server in the hall. There, RECIPES is mirrored with
    // external: { api: "$JS.global.API", deliver: "_INBOX_hall.copies" }.
    hall: { listeners: ["leafNodes"], publishes: ["readings.>"], subscribes: ["orders.>"], copies: ["RECIPES"] },
    // Both speak MQTT: topics orders/stop and readings/temperature.
    sensor: { listeners: ["mqtt"], publishes: ["readings.>"], subscribes: ["orders.>"] },
    panel: { listeners: ["mqtt"], publishes: ["orders.*"], subscribes: ["readings.>"] },
  },
  limits: { mqtt: "64MiB" },
};
