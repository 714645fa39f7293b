import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import {
  chartValues,
  graceSeconds,
  podConfig,
  restartAnnotation,
  secrets,
} from "../../../../components/supercluster/chart-values";
import { loadBalancers } from "../../../../components/supercluster/load-balancers";
import { regionSecrets } from "../../../../components/supercluster/region-secrets";
import { scrapeConfig } from "../../../../components/monitoring/scrape-config";
import { accountsOf } from "../../../../components/security/accounts";
import { podMonitorSpec } from "../../../../components/workers/worker-objects";
import { storageClass } from "../../../../components/storage/storage-class";
import type { RegionIdentity } from "../../../../config/assets/region";
import { tenantLogins } from "../../../../components/security/connections";
import { certificateNames } from "../../../../components/security/certificate-names";
import { listeners } from "../../../../config/schema/listeners";
import { serversOf } from "../../../../config/topology";
import { tenants } from "../../../../tenants";
import { regionOf, usersOf } from "../../../support/accounts";
import { identityOutputs } from "../../../support/identity";
import { kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";
import { projectFolder } from "../../../support/project-copy";

const region = (change: Parameters<typeof kubernetesEnvironment>[0] = {}, name = "iad") =>
  regionOf(kubernetesEnvironment(change), name);
const kubernetes = (change: object) => ({ kubernetes: kubernetesSettings(change) });

describe("values of the chart", () => {
  it("name pods as their servers are named, and the cluster and its gateway after the region", () => {
    const values = chartValues(region());
    assert.equal(values.statefulSet.name, "iad");
    assert.deepEqual(
      [0, 1, 2].map((server) => podConfig(region(), server).server_name),
      ["iad-0", "iad-1", "iad-2"],
    );
  });

  it("advertise each server's own name, which its pod's number makes", () => {
    const { env } = chartValues(region()).container;
    for (const server of [0, 1, 2])
      assert.equal(
        env.SERVER_GATEWAY.replace("$(POD_INDEX)", String(server)),
        podConfig(region(), server).gateway.advertise,
      );
    const names = Object.keys(env);
    assert.ok(
      names.indexOf("POD_INDEX") < names.indexOf("SERVER_GATEWAY") && "POD_INDEX" < "SERVER_GATEWAY",
      "the chart sorts them, and Kubernetes knows only what stands before",
    );
  });

  it("give servers tags of labels, each as a variable that Kubernetes completes", () => {
    const serverTags = { az: "topology.kubernetes.io/zone", disk: "example.com/disk" };
    const tagged = chartValues(region(kubernetes({ serverTags })));
    assert.deepEqual(tagged.config.merge.server_tags, ["<< $SERVER_TAG_0 >>", "<< $SERVER_TAG_1 >>"]);
    const { env } = tagged.container;
    const variables = Object.entries(env).filter(([name]) => /^(NODE_LABEL|SERVER_TAG)_/.test(name));
    const ofLabel = (label: string) => ({ valueFrom: { fieldRef: { fieldPath: `metadata.labels['${label}']` } } });
    assert.deepEqual(Object.fromEntries(variables), {
      NODE_LABEL_0: ofLabel("topology.kubernetes.io/zone"),
      NODE_LABEL_1: ofLabel("example.com/disk"),
      SERVER_TAG_0: '"az:$(NODE_LABEL_0)"',
      SERVER_TAG_1: '"disk:$(NODE_LABEL_1)"',
    });
    assert.ok("NODE_LABEL_0" < "SERVER_TAG_0", "the chart sorts them");
    const plain = chartValues(region());
    assert.equal("server_tags" in plain.config.merge, false);
    const hash = ({ podTemplate }: typeof plain) => podTemplate.merge.metadata.annotations[restartAnnotation];
    assert.notEqual(hash(tagged), hash(plain), "servers are restarted for other tags");
  });

  it("have nothing secret: the same for every identity", () => {
    const text = JSON.stringify(chartValues(region()));
    for (const content of Object.values(
      regionSecrets({ ...region(), accounts: accountsOf(kubernetesEnvironment(), tenants) }, identity()),
    )) {
      for (const value of Object.values(content)) assert.ok(!text.includes(value));
    }
  });

  it("give the server nine tenths of its memory limit, which is its request", () => {
    const { container } = chartValues(region(kubernetes({ resources: { memory: "4GiB", cpu: "2", cpuLimit: "3" } })));
    assert.equal(container.env.GOMEMLIMIT, "3686MiB");
    assert.deepEqual(container.resources, {
      requests: { cpu: "2", memory: "4Gi" },
      limits: { cpu: "3", memory: "4Gi" },
    });
  });

  it("have a region's own sizes, and the addresses of as many servers as each region has", () => {
    const byRegion = {
      syd: {
        servers: 5 as const,
        storage: { file: "200GiB" as const },
        kubernetes: { resources: { cpu: "2", memory: "4GiB" as const }, volume: { size: "220GiB" as const } },
      },
    };
    const sizes = (name: string) => {
      const { config, container } = chartValues(region({ byRegion }, name));
      const { pvc, maxSize } = config.jetstream.fileStore;
      return [config.cluster.replicas, maxSize, pvc.size, container.resources.requests, container.env.GOMEMLIMIT];
    };
    assert.deepEqual(sizes("syd"), [5, String(200 * 1024 ** 3), "220Gi", { cpu: "2", memory: "4Gi" }, "3686MiB"]);
    assert.deepEqual(sizes("iad"), [3, String(90 * 1024 ** 3), "100Gi", { cpu: "500m", memory: "2Gi" }, "1843MiB"]);
    const urls = chartValues(region({ byRegion })).config.gateway.merge.gateways.map(({ urls: all }) => all.length);
    assert.deepEqual(urls, [3, 3, 5]);
  });

  it("leave a stopping server the time it asks for", () => {
    assert.equal(graceSeconds(kubernetesEnvironment()), 60);
    assert.equal(graceSeconds(kubernetesEnvironment({ lameDuck: { duration: "2m", gracePeriod: "10s" } })), 150);
  });

  it("ask for a restart when the configuration needs one, and for none when servers can be told", () => {
    const hash = (change: Parameters<typeof kubernetesEnvironment>[0]) =>
      chartValues(region(change)).podTemplate.merge.metadata.annotations[restartAnnotation];
    assert.equal(hash({ maxPayload: "4MiB" }), hash({}));
    assert.equal(
      hash({ storage: { file: "95GiB", memory: "1280MiB" } }),
      hash({}),
      "more is given to running servers; for less, a rollout asks them",
    );
    assert.notEqual(hash({ regions: ["iad", "ams", "syd", "sin"] }), hash({}));
    assert.notEqual(hash({ syncInterval: "always" }), hash({}));
  });

  it("ask for a restart when settings change the configuration directly: servers may not be able to reload it", () => {
    const hash = (values: object) =>
      chartValues(region(kubernetes({ values }))).podTemplate.merge.metadata.annotations[restartAnnotation];
    assert.notEqual(hash({ config: { merge: { write_deadline: "30s" } } }), hash({}));
    assert.equal(hash({ service: { merge: { spec: { sessionAffinity: "ClientIP" } } } }), hash({}));
  });

  it("have the version of nats-server that all targets have", () => {
    const [, version] = /nats-server\/v2 v(\S+)/.exec(
      readFileSync(path.join(projectFolder, "tools", "offline", "go", "nats-server", "go.mod"), "utf8"),
    )!;
    assert.equal(chartValues(region()).container.image.tag, `${version}-alpine`);
  });

  it("ask clients for a certificate where users log in by one, with the CA beside the servers'", () => {
    const asking = { authCallout: { certificates: true } };
    const { dir, ...tls } = chartValues(region(asking)).config.nats.tls;
    const { ca_file, verify } = podConfig(region(asking), 0).tls;
    assert.deepEqual([ca_file, verify], [`${dir}/ca.crt`, "optional"]);
    assert.deepEqual(tls.merge, { ...chartValues(region()).config.nats.tls.merge, ca_file, verify });
    assert.equal("verify" in chartValues(region({ authCallout: {} })).config.nats.tls.merge, false);
    const hash = ({ podTemplate }: ReturnType<typeof chartValues>) =>
      podTemplate.merge.metadata.annotations[restartAnnotation];
    // Servers cannot reload whether they ask; the rest they can.
    assert.notEqual(hash(chartValues(region(asking))), hash(chartValues(region())));
    assert.equal(hash(chartValues(region(asking))), hash(chartValues(region({ authCallout: {} }))));
    assert.deepEqual(Object.keys(regionSecrets(region(asking), identity())[secrets.client.name]!), [
      ...["tls.crt", "tls.key", "ca.crt"],
    ]);
  });

  it("take images from a mirror, and exactly the one of a digest", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const values = chartValues(
      region(kubernetes({ images: { registry: "mirror.example.com", nats: { digest }, box: { digest } } })),
    );
    assert.equal(values.global.image.registry, "mirror.example.com");
    assert.equal(values.container.image.digest, digest);
    assert.equal(
      values.podTemplate.merge.spec.initContainers[0]!.image,
      `mirror.example.com/natsio/nats-box@${digest}`,
    );
  });
});

