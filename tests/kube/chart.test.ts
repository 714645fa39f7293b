import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { natsServer } from "../../components/local/provider/binary";
import { pollUntil } from "../../config/poll-until";
import { jetstreamKeyConf } from "../../components/security/jetstream-key";
import { chartValues, mounts, podConfig, secrets } from "../../components/supercluster/chart-values";
import { chartKeys } from "../../config/rules/chart-values";
import { listenerPorts, networkPolicySpec } from "../../components/supercluster/network-policy";
import { listenerNames, listenerTable } from "../../config/listeners";
import { listeners } from "../../config/schema/listeners";
import { regionOf } from "../support/accounts";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { defaultAccounts, makeIdentity } from "../support/nats";
import { claimPorts } from "../support/ports";
import { knownValues, type Manifest, natsConf, parseConf, render } from "./chart";

const settings = kubernetesEnvironment({
  kubernetes: kubernetesSettings({
    monitoring: { podMonitor: true, labels: { release: "prometheus" } },
    images: { pullSecrets: ["mirror"] },
    natsBox: { enabled: true },
  }),
});
const region = (name?: string) => regionOf(settings, name);

/** Below these keys the chart takes what people write. */
const isFree = (at: string[]): boolean =>
  ["merge", "patch", "env", "labels", "resources", "topologySpreadConstraints"].includes(at.at(-1)!);

function unknownKeys(values: object, known: unknown, at: string[] = []): string[] {
  return Object.entries(values).flatMap(([key, value]: [string, unknown]) => {
    const here = [...at, key];
    if (typeof known !== "object" || known === null || !(key in known)) return [here.join(".")];
    const isBlock = typeof value === "object" && value !== null && !Array.isArray(value);
    return isBlock && !isFree(here) ? unknownKeys(value, (known as Record<string, unknown>)[key], here) : [];
  });
}

