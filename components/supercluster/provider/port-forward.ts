import { type AddressInfo, createServer, type Socket } from "node:net";
import { kubernetesPorts } from "../../../config/topology";
import type { ClusterAccess } from "./kubernetes-client";
import { forwardTarget } from "./forward-target";
import { forwardToPod } from "./forward-to-pod";
import { RegionPods, type StatefulSetName } from "./region-pods";

/** Access to a region's servers through the Kubernetes API, for machines that cannot reach its load balancer. */
export interface Forward extends StatefulSetName {
  /** Secret as a whole. */
  cluster: ClusterAccess;
}

const opened = new Map<string, Promise<string>>();

/**
 * URL at which clients on this machine reach a region's servers: one port a process, opened at the first call. A failed
 * attempt is not cached.
 */
export function forwardedUrl(way: Forward): Promise<string> {
  const key = JSON.stringify(way);
  let url = opened.get(key);
  if (!url) {
    url = forward(way, kubernetesPorts.client).then((address) => `tls://${address}`);
    opened.set(key, url);
    url.catch(() => opened.delete(key));
  }
  return url;
}

/**
 * Opens a port on 127.0.0.1; each connection to it is forwarded to a ready server, by turns. Unlike
 * `kubectl port-forward` it outlives a pod: clients reconnect. The port closes with the process. Source: CoreV1
 * `pods/portforward`.
 *
 * @returns `host:port`
 */
async function forward({ cluster, ...name }: Forward, port: number): Promise<string> {
  const connected = RegionPods.open(cluster);
  const { PortForward } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const forwarder = new PortForward(connected.config);
  let turn = 0;
  const server = createServer((socket) => {
    // A client that disconnects is not an error here; without a listener it would end the process.
    socket.on("error", () => socket.destroy());
    pass(socket).catch(() => socket.destroy());
  });

  async function pass(socket: Socket): Promise<void> {
    const pod = forwardTarget((await connected.observe(name))?.pods ?? [], turn++);
    if (!pod) throw new Error(`no server of ${name.namespace}/${name.statefulSet} is ready`);
    await forwardToPod(forwarder, { namespace: name.namespace, name: pod.name, port }, socket);
  }

  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  server.unref();
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
