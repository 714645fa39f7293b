import { gzipSync } from "node:zlib";

/** The Secret in which Helm keeps a revision of the release `nats`, as the API server returns it. */
export function helmRecord(revision: number, status: string, manifest = "") {
  const packed = gzipSync(JSON.stringify({ name: "nats", info: { status }, version: revision, manifest }));
  return {
    metadata: {
      name: `sh.helm.release.v1.nats.v${revision}`,
      labels: { owner: "helm", name: "nats", status, version: String(revision) },
    },
    data: { release: Buffer.from(packed.toString("base64")).toString("base64") },
  };
}
