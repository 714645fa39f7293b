import { listenersOf, listenerTable } from "../listeners";
import { unknownName } from "../problems";
import { portBlocksOf } from "../topology";
import { isTagBefore, testedServers } from "../versions";
import type { ValidationContext } from "./context";
import { text } from "./messages";
import { type Rule, rule } from "./rule";
import { users } from "./scopes";

const websockets = ({ name, environment }: ValidationContext) =>
  environment.listeners?.websocket
    ? [{ path: ["environments", name, "listeners", "websocket"], ...environment.listeners.websocket }]
    : [];

const allowedOrigins = (context: ValidationContext) =>
  websockets(context).flatMap(({ path, allowedOrigins: all = [] }) =>
    all.map((origin, index) => ({
      path: [...path, "allowedOrigins", index],
      origin,
      twin: all.slice(0, index).find((other) => new URL(other).hostname === new URL(origin).hostname),
    })),
  );

/** Blocks of ports of a local environment that share ports. */
const sharedPorts = ({ name, environment }: ValidationContext) => {
  const [servers, listeners] = environment.target === "local" ? portBlocksOf(environment) : [];
  if (!servers || !listeners || listeners.first > servers.last || servers.first > listeners.last) return [];
  return [{ path: ["environments", name, listeners.setting], servers, listeners }];
};

/** Listeners that both their setting and values of the chart configure. */
const twice = ({ name, environment }: ValidationContext) => {
  if (environment.target !== "kubernetes") return [];
  const { config } = environment.kubernetes.values as { config?: Record<string, unknown> };
  return Object.entries(environment.listeners ?? {}).flatMap(([listener, settings]) => {
    const { chart } = listenerTable[listener as keyof typeof listenerTable];
    return settings !== undefined && config?.[chart] !== undefined
      ? [{ path: ["environments", name, "kubernetes", "values", "config", chart], listener }]
      : [];
  });
};

/** Listeners that need a later server than the environment says it has; what a digest runs is not known here. */
const tooEarly = ({ name, environment }: ValidationContext) => {
  const images = environment.target === "kubernetes" ? environment.kubernetes.images.nats : undefined;
  const version = environment.target === "local" ? (environment.serverVersion ?? testedServers.newest) : images!.tag;
  if (images?.digest !== undefined) return [];
  return listenersOf(environment).flatMap((listener) => {
    const row = listenerTable[listener];
    return "since" in row && isTagBefore(version, row.since.version)
      ? [{ path: ["environments", name, "listeners", listener], version, ...row }]
      : [];
  });
};

/** Streams that users' leaf nodes copy. */
const copies = (context: ValidationContext) =>
  users(context).flatMap((scope) =>
    (scope.user.copies ?? []).map((stream, index) => ({
      ...scope,
      path: [...scope.path, "copies", index],
      stream,
      retention: scope.tenant.streams[stream]?.retention,
    })),
  );

const copiers = (context: ValidationContext) => users(context).filter(({ user }) => user.copies !== undefined);

/** Rules about what servers listen for beside NATS's own protocol. */
export const listenerRules: Rule[] = [
  rule({
    each: tooEarly,
    when: () => true,
    message: ({ what, version, since }) =>
      `${what} needs nats-server ${since.version} or later, and servers here are ${text(version)}: ${since.reason}; ` +
      "upgrade them (docs/runbooks/upgrade-nats.md), or leave it out",
  }),
  rule({
    each: allowedOrigins,
    when: ({ twin }) => twin !== undefined,
    message: ({ origin, twin }) =>
      `${text(origin)} and ${text(twin)} have the same host, of which servers keep the last one only; remove one`,
  }),
  rule({
    each: websockets,
    at: ["sameOrigin"],
    when: ({ sameOrigin, allowedOrigins: all }) => sameOrigin && all !== undefined,
    message: () =>
      "true refuses every page but those of the listener's own host and port, before allowedOrigins is looked at; " +
      "remove one of the two",
  }),
  rule({
    each: sharedPorts,
    when: () => true,
    message: ({ servers, listeners }) =>
      `${listeners.first} to ${listeners.last}, the ports of listeners, are also among those of servers ` +
      `(${servers.first} to ${servers.last}); write e.g. ${servers.last + 1}`,
  }),
  rule({
    each: twice,
    when: () => true,
    message: ({ listener }) => `is set by listeners.${listener} of the environment; write that alone`,
  }),
  rule({
    each: copies,
    when: ({ key, stream }, { declared }) => !declared.streams(key).includes(stream),
    message: ({ key, stream }, { declared }) => unknownName(stream, `a stream of ${key}`, declared.streams(key)),
  }),
  rule({
    each: copies,
    when: ({ retention }) => retention === "workqueue" || retention === "interest",
    message: ({ stream, retention }) =>
      retention === "workqueue"
        ? `"${stream}" is a work queue, which a copy would empty; copy a stream with retention "limits"`
        : `"${stream}" keeps messages until all have them, and a leaf node that is cut off would hold them; ` +
          'copy a stream with retention "limits"',
  }),
  rule({
    each: copiers,
    at: ["copies"],
    when: ({ user }) => !user.listeners?.includes("leafNodes"),
    message: () => 'is for leaf nodes, and this user may not connect as one; write listeners: ["leafNodes"] too',
  }),
  rule({
    each: copiers,
    at: ["copies"],
    when: (_, { environment }) => environment.listeners?.leafNodes !== undefined && !environment.jetstreamDomain,
    message: () =>
      "needs a name for the JetStream that it is copied from: write jetstreamDomain in the environment, " +
      "which no leaf node's own domain may equal",
  }),
];
