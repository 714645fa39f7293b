import assert from "node:assert/strict";
import { once } from "node:events";
import * as tls from "node:tls";
import { isDeepStrictEqual } from "node:util";
import { exporterInputs, trusting } from "../../components/local/monitoring-layout";
import { hasNoJetstream, isServing, metaLeader, monitorOf, varz } from "../../components/local/provider/monitor";
import { observe } from "../../components/local/provider/observe";
import { programProvider } from "../../components/local/provider/program-provider";
import { monitorUrl } from "../../components/supercluster/server-config";
import type { RegionIdentity } from "../../config/assets/region";
import { pollUntil } from "../../config/poll-until";
import { serversOf } from "../../config/topology";
import { environmentMonitoring as monitoring } from "../../docs/examples/tenants/listeners";
import { localEnvironment } from "../support/accounts";
import { type Authority, issue, makeAuthority } from "../support/certificates";
import { serversMs, waitMs } from "../support/limits";
import { makeIdentity, Supercluster } from "../support/nats";
import { claimPorts } from "../support/ports";
import { testTool } from "../support/tools";

/** A region of real servers that served monitoring over HTTP first, and does over TLS since. */
describe("monitoring over TLS", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let authority: Authority;
  let identity: RegionIdentity;
  let inputs: ReturnType<Supercluster["inputs"]>;
  const first = () => inputs["iad-0"]!;
  const shown = async (): Promise<tls.PeerCertificate> => {
    const { hostname: host, port } = new URL(monitorUrl(first().config));
    const socket = tls.connect({ host, port: Number(port), ca: authority.cert });
    await once(socket, "secureConnect");
    const certificate = socket.getPeerCertificate();
    socket.destroy();
    return certificate;
  };
  const pids = async () => Promise.all(Object.values(inputs).map(async (one) => (await observe(one))!.process.pid));

  before(async () => {
    authority = await makeAuthority("clients");
    identity = {
      ...(await makeIdentity()),
      clientCa: authority.cert,
      server: await issue(authority, "server"),
    };
    cluster = await Supercluster.prepare({ regions: ["iad"], servers: 3 }, identity);
    const [plain, secured] = [cluster.inputs(), cluster.inputs({ settings: { monitoring } })];
    inputs = { ...secured, "iad-1": plain["iad-1"]! };
    await cluster.ensure(inputs);
    await cluster.ready(inputs);
    // One is turned on and one off.
    inputs = { ...secured, "iad-2": plain["iad-2"]! };
  });
  after(() => cluster?.stop());

  it("is turned on and off server by server, whether the others serve HTTP or HTTPS", async () => {
    const [kept, ...earlier] = await pids();
    await cluster.ensure(inputs);
    await cluster.ready(inputs);
    const [same, ...later] = await pids();
    assert.deepEqual([same, later.every((pid, index) => pid !== earlier[index])], [kept, true]);
    const environment = localEnvironment({ regions: ["iad"], servers: 3, monitoring });
    assert.ok(serversOf(environment, "iad").every(({ monitor }) => monitor.startsWith("https://127.0.0.1:")));
  });

  it("is read with the environment's CA, and needs no certificate of the client", async () => {
    const monitor = monitorOf(first(), first().config);
    assert.equal(monitor.url.slice(0, 8), "https://");
    const expected = ["iad-0", true, false, true];
    let found: unknown[] = [];
    // A server has been restarted: there may be no leader for a moment.
    await pollUntil(async () => {
      found = [
        (await varz(monitor))?.server_name,
        await isServing(monitor),
        await hasNoJetstream(monitor),
        /^iad-\d$/.test((await metaLeader(monitor)) ?? ""),
      ];
      return isDeepStrictEqual(found, expected);
    }, waitMs);
    assert.deepEqual(found, expected);
  });

  it("is read by none who trusts another CA, and refused over plain HTTP", async () => {
    const { cert: other } = await makeAuthority("other");
    const monitor = monitorOf(first(), first().config);
    assert.deepEqual(await varz({ ...monitor, ca: () => Promise.resolve(other) }), undefined);
    const plain = await fetch(`${monitor.url.replace("https:", "http:")}/varz`);
    assert.equal(plain.status, 400);
    assert.doesNotMatch(await plain.text(), /server_name/);
    assert.deepEqual(await varz({ ...monitor, url: monitor.url.replace("https:", "http:") }), undefined);
  });

  it("has series of the exporter, which is given the CA", async () => {
    const monitor = monitorUrl(first().config);
    const port = await claimPorts();
    const made = await programProvider.create({
      ...exporterInputs(cluster.environment, { region: "iad", server: "iad-0", monitor, port }),
      ...trusting(authority.cert),
      program: testTool("prometheus-nats-exporter"),
    });
    try {
      const series = await (await fetch(`${made.outs!.url}/metrics`)).text();
      for (const name of ["nats_varz_mem", "nats_healthz_status", "nats_server_"])
        assert.match(series, new RegExp(`^${name}`, "m"));
    } finally {
      await programProvider.delete(made.id, made.outs!);
    }
  });

  it("shows a renewed certificate without a restart", async () => {
    const earlier = await pids();
    const { serialNumber } = await shown();
    identity = { ...identity, server: await issue(authority, "server") };
    inputs = { ...inputs, "iad-0": cluster.inputs({ settings: { monitoring }, identity })["iad-0"]! };
    await cluster.ensure(inputs);
    assert.notEqual((await shown()).serialNumber, serialNumber);
    assert.deepEqual(await pids(), earlier);
  });
});
