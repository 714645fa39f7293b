import type { Environment, KubernetesEnvironment } from "./schema/settings";
import { serversIn } from "./sizes";

/** Tags of servers, by which streams are placed (`placementTags`). */

/**
 * Tags of a server, by its number in its region. On Kubernetes they end with a variable of its pod, which the label's
 * value is filled in for: see `labelVariables`.
 */
export function tagsOf(environment: Environment, region: string, server: number): string[] {
  if (environment.target === "local") return environment.serverTags?.[region]?.[server] ?? [];
  return labelVariables(environment).map(({ tag, variable }) => `${tag}:$(${variable})`);
}

/** What the tags of a server on Kubernetes begin with, each with its label and the variable that holds its value. */
export const labelVariables = ({ kubernetes: { serverTags = {} } }: KubernetesEnvironment) =>
  Object.entries(serverTags).map(([tag, label], index) => ({ tag, label, variable: `NODE_LABEL_${index}` }));

/**
 * Whether a server with these tags may hold a stream that is placed by `wanted`: it has each of them, and none of those
 * behind a `!`. Case does not matter. Source: server/jetstream_cluster.go, selectPeerGroup.
 */
export const fits = (tags: readonly string[], wanted: readonly string[]): boolean =>
  wanted
    .map((tag) => tag.toLowerCase())
    .every((tag) => (tag.startsWith("!") ? !tags.includes(tag.slice(1)) : tags.includes(tag)));

/**
 * How many servers of a region may hold a stream with these tags, as far as settings show. On Kubernetes they show only
 * what tags begin with: all servers, or none.
 */
export function suitableServers(environment: Environment, region: string, wanted: readonly string[]): number {
  const servers = serversIn(environment, region);
  if (environment.target === "kubernetes") {
    const given = labelVariables(environment).map(({ tag }) => tag);
    return wanted.every((tag) => tag.startsWith("!") || given.includes(tag.split(":")[0]!)) ? servers : 0;
  }
  return Array.from({ length: servers }, (_, server) => tagsOf(environment, region, server)).filter((tags) =>
    fits(tags, wanted),
  ).length;
}