describe("the official chart, given a region's values", () => {
  let manifests: Manifest[];
  before(() => {
    manifests = render(chartValues(region()));
  });
  const the = (kind: string, name: string): Manifest =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)!;

  it("knows every key of them: it ignores others in silence", () => {
    assert.deepEqual(unknownKeys(chartValues(region()), knownValues()), []);
    assert.deepEqual(unknownKeys({ config: { cluster: { enabeld: true } } }, knownValues()), [
      "config.cluster.enabeld",
    ]);
  });

  it("has the values that settings may override, and no others", () =>
    assert.deepEqual(Object.keys(knownValues()).sort(), [...chartKeys].sort()));

  it("puts servers where settings say, labels and annotates every object, and overrides values", () => {
    const tolerations = [{ key: "nats", operator: "Exists", effect: "NoSchedule" }];
    const nodeAffinity = {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, preference: { matchExpressions: [{ key: "disk", operator: "Exists" }] } },
      ],
    };
    const own = kubernetesEnvironment({
      kubernetes: kubernetesSettings({
        nodeSelector: { pool: "nats" },
        tolerations,
        affinity: { nodeAffinity },
        priorityClassName: "messaging",
        topologyKeys: { host: "example.com/host", zone: "example.com/zone" },
        labels: { all: { team: "messaging" }, pods: { mesh: "off" }, services: { kind: "nats" } },
        annotations: { all: { contact: "ops-<region>" }, pods: { mesh: "off" }, services: { kind: "nats" } },
        natsBox: { enabled: true },
        monitoring: { podMonitor: true },
        values: {
          config: { merge: { write_deadline: "30s" } },
          container: { patch: [{ op: "add", path: "/lifecycle", value: { preStop: { sleep: { seconds: 1 } } } }] },
          extraResources: [{ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "extra" } }],
        },
      }),
    });
    const rendered = render(chartValues(regionOf(own)));
    const statefulSet = rendered.find(({ kind }) => kind === "StatefulSet")!;
    const { spec, metadata } = statefulSet.spec.template;
    assert.deepEqual(
      [spec.nodeSelector, spec.tolerations, spec.priorityClassName],
      [{ pool: "nats" }, tolerations, "messaging"],
    );
    assert.deepEqual(spec.affinity, {
      nodeAffinity,
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: "example.com/host", labelSelector: statefulSet.spec.selector },
        ],
      },
    });
    assert.deepEqual(
      spec.topologySpreadConstraints.map(({ topologyKey }: { topologyKey: string }) => topologyKey),
      ["example.com/zone"],
    );
    assert.deepEqual(
      [metadata.labels.mesh, metadata.annotations.mesh, metadata.annotations.contact],
      ["off", "off", "ops-iad"],
    );
    assert.match(natsConf(rendered), /"write_deadline": "30s"/);
    const [server] = spec.containers;
    assert.deepEqual(server.lifecycle, { preStop: { sleep: { seconds: 1 } } });
    assert.ok(server.volumeMounts.some(({ mountPath }: { mountPath: string }) => mountPath === mounts.secrets));
    const claims = statefulSet.spec.volumeClaimTemplates;
    assert.equal(JSON.stringify(claims), JSON.stringify(the("StatefulSet", "iad").spec.volumeClaimTemplates));
    for (const { kind, metadata: found } of rendered.filter((one) => one.metadata.name !== "extra")) {
      const { labels, annotations } = found as unknown as Record<string, Record<string, string>>;
      const what = `${kind} ${found.name}`;
      if (/test|contexts/.test(found.name)) continue;
      assert.deepEqual([labels?.team, annotations?.contact], ["messaging", "ops-iad"], what);
      if (kind === "Service") assert.deepEqual([labels?.kind, annotations?.kind], ["nats", "nats"], what);
    }
    assert.ok(rendered.some(({ kind, metadata: found }) => kind === "ServiceAccount" && found.name === "extra"));
  });

  it("gives the exporter its arguments, all of them before the address", () => {
    const argumentsOf = (exporter?: object) => {
      const own = kubernetesEnvironment({ kubernetes: kubernetesSettings({ monitoring: { exporter } }) });
      const { spec } = render(chartValues(regionOf(own))).find(({ kind }) => kind === "StatefulSet")!;
      return (spec.template.spec.containers as { name: string; args: string[] }[]).find(
        ({ name }) => name === "prom-exporter",
      )!.args;
    };
    const usual = argumentsOf();
    assert.ok(usual.includes("-jsz=all") && usual.includes("-healthz"), usual.join(" "));
    const changed = argumentsOf({ jetstream: "streams", arguments: ["-accstatz", "-ri=5"] });
    assert.deepEqual(
      changed.filter((one) => !usual.includes(one)),
      ["-accstatz", "-ri=5", "-jsz=streams"],
    );
    assert.deepEqual(
      usual.filter((one) => !changed.includes(one)),
      ["-jsz=all"],
    );
    assert.equal(changed.at(-1), "http://localhost:8222/");
  });

  it("is not deployed where the exporter's argument for JetStream is not where it was", () => {
    const own = kubernetesEnvironment({
      kubernetes: kubernetesSettings({ monitoring: { exporter: { jetstream: "streams" } } }),
    });
    const { promExporter, ...others } = chartValues(regionOf(own));
    const moved = { ...promExporter, patch: [{ op: "add", path: "/args/0", value: "-new" }, ...promExporter.patch] };
    assert.throws(() => render({ ...others, promExporter: moved }), /expected "-jsz=all"/);
  });

  it("gives servers tags as variables, which stand before those that are made of them", () => {
    const serverTags = { az: "topology.kubernetes.io/zone", disk: "example.com/disk" };
    const tagged = render(
      chartValues(regionOf(kubernetesEnvironment({ kubernetes: kubernetesSettings({ serverTags }) }))),
    );
    assert.match(natsConf(tagged), /"server_tags": \[\s*\$SERVER_TAG_0,\s*\$SERVER_TAG_1\s*\]/);
    const [server] = tagged.find(({ kind }) => kind === "StatefulSet")!.spec.template.spec.containers;
    const names = (server.env as { name: string }[]).map(({ name }) => name);
    const tags = names.filter((name) => /^(NODE_LABEL|SERVER_TAG)_/.test(name));
    assert.deepEqual(tags, ["NODE_LABEL_0", "NODE_LABEL_1", "SERVER_TAG_0", "SERVER_TAG_1"]);
  });

  it("configures servers as the local target does, key by key, addresses aside", () => {
    const found = parseConf(natsConf(manifests)) as Record<string, unknown> &
      Record<"cluster" | "gateway" | "jetstream", Record<string, unknown>>;
    const { listen, http, server_name, accounts$include, ...wanted } = podConfig(region(), 0);
    const portOf = (address: string) => Number(address.split(":")[1]);
    const { listen: route, ...cluster } = wanted.cluster;
    const { listen: gatewayListen, advertise, ...gateway } = wanted.gateway;
    const { key$include, ...jetstream } = wanted.jetstream;
    assert.deepEqual(found, {
      ...wanted,
      server_name: "$SERVER_NAME",
      port: portOf(listen),
      http_port: portOf(http!),
      "0$include": accounts$include,
      cluster: { ...cluster, port: portOf(route) },
      gateway: {
        ...gateway,
        port: portOf(gatewayListen),
        advertise: "$SERVER_GATEWAY",
        tls: { ...gateway.tls, ...filesIn(mounts.gateway) },
      },
      jetstream: { ...jetstream, "1$include": key$include },
    });
    assert.equal(server_name, "iad-0");
    assert.equal(advertise, "gateway-0.iad.nats.example.com:7222");
  });

  it("makes every pod restricted, and gives each container what it may write to", () => {
    const templates = [the("StatefulSet", "iad"), the("Deployment", "nats-box")].map(({ spec }) => spec.template.spec);
    for (const { securityContext, containers, initContainers = [], automountServiceAccountToken } of templates) {
      assert.equal(automountServiceAccountToken, false);
      assert.deepEqual(
        [securityContext.runAsNonRoot, securityContext.seccompProfile],
        [true, { type: "RuntimeDefault" }],
      );
      for (const container of [...containers, ...initContainers]) {
        assert.deepEqual(
          container.securityContext,
          { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
          container.name,
        );
      }
    }
  });

  it("listens for leaf nodes, MQTT and WebSocket where the NetworkPolicy expects it", () => {
    const enabled = (port?: number) => ({ enabled: true, ...(port && { port }) });
    for (const values of [
      { config: { leafnodes: enabled(), mqtt: enabled(), websocket: enabled() } },
      { config: { leafnodes: enabled(7423), mqtt: enabled(1884), websocket: enabled(8081) } },
    ]) {
      const own = kubernetesEnvironment({ kubernetes: kubernetesSettings({ values }) });
      const servers = render(chartValues(regionOf(own))).find(({ kind }) => kind === "StatefulSet")!;
      const containers = servers.spec.template.spec.containers as {
        name: string;
        ports: { containerPort: number }[];
      }[];
      const listening = containers.find(({ name }) => name === "nats")!.ports.map(({ containerPort }) => containerPort);
      assert.deepEqual(
        listening.filter((port) => ![4222, 6222, 7222, 8222].includes(port)).toSorted(),
        listenerPorts(own).toSorted(),
      );
    }
  });

  it("renders listeners of the environment as servers are configured by them, with the clients' certificate", () => {
    const own = kubernetesEnvironment({
      listeners: listeners.parse({
        websocket: { allowedOrigins: ["https://app.example.com"], compression: true },
        ...{ leafNodes: {}, mqtt: {} },
      }),
    });
    assert.deepEqual(unknownKeys(chartValues(regionOf(own)), knownValues()), []);
    const found = parseConf(natsConf(render(chartValues(regionOf(own))))) as Record<string, unknown>;
    for (const name of listenerNames) {
      const { chart, port } = listenerTable[name];
      const { listen, ...config } = podConfig(regionOf(own), 0)[chart]!;
      assert.ok(listen.endsWith(`:${port}`));
      const tls = { ...config.tls, cert_file: `${mounts[name]}/tls.crt`, key_file: `${mounts[name]}/tls.key` };
      assert.deepEqual(found[chart], { ...config, port, tls });
    }
  });

  it("serves monitoring over TLS where it is asked for, and probes and the exporter follow, with the CA", () => {
    const own = kubernetesEnvironment({ monitoring: { tls: true } });
    assert.deepEqual(unknownKeys(chartValues(regionOf(own)), knownValues()), []);
    const rendered = render(chartValues(regionOf(own)));
    const { http_port, https_port } = parseConf(natsConf(rendered)) as Record<string, unknown>;
    assert.deepEqual([http_port, https_port], [undefined, 8223]);
    const { containers, volumes } = rendered.find(({ kind }) => kind === "StatefulSet")!.spec.template.spec;
    const named = (name: string) => containers.find((one: { name: string }) => one.name === name);
    const server = named("nats");
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"])
      assert.deepEqual([server[probe].httpGet.scheme, server[probe].httpGet.port], ["HTTPS", "monitor"]);
    assert.equal(server.ports.find((port: { name: string }) => port.name === "monitor").containerPort, 8223);
    const exporter = named("prom-exporter");
    assert.equal(exporter.args.at(-1), "https://localhost:8223/");
    const [mount] = exporter.volumeMounts;
    assert.deepEqual(exporter.env, [{ name: "SSL_CERT_FILE", value: `${mount.mountPath}/ca-1.crt` }]);
    assert.deepEqual(volumes.find((volume: { name: string }) => volume.name === mount.name).secret, {
      secretName: secrets.client.name,
      items: [{ key: secrets.client.ca, path: "ca-1.crt" }],
    });
  });

  it("asks clients for a certificate where users log in by one, as servers are configured by it", () => {
    const own = regionOf(kubernetesEnvironment({ authCallout: { certificates: true } }));
    assert.deepEqual(unknownKeys(chartValues(own), knownValues()), []);
    const { tls } = parseConf(natsConf(render(chartValues(own)))) as Record<string, unknown>;
    assert.deepEqual(tls, podConfig(own, 0).tls);
  });

  it("has no nats-box, unless it is set", () => {
    const kinds = render(chartValues(regionOf(kubernetesEnvironment()))).map(({ kind }) => kind);
    assert.deepEqual(
      kinds.filter((kind) => kind === "Deployment" || kind === "Secret"),
      [],
    );
  });

  it("labels servers, and nothing else, as the NetworkPolicy selects them, on the ports that it opens", () => {
    const { podSelector, ingress } = networkPolicySpec(settings.kubernetes.networkPolicy) as {
      podSelector: { matchLabels: Record<string, string> };
      ingress: { ports: { port: number }[] }[];
    };
    const selected = manifests.filter(({ kind, spec }) => {
      const template = (spec as { template?: { metadata: { labels: Record<string, string> } } } | undefined)?.template;
      const labels = template?.metadata.labels ?? {};
      return (
        ["StatefulSet", "Deployment"].includes(kind) &&
        Object.entries(podSelector.matchLabels).every(([key, value]) => labels[key] === value)
      );
    });
    assert.deepEqual(
      selected.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      ["StatefulSet iad"],
    );
    const containers = selected[0]!.spec.template.spec.containers as { ports?: { containerPort: number }[] }[];
    const listening = containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort));
    const opened = ingress.flatMap(({ ports }) => ports.map(({ port }) => port));
    assert.deepEqual(
      listening.filter((port) => !opened.includes(port)),
      [8222],
    );
    assert.deepEqual(
      opened.filter((port) => !listening.includes(port)),
      [],
    );
  });

  it("gives every container requests and limits, as a ResourceQuota asks for", () => {
    const quota = kubernetesEnvironment({
      kubernetes: kubernetesSettings({ resources: { cpuLimit: "2" }, natsBox: { enabled: true } }),
    });
    const pods = render(chartValues(regionOf(quota))).filter(({ kind }) =>
      ["StatefulSet", "Deployment"].includes(kind),
    );
    const without = pods.flatMap(({ metadata, spec }) => {
      const { containers, initContainers = [] } = spec.template.spec as Record<string, Container[]>;
      return [...containers!, ...initContainers].flatMap(({ name, resources }) =>
        (["requests", "limits"] as const).flatMap((kind) =>
          (["cpu", "memory"] as const)
            .filter((what) => !resources?.[kind]?.[what])
            .map((what) => `${metadata.name}/${name}: ${kind}.${what}`),
        ),
      );
    });
    assert.deepEqual(without, []);
  });

  it("lets no two servers share a host, unless that is set, and keeps the chart's selector", () => {
    const { template, selector } = the("StatefulSet", "iad").spec;
    assert.deepEqual(template.spec.affinity, {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: "kubernetes.io/hostname", labelSelector: selector },
        ],
      },
    });
    const soft = kubernetesEnvironment({ kubernetes: kubernetesSettings({ antiAffinity: "preferred" }) });
    const rendered = render(chartValues(regionOf(soft))).find(({ kind }) => kind === "StatefulSet")!;
    assert.deepEqual(Object.keys(rendered.spec.template.spec.affinity.podAntiAffinity), [
      "preferredDuringSchedulingIgnoredDuringExecution",
    ]);
  });

  it("lets this program replace pods, starts them without a meta leader, and ends them after lame duck", () => {
    const { updateStrategy, podManagementPolicy, template } = the("StatefulSet", "iad").spec;
    assert.deepEqual([updateStrategy, podManagementPolicy], [{ type: "OnDelete" }, "Parallel"]);
    assert.equal(template.spec.terminationGracePeriodSeconds, 60);
    const [server] = template.spec.containers;
    const paths = ["startupProbe", "readinessProbe", "livenessProbe"].map((probe) => server[probe].httpGet.path);
    assert.deepEqual(paths, [
      "/healthz?js-server-only=true",
      "/healthz?js-server-only=true",
      "/healthz?js-enabled-only=true",
    ]);
  });

  it("watches every file that a server can be told about", () => {
    const reloader = the("StatefulSet", "iad").spec.template.spec.containers.find(
      ({ name }: { name: string }) => name === "reloader",
    );
    for (const file of [
      `${mounts.secrets}/${secrets.server.accounts}`,
      `${mounts.client}/tls.crt`,
      `${mounts.route}/ca.crt`,
      `${mounts.gateway}/tls.key`,
    ]) {
      assert.ok(reloader.args.includes(file), file);
      assert.ok(
        reloader.volumeMounts.some(({ mountPath }: { mountPath: string }) => file.startsWith(mountPath)),
        file,
      );
    }
  });

  it("has a PodMonitor with the region, and the nats-box with our contexts", () => {
    assert.deepEqual(the("PodMonitor", "nats").spec.podMetricsEndpoints, [
      {
        port: "prom-metrics",
        interval: "30s",
        relabelings: [
          { targetLabel: "job", replacement: "nats-jetstream" },
          { targetLabel: "region", replacement: "iad" },
          { sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "server" },
          { sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "instance" },
        ],
      },
    ]);
    assert.deepEqual(the("Deployment", "nats-box").spec.template.spec.volumes[0], {
      name: "contexts",
      secret: { secretName: secrets.box.name },
    });
  });
});

