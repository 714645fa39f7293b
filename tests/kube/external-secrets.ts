import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { ApiextensionsV1Api, type KubernetesObject, type KubernetesObjectApi } from "@kubernetes/client-node";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "../support/limits";
import { clusterConfig } from "./cloud";

const given = process.env.KUBE_EXTERNAL_SECRETS;
const program = path.join(given ?? "", "external-secrets");
const definitions = path.join(given ?? "", "deploy", "crds", "bundle.yaml");

/** Why the operator cannot run here; undefined where KUBE_EXTERNAL_SECRETS names a folder with it. */
export function whyNoOperator(): string | undefined {
  if (given === undefined)
    return "KUBE_EXTERNAL_SECRETS names no folder of the External Secrets Operator, with its program built in it";
  return [program, definitions].find((file) => !existsSync(file))?.concat(" is not there");
}

/** The real operator, beside the cluster, and a store for it: a namespace of the same cluster, by its own provider. */
export class Operator {
  private process?: ChildProcess;
  private log = "";

  constructor(private readonly api: KubernetesObjectApi) {}

  /** Installs its kinds and starts it. */
  async start(): Promise<void> {
    // Too large for the annotation of a client-side apply.
    execFileSync("kubectl", ["apply", "--server-side", "--force-conflicts", "-f", definitions]);
    const extensions = clusterConfig().makeApiClient(ApiextensionsV1Api);
    await pollUntil(async () => {
      const { status } = await extensions.readCustomResourceDefinition({ name: "pushsecrets.external-secrets.io" });
      return status?.conditions?.some((one) => one.type === "Established" && one.status === "True") || undefined;
    }, waitMs);
    this.run();
  }

  /** Only its process; its kinds stay. */
  run(): void {
    const none = "127.0.0.1:0";
    this.process = spawn(program, ["--metrics-addr", none, "--live-addr", none], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.process.stdout!, this.process.stderr!])
      stream.on("data", (chunk) => (this.log += String(chunk)));
  }

  async end(): Promise<void> {
    const running = this.process;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    await ended;
  }

  /** What it logged, for messages of failures. */
  get said(): string {
    return this.log.slice(-4_000);
  }

  /** A store that all namespaces may use. */
  async makeStore(name: string, namespace: string): Promise<void> {
    const kubeconfig = execFileSync("kubectl", ["config", "view", "--raw", "--flatten", "--minify"], {
      encoding: "utf8",
    });
    const objects: (KubernetesObject & Record<string, unknown>)[] = [
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "access", namespace },
        stringData: { kubeconfig },
      },
      {
        apiVersion: "external-secrets.io/v1",
        kind: "ClusterSecretStore",
        metadata: { name },
        spec: {
          provider: {
            kubernetes: { remoteNamespace: namespace, authRef: { name: "access", key: "kubeconfig", namespace } },
          },
        },
      },
    ];
    for (const object of objects) await this.api.create(object);
  }
}
