import * as z from "zod";
import { alerts } from "./alerts";
import { authCallout } from "./auth-callout";
import { aws } from "./aws";
import { listeners } from "./listeners";
import { monitoring } from "./monitoring";
import { assetName, dnsName, duration, serverTag, size, token } from "./values";
import { kubernetes, kubernetesSizes } from "./kubernetes";
import { strictObject } from "../problems";
import { testedServers } from "../versions";

/** What the stacks of an environment share: one object by environment in Pulumi.yaml. */

/** Generations of a certificate authority: 1 is the first one, 2 the one that replaces it, and so on. */
const authority = strictObject({
  /** Those whose certificates are accepted. */
  trusted: z.array(z.int().min(1)).min(1),
  /** The one that signs; one of those. */
  signing: z.int().min(1),
  /**
   * Those that are not made here: certificate and key are secrets of the identity stack, `clients-ca-<generation>-cert`
   * and `-key` (docs/runbooks/own-authority.md). Default: none. A generation never changes from one to the other.
   */
  supplied: z.array(z.int().min(1)).optional(),
}).prefault({ trusted: [1], signing: 1 });

/**
 * The CA that clients trust, and the one of servers among each other. Another generation replaces it in three
 * deployments, so that no client or server is ever shown a certificate that it does not trust yet:
 * docs/runbooks/rotate.md.
 * Default: the first.
 */
export const authorities = strictObject({ clients: authority, peers: authority }).prefault({});

const serverCount = z.literal([1, 3, 5]);

/** What one region has otherwise than the others; whatever is left out is as in all. */
const sizes = {
  servers: serverCount.optional(),
  storage: strictObject({ file: size.optional(), memory: size.optional() }).optional(),
};

const shared = {
  /** Regions in the order they are deployed. Adding one restarts the servers of the others, one after another. */
  regions: z.array(token).min(1),
  /** Servers a region; `byRegion` for those that have more or fewer. */
  servers: serverCount,
  /**
   * What one server gives to JetStream. Reserved by streams' `maxBytes`; must be below the volume's and the container's
   * real size.
   */
  storage: strictObject({ file: size, memory: size }),
  /**
   * When the disk is told to really write: an interval, or `always` (slower; nothing acknowledged is lost by a power
   * cut).
   */
  syncInterval: z.union([z.literal("always"), duration]),
  /** Largest message the servers take. Source systems ask for 8 MiB, the server warns above it. */
  maxPayload: size,
  /**
   * A server that stops first hands its leaders over, waits `gracePeriod`, then closes its clients over `duration` (30s
   * at least).
   */
  lameDuck: strictObject({ duration, gracePeriod: duration }),
  authorities,
  /**
   * Name of the JetStream domain, of all regions. Clients may then send requests to `$JS.<domain>.API.` as well as to
   * `$JS.API.`, with the same permissions. A change restarts all servers, one after another. Default: none.
   */
  jetstreamDomain: token.optional(),
  /** What servers listen for beside NATS's own protocol (docs/listeners.md). Default: nothing. */
  listeners: listeners.optional(),
  /** How servers serve monitoring, which needs no login. Default: over HTTP. */
  monitoring: monitoring.optional(),
  /**
   * Lets users log in by token and by certificate: servers ask a service about clients that their accounts file does
   * not know (docs/logins.md). Default: such users are refused.
   */
  authCallout: authCallout.optional(),
  /** What differs from the alerts' own thresholds (docs/monitoring.md). Default: nothing. */
  alerts: alerts.optional(),
  /** Of the probe, where a jetstream stack names it (docs/monitoring.md). */
  probe: strictObject({
    /** As of any tenant: `leaving` for one release before its name is taken out of `jetstream`. Default: `present`. */
    state: z.enum(["present", "leaving"]).optional(),
  }).optional(),
  /** Which jetstream stack reconciles which tenants: stack name (without the environment's prefix) to tenants. */
  jetstream: z.record(
    z.string().regex(/^jetstream(--[a-z0-9-]+)?$/, 'write "jetstream" or "jetstream--<team>"'),
    z.array(token).min(1),
  ),
};

export const environment = z.discriminatedUnion("target", [
  strictObject({
    target: z.literal("local"),
    ...shared,
    /** First of the ports on 127.0.0.1: 20 a region, see config/topology.ts. */
    basePort: z.int().min(1024).max(65000),
    /** First of the ports of `listeners` on 127.0.0.1: 15 a region. Default: `basePort` + 200. */
    listenersBasePort: z.int().min(1024).max(65000).optional(),
    /**
     * Version of nats-server, one of those that are tested: `npm run upgrade` sets it, and installs it. A change
     * restarts the servers, one after another. Default: the newest.
     */
    serverVersion: z.enum(Object.values(testedServers)).optional(),
    /** Number of servers and their storage by region, where a region has others than all. Default: none has. */
    byRegion: z.record(token, strictObject(sizes)).optional(),
    /**
     * Tags of servers, for `placementTags` of streams: by region, a list for each of its servers in their order.
     * Default: none. A change restarts the servers, one after another.
     */
    serverTags: z.record(token, z.array(z.array(serverTag))).optional(),
  }),
  strictObject({
    target: z.literal("kubernetes"),
    ...shared,
    /** Addresses are names under it: `gateway-<n>.<region>.<domain>`, `nats.<region>.<domain>`. */
    domain: dnsName,
    kubernetes: kubernetes.prefault({}),
    /**
     * Number of servers, their storage, volumes, CPU and memory by region, where a region has others than all, e.g.
     * `{ syd: { storage: { file: "200GiB" }, kubernetes: { volume: { size: "220GiB" } } } }`. Default: none has.
     */
    byRegion: z.record(token, strictObject({ ...sizes, kubernetes: kubernetesSizes.optional() })).optional(),
    /** What it uses of AWS, by region. Default: nothing. */
    aws: aws.optional(),
  }),
]);

/** What a stack is: `supercluster:stack` of its file. */
export const stack = z.discriminatedUnion("kind", [
  strictObject({ environment: token, kind: z.literal("identity") }),
  strictObject({ environment: token, kind: z.literal("region"), region: token }),
  strictObject({
    environment: token,
    kind: z.literal("jetstream"),
    /** Part of the stack's name after `jetstream--`, for a team's own stack. */
    team: assetName.optional(),
  }),
]);

export const environments = z.record(token, environment);

export type AuthoritySettings = z.infer<typeof authority>;
export type Environment = z.infer<typeof environment>;
export type LocalEnvironment = Extract<Environment, { target: "local" }>;
export type KubernetesEnvironment = Extract<Environment, { target: "kubernetes" }>;
export type StackSettings = z.infer<typeof stack>;
