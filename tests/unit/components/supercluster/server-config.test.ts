import assert from "node:assert/strict";
import { natsConf } from "../../../../components/supercluster/nats-conf";
import { serverConfig } from "../../../../components/supercluster/server-config";
import { localEnvironment, regionOf } from "../../../support/accounts";
import { hostLayout } from "../../../support/host-layout";
import { kubernetesEnvironment } from "../../../support/kubernetes";

const regions = ["iad", "ams"];
const kubernetes = kubernetesEnvironment({ regions });
const local = localEnvironment({ regions, lameDuck: kubernetes.lameDuck });

describe("configuration of a server", () => {
  it("has the tags of its own number, where settings give any", () => {
    const tagged = regionOf({ ...local, serverTags: { iad: [["disk:ssd"], [], ["az:c"]] } });
    assert.deepEqual(
      [0, 1, 2].map((server) => serverConfig(tagged, server, hostLayout).server_tags),
      [["disk:ssd"], undefined, ["az:c"]],
    );
  });

  it("has every setting under the server's own name, sizes in bytes", () => {
    const peerTls = { cert_file: "/tls/peer.crt", key_file: "/tls/peer.key", ca_file: "/tls/ca.crt", verify: true };
    assert.deepEqual(serverConfig(regionOf(kubernetes), 1, hostLayout), {
      server_name: "iad-1",
      listen: "0.0.0.0:4222",
      http: "0.0.0.0:8222",
      max_payload: 8388608,
      lame_duck_duration: "30s",
      lame_duck_grace_period: "10s",
      pid_file: "/run/nats.pid",
      tls: { cert_file: "/tls/client.crt", key_file: "/tls/client.key", timeout: 10 },
      cluster: {
        name: "iad",
        listen: "0.0.0.0:6222",
        routes: [0, 1, 2].map((n) => `tls://iad-${n}.nats-headless.nats.svc.cluster.local:6222`),
        no_advertise: true,
        compression: "accept",
        tls: peerTls,
      },
      gateway: {
        name: "iad",
        listen: "0.0.0.0:7222",
        advertise: "gateway-1.iad.nats.example.com:7222",
        reject_unknown_cluster: true,
        gateways: ["iad", "ams"].map((name) => ({
          name,
          urls: [0, 1, 2].map((n) => `tls://gateway-${n}.${name}.nats.example.com:7222`),
        })),
        tls: peerTls,
      },
      jetstream: {
        store_dir: "/data",
        max_file_store: 90 * 1024 ** 3,
        max_memory_store: 1024 ** 3,
        sync_interval: "2m",
        cipher: "aes",
        key$include: "key.conf",
      },
      system_account: "sys",
      accounts$include: "accounts.conf",
    });
  });

  it("has the JetStream domain where there is one", () => {
    const { jetstream } = serverConfig(regionOf({ ...kubernetes, jetstreamDomain: "global" }), 1, hostLayout);
    assert.equal(jetstream.domain, "global");
  });

  it("lists as many different gateway URLs a region as it has servers, because the meta group counts them", () => {
    for (const settings of [kubernetes, local]) {
      const { gateways } = serverConfig(regionOf(settings), 0, hostLayout).gateway;
      assert.deepEqual(
        gateways.map(({ name, urls }) => [name, new Set(urls).size]),
        [
          ["iad", 3],
          ["ams", 3],
        ],
      );
    }
  });

  it("differs between the targets in addresses alone", () => {
    const [a, b] = [kubernetes, local].map((settings) => serverConfig(regionOf(settings), 0, hostLayout));
    const without = ({ cluster, gateway, ...rest }: NonNullable<typeof a>) => ({
      ...rest,
      cluster: { ...cluster, routes: [] },
      gateway: { ...gateway, advertise: "", gateways: [] },
    });
    assert.deepEqual(without(a!), without(b!));
  });

  it("writes days as hours, because the server knows no days", () => {
    assert.equal(
      serverConfig(regionOf({ ...local, syncInterval: "2d" }), 0, hostLayout).jetstream.sync_interval,
      "48h",
    );
    assert.equal(
      serverConfig(regionOf({ ...local, syncInterval: "always" }), 0, hostLayout).jetstream.sync_interval,
      "always",
    );
  });

  it("refuses a server that the region does not have", () => {
    assert.throws(() => serverConfig(regionOf(local), 3, hostLayout), /iad has 3 servers; 3 is not one of 0 to 2/);
  });
});

describe("text of a nats.conf", () => {
  it("prints blocks, JSON values and includes, and leaves out what is absent", () => {
    assert.equal(
      natsConf({
        name: 'a "b"',
        absent: undefined,
        block: { size: 1, key$include: "a b.conf" },
        list: ["x"],
        accounts$include: "accounts.conf",
      }),
      'name: "a \\"b\\""\nblock {\n  size: 1\n  include "a b.conf"\n}\nlist: [\n  "x"\n]\ninclude "accounts.conf"\n',
    );
  });
});
