import type { Listeners } from "./schema/listeners";

/**
 * Ways to connect beside NATS's own protocol. One that an environment does not ask for has no port, no certificate's
 * name and no load balancer.
 */
export const listenerTable = {
  websocket: {
    what: "WebSocket",
    /** Port of a server on Kubernetes, and key below `config`: the chart's. */
    port: 8080,
    chart: "websocket",
    /** Port of its load balancer by default. */
    outside: 443,
    /** First of its ports in a local region's block of listeners. */
    local: 0,
    scheme: "wss",
    /** First label of its name outside a cluster: `websocket.<region>.<domain>`. */
    host: "websocket",
    /** What servers call such a connection, in a user's `allowed_connection_types`. */
    connection: "WEBSOCKET",
    /** Variable with its URLs, of the users that may connect by it. */
    variable: "NATS_WEBSOCKET_URL",
  },
  leafNodes: {
    what: "leaf nodes",
    port: 7422,
    chart: "leafnodes",
    outside: 7422,
    local: 5,
    scheme: "nats-leaf",
    host: "leafnodes",
    connection: "LEAFNODE",
    variable: "NATS_LEAFNODE_URL",
  },
  mqtt: {
    what: "MQTT",
    port: 1883,
    chart: "mqtt",
    outside: 8883,
    local: 10,
    scheme: "mqtts",
    host: "mqtt",
    connection: "MQTT",
    variable: "NATS_MQTT_URL",
    /** Tried with 2.12.1; the change is https://github.com/nats-io/nats-server/pull/7637. */
    since: {
      version: "2.12.3",
      reason: "servers before it refuse subscriptions with QoS 1 and 2 to users whose rights are limited, as all are",
    },
  },
} as const satisfies Record<keyof Listeners, object>;

export type Listener = keyof typeof listenerTable;

/** In the table's order. */
export const listenerNames = Object.keys(listenerTable) as Listener[];

/** The listeners that an environment asks for. */
export const listenersOf = ({ listeners = {} }: { listeners?: Listeners }): Listener[] =>
  listenerNames.filter((name) => listeners[name] !== undefined);
