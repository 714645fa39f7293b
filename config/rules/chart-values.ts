import { unknownKey } from "../problems";
import type { ValidationContext } from "./context";
import { type Rule, rule } from "./rule";

/**
 * Rules about `kubernetes.values` and flags of the exporter: what people may change of the official chart, and what is
 * set by this program or by another setting.
 */

/** Names of the chart's values, without those below them: it ignores others in silence. */
export const chartKeys = [
  "global",
  "nameOverride",
  "fullnameOverride",
  "namespaceOverride",
  "tlsCA",
  "config",
  "container",
  "reloader",
  "promExporter",
  "service",
  "statefulSet",
  "podTemplate",
  "headlessService",
  "configMap",
  "podDisruptionBudget",
  "serviceAccount",
  "natsBox",
  "extraResources",
] as const;

const names = "names are those that servers, certificates and this program know";
const blocks = "the supercluster's servers are configured by the environment's settings";
const accounts = "accounts and users are those of tenants/";
const certificates = "certificates are those of the identity stack";
const lists = "Helm replaces whole lists, and this program needs what is in it; append by a patch";
const metadata = "write kubernetes.labels or kubernetes.annotations";

/** Paths of values that may not be written, nor anything below them, and what to write or why. */
const owned: Readonly<Record<string, string>> = {
  "global.image": "write kubernetes.images",
  "global.labels": metadata,
  nameOverride: names,
  fullnameOverride: names,
  namespaceOverride: "write kubernetes.namespace",
  tlsCA: certificates,
  "config.cluster": blocks,
  "config.gateway": blocks,
  "config.jetstream": blocks,
  "config.nats": certificates,
  "config.monitor": blocks,
  "config.resolver": accounts,
  "config.serverNamePrefix": names,
  "config.patch": "it could change what the supercluster needs; write config.merge",
  ...Object.fromEntries(
    ["cluster", "gateway", "jetstream", "server_name", "server_tags", "port", "listen", "http", "http_port"].map(
      (key) => [`config.merge.${key}`, blocks],
    ),
  ),
  ...Object.fromEntries(
    ["https", "https_port", "http_base_path", "pid_file"].map((key) => [`config.merge.${key}`, blocks]),
  ),
  ...Object.fromEntries(
    ["leafnodes", "mqtt", "websocket"].flatMap((name): [string, string][] => [
      [`config.merge.${name}`, `write config.${name}`],
      [`config.${name}.patch`, `write config.${name}.merge`],
      ...["port", "listen"].map((key): [string, string] => [
        `config.${name}.merge.${key}`,
        `write config.${name}.port`,
      ]),
    ]),
  ),
  "config.merge.server_metadata": "servers report by it which accounts are loaded, and every rollout waits for that",
  "config.merge.max_payload": "write maxPayload of the environment",
  "config.merge.lame_duck_duration": "write lameDuck of the environment",
  "config.merge.lame_duck_grace_period": "write lameDuck of the environment",
  ...Object.fromEntries(["tls", "allow_non_tls"].map((key) => [`config.merge.${key}`, certificates])),
  ...Object.fromEntries(
    [
      ...["accounts", "accounts$include", "system_account", "authorization", "no_auth_user", "no_system_account"],
      ...["operator", "resolver", "resolver_preload", "trusted_keys", "trusted", "default_sentinel"],
    ].map((key) => [`config.merge.${key}`, accounts]),
  ),
  "container.image": "write kubernetes.images",
  "container.resources": "write kubernetes.resources",
  "container.env.GOMEMLIMIT": "write kubernetes.resources.memory",
  "container.env.POD_INDEX": names,
  "container.env.SERVER_GATEWAY": names,
  "container.env.SERVER_NAME": names,
  "container.merge.name": names,
  "container.merge.image": "write kubernetes.images",
  "container.merge.resources": "write kubernetes.resources",
  "container.merge.startupProbe": "with the chart's own, regions that start together never find each other",
  ...Object.fromEntries(["args", "env", "ports", "volumeMounts"].map((key) => [`container.merge.${key}`, lists])),
  "reloader.enabled": "servers learn of changed accounts and certificates by it",
  "reloader.natsVolumeMountPrefixes": "servers learn of changed accounts and certificates by it",
  "reloader.image": "write kubernetes.images",
  "reloader.merge.resources": "write kubernetes.containers.reloader",
  "promExporter.image": "write kubernetes.images",
  "promExporter.merge.resources": "write kubernetes.containers.exporter",
  "promExporter.merge.args": "write kubernetes.monitoring.exporter",
  "promExporter.podMonitor": "write kubernetes.monitoring",
  "service.name": names,
  "headlessService.name": names,
  "configMap.name": names,
  "statefulSet.name": names,
  "statefulSet.merge.spec": "this program replaces pods itself, and claims cannot be changed",
  "statefulSet.patch": "this program replaces pods itself, and claims cannot be changed",
  podDisruptionBudget: "a node that is drained may take one server at a time",
  ...Object.fromEntries(
    ["service", "headlessService", "configMap", "statefulSet", "podTemplate"].map((key) => [
      `${key}.merge.metadata`,
      metadata,
    ]),
  ),
  "podTemplate.configChecksumAnnotation": "this program restarts servers when their configuration needs it",
  "podTemplate.topologySpreadConstraints": "write kubernetes.spread and kubernetes.topologyKeys",
  ...Object.fromEntries(
    ["affinity", "nodeSelector", "tolerations", "priorityClassName"].map((key) => [
      `podTemplate.merge.spec.${key}`,
      `write kubernetes.${key}`,
    ]),
  ),
  ...Object.fromEntries(
    ["containers", "initContainers", "volumes", "topologySpreadConstraints"].map((key) => [
      `podTemplate.merge.spec.${key}`,
      lists,
    ]),
  ),
  "podTemplate.merge.spec.terminationGracePeriodSeconds": "write lameDuck of the environment",
  "natsBox.enabled": "write kubernetes.natsBox.enabled",
  "natsBox.contexts": "its contexts are a Secret of this program; write kubernetes.natsBox",
  "natsBox.contextsSecret": "its contexts are a Secret of this program; write kubernetes.natsBox",
  "natsBox.contentsSecret": "its contexts are a Secret of this program; write kubernetes.natsBox",
  "natsBox.defaultContextName": "write kubernetes.natsBox",
  "natsBox.container.image": "write kubernetes.images",
  "natsBox.container.merge.resources": "write kubernetes.containers.box",
  "natsBox.podTemplate.merge.metadata": metadata,
};

