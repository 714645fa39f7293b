import * as z from "zod";
import { strictObject } from "../problems";

/** What an environment's servers listen for beside NATS's own protocol: `listeners` of an environment. */

/** What browsers send as `Origin`: scheme, host and, unless it is the scheme's own, port; in lower case. */
const origin = z.custom<string>().superRefine((value, context) => {
  if (typeof value === "string" && isOrigin(value)) return;
  const meant = originIn(value);
  context.addIssue({
    code: "custom",
    message: `${JSON.stringify(value)} is not an origin; write ${JSON.stringify(meant ?? "https://app.example.com")}`,
  });
});

const isOrigin = (value: string): boolean => originIn(value) === value;

/** The origin of a URL; undefined where it is none of a page. */
function originIn(value: unknown): string | undefined {
  try {
    const { protocol, origin: found } = new URL(String(value));
    return /^https?:$/.test(protocol) ? found : undefined;
  } catch {
    return undefined;
  }
}

const websocket = strictObject({
  /**
   * Pages whose scripts may connect, by what browsers send as `Origin`, e.g. `["https://app.example.com"]`; each host
   * once. Other browsers' pages are refused with 403; programs that send no origin are not. Default: any page; a login
   * is needed anyway.
   */
  allowedOrigins: z.array(origin).min(1).optional(),
  /** Only pages from the host and port of the listener itself, which a proxy before both can serve. Default: false. */
  sameOrigin: z.boolean().default(false),
  /** Whether messages are compressed for clients that ask for it; costs processor time of servers. Default: false. */
  compression: z.boolean().default(false),
});

/** A change restarts the servers, one after another. */
export const listeners = strictObject({
  /**
   * Browsers and others that speak NATS by WebSocket, over TLS with the clients' certificate:
   * `wss://websocket.<region>.<domain>`. Default: off.
   */
  websocket: websocket.optional(),
  /**
   * Leaf nodes: servers elsewhere, of others, that log in as a user of a tenant and carry what that user may publish
   * and subscribe to, over TLS with the clients' certificate. There is nothing to set: `leafNodes: {}`. Default: off.
   */
  leafNodes: strictObject({}).optional(),
  /**
   * Clients that speak MQTT 3.1.1, over TLS with the clients' certificate: topic `a/b` is subject `a.b`. Messages of
   * QoS 1 and 2, retained ones and sessions are kept in streams of the user's account, `$MQTT_...`, which servers make
   * in the region where its first client connects (`limits.mqtt` of a tenant). `mqtt: {}`. Default: off.
   */
  mqtt: strictObject({}).optional(),
});

export type Listeners = z.infer<typeof listeners>;