describe("a region's Secrets", () => {
  it("give the connection of the auth callout's service to a store only where this program does not run it", () => {
    const loginsIn = (more: object) => {
      const settings = kubernetesEnvironment({
        authCallout: {},
        kubernetes: kubernetesSettings({ connectionSecrets: { store: { name: "vault" } }, ...more }),
      });
      const whole = { ...regionOf(settings), accounts: accountsOf(settings, tenants) };
      const own = { ...identity(), users: usersOf(whole.accounts) };
      const stored = Object.keys(regionSecrets(whole, own)[secrets.connections.name]!);
      assert.deepEqual(stored, tenantLogins(whole));
      return stored;
    };
    assert.ok(loginsIn({}).includes("logins-auth-callout"));
    const image = { repository: "example/workers", tag: "1.4.0" };
    assert.ok(!loginsIn({ workers: { image } }).includes("logins-auth-callout"));
  });

  it("are certificates, the servers' keys and accounts, a context of each user, and connections for a store", () => {
    const natsBox = { enabled: true };
    const whole = region(kubernetes({ natsBox, connectionSecrets: { store: { name: "vault" } } }));
    const accounts = accountsOf(kubernetesEnvironment(), tenants);
    const found = regionSecrets({ ...whole, accounts }, identity());
    assert.deepEqual(
      Object.keys(found),
      Object.values(secrets).map(({ name }) => name),
    );
    const monitored = { ...whole.settings, monitoring: { tls: true } };
    assert.deepEqual(
      Object.keys(regionSecrets({ ...whole, settings: monitored, accounts }, identity())[secrets.client.name]!),
      ["tls.crt", "tls.key", "ca.crt"],
    );
    assert.deepEqual(
      Object.values(secrets).map(({ name, type }) => [
        name,
        type,
        Object.keys(found[name]!).filter((key) => !key.endsWith(".json")),
      ]),
      [
        [secrets.client.name, "kubernetes.io/tls", ["tls.crt", "tls.key"]],
        [secrets.peer.name, "kubernetes.io/tls", ["tls.crt", "tls.key", "ca.crt"]],
        [secrets.server.name, "Opaque", ["accounts.conf", "jetstream.conf", "jetstream-key.fingerprint"]],
        [secrets.box.name, "Opaque", ["ca.crt"]],
        [secrets.connections.name, "Opaque", tenantLogins({ ...whole, accounts })],
      ],
    );
    const context = JSON.parse(found[secrets.box.name]!["covenant-api.json"]!) as Record<string, string>;
    assert.deepEqual(
      [context.user, context.password, context.inbox_prefix],
      ["covenant-api", "password of covenant-api", "_INBOX_api"],
    );
  });
});