/** What is written in `values`: each text, number, list or null, and its path. An empty object changes nothing. */
export function written(values: object): { path: string[]; value: unknown }[] {
  return Object.entries(values).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? written(value).map((inner) => ({ ...inner, path: [key, ...inner.path] }))
      : [{ path: [key], value }],
  );
}

const isWithin = (path: readonly string[], outer: readonly string[]): boolean =>
  outer.every((key, index) => path[index] === key);

/** Whatever is written that is set otherwise: what it touches, and why it is refused. */
const conflicts = (values: object) =>
  written(values).flatMap(({ path, value }) => {
    const found = Object.entries(owned).find(([each]) => {
      const known = each.split(".");
      return isWithin(path, known) || isWithin(known, path);
    });
    return found ? [{ path, value, touched: found[0], reason: found[1] }] : [];
  });

const overrides = ({ name, environment }: ValidationContext) =>
  environment.target === "kubernetes"
    ? [{ path: ["environments", name, "kubernetes", "values"], values: environment.kubernetes.values }]
    : [];

const unknownValues = (context: ValidationContext) =>
  overrides(context).flatMap(({ path, values }) =>
    Object.keys(values)
      .filter((key) => !(chartKeys as readonly string[]).includes(key))
      .map((key) => ({ path: [...path, key], key })),
  );

const refusedValues = (context: ValidationContext) =>
  overrides(context).flatMap(({ path, values }) =>
    conflicts(values).map((conflict) => ({ ...conflict, path: [...path, ...conflict.path], own: conflict.path })),
  );

/** What is null, where that is not refused anyway. Pulumi's Release leaves out nulls, unless it is told otherwise. */
const nulls = (context: ValidationContext) =>
  overrides(context).flatMap(({ path, values }) => {
    const refused = conflicts(values).map((conflict) => conflict.path.join("."));
    return written(values).flatMap((one) =>
      one.value === null && !refused.includes(one.path.join(".")) ? [{ path: [...path, ...one.path] }] : [],
    );
  });

/** Flags of the exporter that are set: by the chart, or by `monitoring.exporter.jetstream`. */
const ownFlags = [
  ...["port", "p", "connz", "routez", "subz", "varz", "healthz", "gatewayz", "jsz", "prefix"],
  ...["use_internal_server_id", "addr", "a", "path", "tlscert", "tlskey", "tlscacert", "http_user", "http_pass"],
];

const exporterArguments = (context: ValidationContext) =>
  (context.environment.target === "kubernetes" ? context.environment.kubernetes.monitoring.exporter.arguments : []).map(
    (argument, index) => ({
      path: ["environments", context.name, "kubernetes", "monitoring", "exporter", "arguments", index],
      argument,
      flag: argument.replace(/^-/, "").replace(/=.*/s, ""),
    }),
  );

export const chartValueRules: Rule[] = [
  rule({
    each: unknownValues,
    when: () => true,
    message: ({ key }) => unknownKey(key, chartKeys),
  }),
  rule({
    each: refusedValues,
    when: () => true,
    message: ({ own, value, touched, reason }) =>
      `${typeof value === "object" ? "this" : JSON.stringify(value)} may not override ` +
      `${isWithin(own, touched.split(".")) ? "what is set already" : touched}; ${reason}`,
  }),
  rule({
    each: nulls,
    when: () => true,
    message: () =>
      "null would be ignored, and the chart's default stay; write another value, or remove it by a patch " +
      "({ op: remove }) where the chart has one",
  }),
  rule({
    each: exporterArguments,
    when: ({ flag }) => ownFlags.includes(flag),
    message: ({ argument, flag }) =>
      flag === "jsz"
        ? `${JSON.stringify(argument)} is set by kubernetes.monitoring.exporter.jetstream; write that`
        : `${JSON.stringify(argument)} is set already, for the scraping of servers; remove it`,
  }),
];
