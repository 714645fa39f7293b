import assert from "node:assert/strict";
import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { renderStatus } from "../../../../cli/render/status";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { statusOf } from "../../../../operations/supercluster/status";
import { workerStatuses } from "../../../../operations/workers/worker-status";
import type { RegionOutputs } from "../../../../stacks/outputs";
import { healthySnapshot } from "../../../support/healthy-snapshot";

const checked = checkedEnvironment("local");

describe("the status of workers", () => {
  let answer: { ready: boolean; checks: object };
  const server = http.createServer((request, response) => {
    const isReady = request.url === "/readyz";
    response.writeHead(isReady && !answer.ready ? 503 : 200, { "content-type": "application/json" });
    const stats = { totalMessagesProcessed: 7, totalMessagesErrored: 1 };
    response.end(JSON.stringify(isReady ? { ready: answer.ready } : { checks: answer.checks, stats }));
  });
  before((done) => void server.listen(0, "127.0.0.1", done));
  after(() => server.close());

  const statuses = () => {
    const health = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const outputs: Record<string, Partial<RegionOutputs>> = {
      "local-iad": {
        workers: {
          "irisx/api": { health, url: "http://127.0.0.1:8081" },
          "irisx/dead": { health: "http://127.0.0.1:9" },
        },
      },
      "local-ams": { workers: {} },
    };
    return workerStatuses(checked, (stack) =>
      outputs[stack] ? Promise.resolve(outputs[stack]) : Promise.reject(new Error("not deployed")),
    );
  };

  /** The status of a worker whose Deployment an API server answers with. */
  async function ofDeployment(deployment: object) {
    const api = http.createServer((request, response) => {
      const isAsked = request.url === "/apis/apps/v1/namespaces/workers-irisx/deployments/api";
      response.writeHead(isAsked ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify({ apiVersion: "apps/v1", kind: "Deployment", ...deployment }));
    });
    await once(api.listen(0, "127.0.0.1"), "listening");
    try {
      const kubeconfig = JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [
          {
            name: "one",
            cluster: {
              server: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
              "insecure-skip-tls-verify": true,
            },
          },
        ],
        users: [{ name: "one", user: {} }],
        contexts: [{ name: "one", context: { cluster: "one", user: "one" } }],
        "current-context": "one",
      });
      const workers = { "irisx/api": { namespace: "workers-irisx", deployment: "api" } };
      const [found] = await workerStatuses(checked, (stack) =>
        Promise.resolve(stack === "local-iad" ? { workers, kubeconfig } : {}),
      );
      const { isReady, reason, pods } = found!;
      return { isReady, pods, ...(reason !== undefined && { reason }) };
    } finally {
      api.close();
    }
  }

  it("is what their health endpoints report, by region, and which do not answer", async () => {
    answer = { ready: true, checks: { nats: { ok: true } } };
    assert.deepEqual(await statuses(), [
      {
        ...{ region: "iad", account: "irisx", name: "api", isReady: true },
        ...{ processed: 7, errored: 1, url: "http://127.0.0.1:8081" },
      },
      {
        ...{ region: "iad", account: "irisx", name: "dead", isReady: false },
        reason: "http://127.0.0.1:9 does not answer",
      },
    ]);
  });

  it("names what keeps a worker from being ready", async () => {
    const unavailable = "durable sms-worker of stream SMS is missing";
    answer = {
      ready: false,
      checks: {
        nats: { ok: true },
        consumers: { ok: false, consumers: { "sms-worker": { unavailable }, other: {} } },
        database: { ok: false, error: "refused" },
        memory: { ok: false },
      },
    };
    const [found] = await statuses();
    assert.equal(found!.reason, `${unavailable}; database: refused; memory`);
    answer = { ready: false, checks: { nats: { ok: true } } };
    assert.equal((await statuses())[0]!.reason, "it is starting or stopping");
  });

  it("of a Deployment is that of its last version: pods of an earlier one do not count", async () => {
    const ready = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, readyReplicas: 2 };
    const found = (change: object) =>
      ofDeployment({ metadata: { generation: 3 }, spec: { replicas: 2 }, status: { ...ready, ...change } });
    assert.deepEqual(await found({}), { isReady: true, pods: { ready: 2, all: 2 } });
    const reasons = [
      [{ observedGeneration: 2 }, "Kubernetes has not begun with what was deployed last"],
      [{ updatedReplicas: undefined }, "0 of 2 pods are of what was deployed last"],
      [{ replicas: 3, updatedReplicas: 1 }, "1 of 2 pods are of what was deployed last"],
      [{ replicas: 4 }, "2 pods of an earlier version left, until the new ones are ready"],
      [{ replicas: 3 }, "1 pod of an earlier version left, until the new ones are ready"],
      [{ readyReplicas: undefined }, "0 of 2 pods are ready"],
    ] as const;
    for (const [change, reason] of reasons) {
      const { isReady, reason: given } = await found(change);
      assert.deepEqual([isReady, given], [false, reason]);
    }
  });

  it("is a table of its own, and absent without workers", async () => {
    answer = { ready: true, checks: {} };
    const text = renderStatus(statusOf(checked, healthySnapshot(checked), { workers: await statuses() }));
    assert.match(text, /irisx +api +iad +ready +7 +1 +http:\/\/127\.0\.0\.1:8081/);
    assert.match(text, /irisx +dead +iad +http:\/\/127\.0\.0\.1:9 does not answer/);
    assert.ok(!renderStatus(statusOf(checked, healthySnapshot(checked))).includes("WORKER"));
    assert.ok(!("workers" in statusOf(checked, healthySnapshot(checked))));
  });
});