describe("load balancers", () => {
  it("are one for clients and one for gateways, which passes traffic to servers that are not ready", () => {
    const { clients, gateways } = loadBalancers(kubernetesEnvironment(), "ams");
    assert.deepEqual(
      [clients.hosts, gateways.hosts],
      [["nats.ams.nats.example.com"], [0, 1, 2].map((n) => `gateway-${n}.ams.nats.example.com`)],
    );
    assert.deepEqual([clients.spec.publishNotReadyAddresses, gateways.spec.publishNotReadyAddresses], [false, true]);
    assert.equal(gateways.annotations["external-dns.alpha.kubernetes.io/hostname"], gateways.hosts.join(","));
    assert.equal(clients.annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"], "internal");
  });

  it("open no other port than 4222 and 7222", () => {
    const { clients, gateways } = loadBalancers(kubernetesEnvironment(), "iad");
    assert.deepEqual(
      [clients, gateways].map(({ spec }) => (spec.ports as { port: number }[]).map(({ port }) => port)),
      [[4222], [7222]],
    );
  });

  it("are one for each listener, by its own name and port, open to others than clients are", () => {
    const own = { public: true, sourceRanges: ["0.0.0.0/0"], port: 8443 };
    const settings = kubernetesEnvironment({
      ...kubernetes({ loadBalancers: { sourceRanges: ["10.0.0.0/8"], listeners: { websocket: own } } }),
      listeners: listeners.parse({ websocket: {} }),
    });
    const { clients, websocket } = loadBalancers(settings, "ams");
    assert.deepEqual([websocket!.name, websocket!.hosts], ["nats-websocket", ["websocket.ams.nats.example.com"]]);
    assert.deepEqual(websocket!.spec.ports, [
      { name: "websocket", port: 8443, targetPort: "websocket", appProtocol: "tls" },
    ]);
    assert.deepEqual(
      [clients, websocket!].map(({ spec }) => spec.loadBalancerSourceRanges),
      [["10.0.0.0/8"], ["0.0.0.0/0"]],
    );
    const scheme = "service.beta.kubernetes.io/aws-load-balancer-scheme";
    assert.deepEqual(
      [clients, websocket!].map(({ annotations }) => annotations[scheme]),
      ["internal", "internet-facing"],
    );
    assert.equal(serversOf(settings, "ams")[0]!.websocket, "wss://websocket.ams.nats.example.com:8443");
    assert.ok(certificateNames(settings, "ams", ["client"]).dnsNames.includes("websocket.ams.nats.example.com"));
    assert.ok(
      !certificateNames(settings, "ams", ["route", "gateway"]).dnsNames.includes("websocket.ams.nats.example.com"),
    );
  });

  it("have annotations of any cloud, and the ranges that may connect", () => {
    const settings = kubernetesEnvironment(
      kubernetes({
        loadBalancers: {
          annotations: { "example.com/subnet": "nats-<region>" },
          sourceRanges: ["10.0.0.0/8"],
          dns: "none",
        },
      }),
    );
    const { clients } = loadBalancers(settings, "iad");
    assert.deepEqual(clients.annotations, { "example.com/subnet": "nats-iad" });
    assert.deepEqual(clients.spec.loadBalancerSourceRanges, ["10.0.0.0/8"]);
  });
});

describe("a storage class", () => {
  it("keeps volumes, lets them grow, and makes them where the server is", () => {
    const { metadata, ...made } = storageClass(kubernetesEnvironment(), "iad", "key")!;
    assert.deepEqual(metadata, { name: "nats-iad" }, "of the whole cluster, which regions may share");
    assert.deepEqual(made, {
      provisioner: "ebs.csi.aws.com",
      parameters: { type: "gp3", encrypted: "true", kmsKeyId: "key" },
      reclaimPolicy: "Retain",
      volumeBindingMode: "WaitForFirstConsumer",
      allowVolumeExpansion: true,
    });
  });

  it("that is there already is not made", () => {
    const existing = kubernetes({ volume: { storageClass: { existing: "gp3" } } });
    assert.equal(storageClass(kubernetesEnvironment(existing), "iad"), undefined);
  });
});

describe("a scrape configuration", () => {
  it("finds the exporters of a region's pods, and says which region it is", () => {
    const {
      scrape_configs: [job],
    } = parse(
      scrapeConfig(
        kubernetesEnvironment(kubernetes({ namespace: "nats-<region>", monitoring: { interval: "15s" } })),
        "ams",
      ),
    ) as { scrape_configs: Record<string, unknown>[] };
    assert.deepEqual([job!.job_name, job!.scrape_interval], ["nats-jetstream-ams", "15s"]);
    assert.deepEqual(job!.kubernetes_sd_configs, [{ role: "pod", namespaces: { names: ["nats-ams"] } }]);
    assert.deepEqual(
      (job!.relabel_configs as object[]).filter((row) => "replacement" in row),
      [
        { target_label: "job", replacement: "nats-jetstream" },
        { target_label: "region", replacement: "ams" },
      ],
    );
  });

  it("has the job's name alone where no other region's is read beside it", () => {
    const text = scrapeConfig(kubernetesEnvironment(kubernetes({ namespace: "nats" })), "ams");
    assert.match(text, /job_name: nats-jetstream\n/);
  });

  it("finds workers in their namespaces, with the labels by which their lag is read", () => {
    const text = scrapeConfig(kubernetesEnvironment(kubernetes({ namespace: "nats" })), "ams", ["workers-shop"]);
    const { scrape_configs: jobs } = parse(text) as { scrape_configs: Record<string, unknown>[] };
    assert.deepEqual(
      jobs.map(({ job_name }) => job_name),
      ["nats-jetstream", "nats-workers"],
    );
    assert.deepEqual(jobs[1]!.kubernetes_sd_configs, [{ role: "pod", namespaces: { names: ["workers-shop"] } }]);
    const labels = (jobs[1]!.relabel_configs as { target_label?: string }[]).flatMap((row) => row.target_label ?? []);
    assert.deepEqual(labels, ["namespace", "pod", "instance", "worker", "account", "job", "region"]);
  });

  it("names instances by pods: by addresses a pod has two series of each for minutes after it was replaced", () => {
    const settings = kubernetesEnvironment(kubernetes({ namespace: "nats" }));
    const text = scrapeConfig(settings, "ams", ["workers-shop"]);
    type Row = { source_labels?: string[]; target_label?: string };
    const { scrape_configs: jobs } = parse(text) as { scrape_configs: { relabel_configs: Row[] }[] };
    for (const { relabel_configs: rows } of jobs)
      assert.deepEqual(rows.find((row) => row.target_label === "instance")?.source_labels, [
        "__meta_kubernetes_pod_name",
      ]);
    type Monitored = { sourceLabels?: string[]; targetLabel: string };
    const relabelings: Monitored[] = podMonitorSpec(settings, "ams").podMetricsEndpoints[0]!.relabelings;
    const { patch } = chartValues(region()).promExporter.podMonitor as {
      patch: { path: string; value: Monitored[] }[];
    };
    for (const rows of [relabelings, patch.find(({ path }) => path.endsWith("/relabelings"))!.value])
      assert.deepEqual(rows.find((row) => row.targetLabel === "instance")?.sourceLabels, [
        "__meta_kubernetes_pod_name",
      ]);
  });
});

const identity = () => identityOutputs(kubernetesEnvironment(), tenants).iad as RegionIdentity;
