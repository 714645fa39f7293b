import { listenersOf } from "../listeners";
import type { Environment } from "../schema/settings";
import type { TenantSpec } from "../schema/tenant";
import { serversIn } from "../sizes";
import { toBytes } from "../units";

/** Messages, and what is without a limit of its own beside them (server/mqtt.go). Servers make them themselves. */
const streams = { messages: "$MQTT_msgs", others: ["$MQTT_rmsgs", "$MQTT_sess", "$MQTT_qos2in", "$MQTT_out"] };

/** Whether a stream is one that servers make for MQTT. */
export const isOfMqtt = (stream: string): boolean => [streams.messages, ...streams.others].includes(stream);

const defaultBytes = "256MiB";
/** Servers make as many as a region has servers, up to these. */
const mostReplicas = 3;

/**
 * Room in a tenant's account for what MQTT keeps; none where no user may connect by it. The streams have no limit of
 * their own, so the account's limit is what bounds them, together with all others.
 */
export function mqttReservation(
  environment: Environment,
  { users, limits = {} }: Pick<TenantSpec, "users" | "limits">,
): Record<string, { file: number }> {
  const isUsed = Object.values(users).some(({ listeners = [] }) => listeners.includes("mqtt"));
  if (!isUsed || !listenersOf(environment).includes("mqtt")) return {};
  const servers = Math.max(...environment.regions.map((region) => serversIn(environment, region)));
  const file = toBytes(limits.mqtt ?? defaultBytes) * Math.min(servers, mostReplicas);
  return { [streams.messages]: { file }, ...Object.fromEntries(streams.others.map((name) => [name, { file: 0 }])) };
}
