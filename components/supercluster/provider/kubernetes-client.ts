import { homedir } from "node:os";
import type { Configuration, KubeConfig, Middleware } from "@kubernetes/client-node";

/** How a Kubernetes cluster is reached: as kubectl does, with other files and contexts where they are named. */
export interface ClusterAccess {
  /**
   * Text of a kubeconfig, or its file, where `~/` is the user's home, as for Pulumi's provider. Default: KUBECONFIG, or
   * ~/.kube/config.
   */
  kubeconfig?: string;
  /** Default: the current one. */
  context?: string;
}

/** Whether a kubeconfig is given as text, not as the name of a file. */
export const isKubeconfigText = (kubeconfig: string): boolean => kubeconfig.includes("apiVersion");

/** Milliseconds for one answer of the API server. */
const requestMs = 10_000;

/** A kubeconfig does not identify a cluster; retrying cannot help. */
export class KubeconfigError extends Error {}

/** A kubeconfig as it was given, with the context to use.
 *
 * @throws {KubeconfigError}
 */
export function configOf({ kubeconfig, context }: ClusterAccess): KubeConfig {
  const { KubeConfig: Config } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const config = new Config();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else if (isKubeconfigText(kubeconfig)) config.loadFromString(kubeconfig);
    else config.loadFromFile(kubeconfig.replace(/^~(?=\/)/, homedir()));
  } catch (error) {
    throw new KubeconfigError(`the kubeconfig could not be read: ${(error as Error).message}; ${howToGetOne}`);
  }
  if (context !== undefined) {
    const known = config.contexts.map(({ name }) => name).filter((name) => name !== placeholder);
    if (!known.includes(context))
      throw new KubeconfigError(
        `the kubeconfig has no context "${context}"; its contexts are ${known.join(", ") || "none"}; ${howToGetOne}`,
      );
    config.setCurrentContext(context);
  }
  if (!config.getCurrentCluster())
    throw new KubeconfigError(
      `context "${config.currentContext}" of the kubeconfig names no cluster; see: kubectl config view`,
    );
  return config;
}

/** What the library makes up where there is no kubeconfig. */
const placeholder = "loaded-context";

const howToGetOne =
  "name the file in KUBECONFIG or kubernetes.clusters.<region>.kubeconfig (for EKS: " +
  "aws eks update-kubeconfig --name <cluster> --alias <context>)";

/** A client whose every request has a deadline: a request to an unreachable API server would never end. */
export function clientOf<Api>(config: KubeConfig, Type: new (configuration: Configuration) => Api): Api {
  const { createConfiguration, ServerConfiguration } =
    require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const deadline: Middleware = {
    pre: (request) => Promise.resolve((request.setSignal(AbortSignal.timeout(requestMs)), request)),
    post: (response) => Promise.resolve(response),
  };
  return new Type(
    createConfiguration({
      baseServer: new ServerConfiguration(config.getCurrentCluster()!.server, {}),
      authMethods: { default: config },
      promiseMiddleware: [deadline],
    }),
  );
}

/**
 * Lets objects of a kind pass as they are, in both directions: the client's own models rename fields (`from` of a
 * NetworkPolicy) and drop those that they do not know, so that what is written back would lack them.
 */
export function passThrough({ apiVersion, kind }: { apiVersion: string; kind: string }): void {
  // The package's index does not export it.
  type Serializers = typeof import("@kubernetes/client-node/dist/serializer.js");
  const { defaultSerializer, ObjectSerializer } = require("@kubernetes/client-node/dist/serializer.js") as Serializers;
  const name = `${apiVersion} ${kind}`;
  if (passing.has(name)) return;
  passing.add(name);
  const [version, group = ""] = apiVersion.split("/").reverse();
  ObjectSerializer.registerModel({ group, version: version!, kind }, defaultSerializer);
}

const passing = new Set<string>();

export const parsed = (answer: unknown): unknown => (typeof answer === "string" ? JSON.parse(answer) : answer);

/** The answer; undefined for 404. */
export async function missing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { code?: number }).code === 404) return undefined;
    throw error;
  }
}

/** No ready server answered, which is not the same as a server that knows no leader. */
export class NoAnswer extends Error {}

/** Whether a retry may help: no answer, 429 or 5xx. */
export function isTransient(error: unknown): boolean {
  const { name, cause, code } = error as Error & { cause?: unknown; code?: unknown };
  if (error instanceof NoAnswer || name === "TimeoutError" || name === "AbortError") return true;
  return typeof code === "number" ? code === 429 || code >= 500 : cause !== undefined;
}

/** The message of an API server, or of a server behind it; or why there was no answer. */
export function reasonOf(error: unknown): string {
  const { body, message, name, cause } = error as Error & {
    body?: unknown;
    cause?: { message?: string; code?: string };
  };
  if (cause) return cause.message || cause.code || message;
  if (name === "TimeoutError" || name === "AbortError") return `no answer within ${requestMs / 1000} s`;
  try {
    const { error: ofServer, message: ofApi } = parsed(body) as { error?: string; message?: string };
    return ofServer ?? ofApi ?? message;
  } catch {
    return typeof body === "string" && body ? body : message;
  }
}