interface Container {
  name: string;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
}

const filesIn = (folder: string) => ({
  cert_file: `${folder}/tls.crt`,
  key_file: `${folder}/tls.key`,
  ca_file: `${folder}/ca.crt`,
});

describe("the chart's configuration on real servers", () => {
  const regions = ["iad", "ams", "syd"];
  let basePort: number;
  const ports = (name: string) => {
    const first = basePort + regions.indexOf(name) * 20;
    return { client: first, route: first + 5, gateway: first + 10, monitor: first + 15 };
  };
  const root = mkdtempSync(path.join(os.tmpdir(), "chart-servers-"));
  const servers: ChildProcess[] = [];

  before(async () => {
    basePort = await claimPorts();
    const identity = await makeIdentity();
    for (const name of regions) {
      const folder = path.join(root, name);
      const write = (file: string, content: string) => {
        mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
        writeFileSync(path.join(folder, file), content, { mode: 0o600 });
      };
      for (const mount of [mounts.client, mounts.route, mounts.gateway]) {
        const { cert, key } = mount === mounts.client ? identity.server : identity.peer;
        write(`${mount}/tls.crt`, cert);
        write(`${mount}/tls.key`, key);
        write(`${mount}/ca.crt`, identity.peerCa);
      }
      write(`${mounts.secrets}/${secrets.server.accounts}`, defaultAccounts);
      write(`${mounts.secrets}/${secrets.server.jetstreamKey}`, jetstreamKeyConf(identity.jetstreamKey));
      write("/var/run/nats/.keep", "");
      write("/etc/nats-config/nats.conf", moved(natsConf(render(chartValues(region(name)))), name, folder));
      const { gateway } = ports(name);
      servers.push(
        spawn(
          natsServer(),
          ["--config", path.join(folder, "/etc/nats-config/nats.conf"), "--log", path.join(folder, "log")],
          {
            env: { SERVER_NAME: `${name}-0`, SERVER_GATEWAY: `127.0.0.1:${gateway}` },
            stdio: "ignore",
          },
        ),
      );
    }
  });
  after(() => {
    for (const server of servers) server.kill("SIGKILL");
    rmSync(root, { recursive: true, force: true });
  });

  /** Other addresses and folders, nothing else: every server on this machine, one a region. */
  function moved(conf: string, name: string, folder: string): string {
    const own = ports(name);
    const listen: Record<string, number> = { port: 0, "4222": own.client, "6222": own.route, "7222": own.gateway };
    return conf
      .replace(/"port": (\d+)/g, (_, port: string) => `"listen": "127.0.0.1:${listen[port]}"`)
      .replace('"http_port": 8222', `"http": "127.0.0.1:${own.monitor}"`)
      .replace(/tls:\/\/iad-\d[^"]*|tls:\/\/(?:ams|syd)-\d[^"]*/g, `tls://127.0.0.1:${own.route}`)
      .replace(/tls:\/\/gateway-\d\.(\w+)\.[^"]*/g, (_, other: string) => `tls://127.0.0.1:${ports(other).gateway}`)
      .replace(/"(\/(?:etc|data|var)[^"]*)"/g, (_, file: string) => JSON.stringify(path.join(folder, file)));
  }

  it("is one supercluster of three regions, with JetStream", async () => {
    const ask = async (name: string, what: string) =>
      (await fetch(`http://127.0.0.1:${ports(name).monitor}/${what}`)).json() as Promise<Record<string, unknown>>;
    const isMeshed = async (name: string) => {
      const [{ outbound_gateways: outbound = {} }, { meta_cluster: meta }] = (await Promise.all([
        ask(name, "gatewayz"),
        ask(name, "jsz"),
      ])) as [{ outbound_gateways?: object }, { meta_cluster?: { leader?: string; cluster_size: number } }];
      return (
        Object.keys(outbound).sort().join() ===
          regions
            .filter((other) => other !== name)
            .sort()
            .join() &&
        meta?.leader !== undefined &&
        meta.cluster_size === 3
      );
    };
    const meshed = await pollUntil(
      async () =>
        (await Promise.all(regions.map((name) => isMeshed(name).catch(() => false)))).every(Boolean) || undefined,
      30_000,
      250,
    );
    assert.ok(meshed, "every region has a gateway to the others, and all are peers of one meta group");
    for (const name of regions) {
      const { server_name, cluster, max_payload } = await ask(name, "varz");
      assert.deepEqual(
        [server_name, (cluster as { name: string }).name, max_payload],
        [`${name}-0`, name, 8 * 1024 ** 2],
      );
    }
  }).timeout(40_000);
});
