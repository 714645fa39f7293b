// Which tools this project needs, and where each can come from. A version stands in one place only: in go/<name>/go.mod
// for what Go can build, in the npm package that talks to it for a plugin, otherwise in releases.json.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const projectFolder = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** Where official releases are published. Tests point these at a server of their own. */
export const RELEASES = {
  pulumi: "https://get.pulumi.com/releases",
  github: "https://github.com",
  helm: "https://get.helm.sh",
};

const { platform, arch } = process;
const x64 = { x64: "x64", arm64: "arm64" }[arch];
const amd64 = { x64: "amd64", arm64: "arm64" }[arch];

const x86 = { x64: "x86_64" };

/** A go.mod of a pinned tool: what it requires first is the tool. */
function goModule(name) {
  const folder = `${projectFolder}/tools/offline/go/${name}`;
  const text = readFileSync(`${folder}/go.mod`, "utf8");
  const [, module, version] = /^require (\S+) v(\S+)$/m.exec(text);
  return { name, folder, module, version, go: /^go (\S+)$/m.exec(text)[1] };
}

/** Versions of what is neither built here nor an npm package. */
const releases = JSON.parse(readFileSync(`${projectFolder}/tools/releases.json`, "utf8"));

const digest = (file) => createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 8);

/** The installed version of an npm package, or undefined before `npm ci`. */
function npmVersion(name) {
  try {
    return createRequire(`${projectFolder}/package.json`)(`${name}/package.json`).version;
  } catch {
    return undefined;
  }
}

const PULUMI_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

const DESCRIBE = {
  /** The CLI and the host that runs Node.js programs: one without the other is of no use. */
  pulumi() {
    const cli = goModule("pulumi");
    const host = goModule("pulumi-language-nodejs");
    const launcher = `${host.folder}/launcher.sh`;
    const file = `pulumi-v${cli.version}-${platform}-${x64}.tar.gz`;
    const sums = `pulumi-${cli.version}-checksums.txt`;
    return {
      pin: cli.version,
      key: `${cli.version} with host ${host.version} started by ${digest(launcher)}`,
      executables: ["pulumi", "pulumi-language-nodejs"],
      onPath: {
        version: ["version"],
        wanted: `${cli.version} or later, below 4`,
        accepts: (version) => atLeast(version, cli.version) && !atLeast(version, "4.0.0"),
        beside: ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"],
      },
      release: (base) => ({
        file,
        url: `${base.pulumi}/sdk/${file}`,
        checksums: [
          `${base.pulumi}/sdk/${sums}`,
          `${base.github}/pulumi/pulumi/releases/download/v${cli.version}/${sums}`,
        ],
      }),
      builds: [
        {
          ...cli,
          package: `${cli.module}/cmd/pulumi`,
          variables: { [PULUMI_VERSION]: `v${cli.version}` },
          takes: "about 3 minutes the first time",
        },
        {
          ...host,
          package: `${host.module}/nodejs/cmd/pulumi-language-nodejs`,
          variables: { [PULUMI_VERSION]: `v${host.version}` },
          launcher: { script: launcher, starts: "pulumi-language-nodejs-host" },
        },
      ],
      byHand: `pulumi ${cli.version} or later (below 4): https://www.pulumi.com/docs/install/`,
    };
  },

  /** The dynamic-provider plugin is a script of the npm package; the engine wants it beside the CLI. */
  "pulumi-resource-pulumi-nodejs"() {
    return {
      pin: npmVersion("@pulumi/pulumi"),
      executables: ["pulumi-resource-pulumi-nodejs"],
      script: `${projectFolder}/node_modules/@pulumi/pulumi/pulumi-resource-pulumi-nodejs`,
    };
  },

  "nats-server": () => natsServer("nats-server"),
  "nats-server-previous": () => natsServer("nats-server-previous"),
  "nats-server-oldest": () => natsServer("nats-server-oldest"),

  nats() {
    const cli = goModule("nats");
    const file = `nats-${cli.version}-${platform}-${amd64}.zip`;
    const folder = (base) => `${base.github}/nats-io/natscli/releases/download/v${cli.version}`;
    return {
      pin: cli.version,
      executables: ["nats"],
      onPath: {
        version: ["--version"],
        wanted: `${cli.version} or later`,
        accepts: (version) => atLeast(version, cli.version),
        beside: [],
      },
      release: (base) => ({ file, url: `${folder(base)}/${file}`, checksums: [`${folder(base)}/SHA256SUMS`] }),
      builds: [{ ...cli, package: `${cli.module}/nats`, variables: { "main.version": cli.version } }],
      byHand: `nats ${cli.version} or later: https://github.com/nats-io/natscli/releases/tag/v${cli.version}`,
    };
  },

  toxiproxy() {
    const server = goModule("toxiproxy");
    const file = `toxiproxy_${server.version}_${platform}_${amd64}.tar.gz`;
    const folder = (base) => `${base.github}/Shopify/toxiproxy/releases/download/v${server.version}`;
    return {
      pin: server.version,
      executables: ["toxiproxy-server"],
      onPath: {
        version: ["--version"],
        wanted: `${server.version} or later, below 3`,
        accepts: (version) => atLeast(version, server.version) && !atLeast(version, "3.0.0"),
        beside: [],
      },
      release: (base) => ({ file, url: `${folder(base)}/${file}`, checksums: [`${folder(base)}/checksums.txt`] }),
      builds: [
        {
          ...server,
          name: "toxiproxy-server",
          package: `${server.module}/cmd/server`,
          variables: { [`${server.module}.Version`]: server.version },
        },
      ],
      byHand:
        `toxiproxy-server ${server.version} or later (below 3): ` +
        `https://github.com/Shopify/toxiproxy/releases/tag/v${server.version}`,
    };
  },

  helm() {
    const cli = goModule("helm");
    const file = `helm-v${cli.version}-${platform}-${amd64}.tar.gz`;
    return {
      pin: cli.version,
      executables: ["helm"],
      onPath: {
        version: ["version", "--short"],
        wanted: `${cli.version} or later, below 4`,
        accepts: (version) => atLeast(version, cli.version) && !atLeast(version, "4.0.0"),
        beside: [],
      },
      release: (base) => ({ file, url: `${base.helm}/${file}`, checksums: [`${base.helm}/${file}.sha256sum`] }),
      builds: [
        {
          ...cli,
          package: `${cli.module}/cmd/helm`,
          variables: { "helm.sh/helm/v3/internal/version.version": `v${cli.version}` },
        },
      ],
      byHand: `helm ${cli.version} or later (below 4): https://helm.sh/docs/intro/install/`,
    };
  },

  /** Tests run the rules with promtool; its version prints like that of the server beside it. */
  prometheus: () => ({
    // Of 2023; the first with keep_firing_for.
    ...prometheusProgram("prometheus", releases.prometheus, {
      executables: ["promtool", "prometheus"],
      oldest: "2.42",
      before: "4",
    }),
    // Building it would take ten minutes.
    builds: [],
    debian: { package: "prometheus", programs: ["promtool", "prometheus"] },
  }),

  /** What stands beside each server in production. */
  "prometheus-nats-exporter"() {
    const exporter = goModule("prometheus-nats-exporter");
    const file = `prometheus-nats-exporter-v${exporter.version}-${platform}-${x86[arch] ?? arch}.tar.gz`;
    const folder = (base) => `${base.github}/nats-io/prometheus-nats-exporter/releases/download/v${exporter.version}`;
    return {
      pin: exporter.version,
      executables: ["prometheus-nats-exporter"],
      onPath: {
        version: ["-version"],
        wanted: `exactly ${exporter.version}, whose metrics observability/metrics.ts has`,
        accepts: (version) => version === exporter.version,
        beside: [],
      },
      release: (base) => ({ file, url: `${folder(base)}/${file}`, checksums: [`${folder(base)}/checksums.txt`] }),
      builds: [{ ...exporter, package: exporter.module, variables: { "main.version": exporter.version } }],
      byHand:
        `prometheus-nats-exporter ${exporter.version}: ` +
        `https://github.com/nats-io/prometheus-nats-exporter/releases/tag/v${exporter.version}`,
    };
  },

  /** Debian's package works only where it is installed: it reads a template in /usr/share. */
  alertmanager() {
    const server = goModule("alertmanager");
    return {
      ...prometheusProgram("alertmanager", server.version, {
        executables: ["alertmanager"],
        oldest: "0.25",
        before: "1",
      }),
      builds: [
        {
          ...server,
          package: `${server.module}/cmd/alertmanager`,
          variables: { "github.com/prometheus/common/version.Version": server.version },
          takes: "about a minute the first time",
        },
      ],
    };
  },

  /** Only tests start one. The project publishes no executables. */
  redis: () => ({
    pin: releases.redis,
    executables: ["redis-server"],
    onPath: {
      version: ["--version"],
      wanted: "6.2 or later, below 9",
      accepts: (version) => atLeast(version, "6.2") && !atLeast(version, "9"),
      beside: [],
    },
    builds: [],
    // What an unpacked package needs of others, which a machine may not have.
    debian: { package: "redis-server", programs: ["redis-server"], with: ["redis-tools", "liblzf1", "libjemalloc2"] },
    byHand: "redis-server 6.2 or later (below 9): https://redis.io/docs/latest/operate/oss_and_stack/install/",
  }),

  /** In which tests look at the console. The project publishes no executables; another one is named by CHROMIUM. */
  chromium: () => ({
    pin: releases.chromium,
    executables: ["chromium-headless-shell"],
    onPath: {
      version: ["--version"],
      wanted: "120 or later",
      accepts: (version) => atLeast(version, "120"),
      beside: [],
    },
    builds: [],
    debian: {
      package: "chromium-headless-shell",
      programs: ["chromium-headless-shell"],
      in: "usr/lib/chromium",
      // Its data lies beside the program, so it is taken although the machine may have it.
      with: ["chromium-common", "fonts-inter", "fonts-dejavu-core"],
      // Libraries that machines without a display lack.
      dependencies: true,
    },
    byHand: "Chromium or Chrome 120 or later, and the variable CHROMIUM with the path of its program",
  }),

  /** Speaks the protocol of S3; only tests start one. */
  versitygw() {
    const gateway = goModule("versitygw");
    const system = { linux: "Linux", darwin: "Darwin" }[platform];
    const file = `versitygw_v${gateway.version}_${system}_${x86[arch] ?? arch}.tar.gz`;
    const folder = (base) => `${base.github}/versity/versitygw/releases/download/v${gateway.version}`;
    return {
      pin: gateway.version,
      executables: ["versitygw"],
      onPath: {
        version: ["--version"],
        wanted: `${gateway.version} or later, below 2`,
        accepts: (version) => atLeast(version, gateway.version) && !atLeast(version, "2.0.0"),
        beside: [],
      },
      release: (base) => ({ file, url: `${folder(base)}/${file}`, checksums: [`${folder(base)}/checksums.txt`] }),
      builds: [
        {
          ...gateway,
          package: `${gateway.module}/cmd/versitygw`,
          variables: { "main.Version": gateway.version },
          takes: "about two minutes the first time",
        },
      ],
      byHand:
        `versitygw ${gateway.version} or later (below 2): ` +
        `https://github.com/versity/versitygw/releases/tag/v${gateway.version}`,
    };
  },

  "pulumi-resource-random": () => plugin("random"),
  "pulumi-resource-tls": () => plugin("tls"),
};

/** A nats-server at its own pin, called `name` wherever it lies: several can stand beside each other. */
function natsServer(name) {
  const server = goModule(name);
  const file = `nats-server-v${server.version}-${platform}-${amd64}.tar.gz`;
  const folder = (base) => `${base.github}/nats-io/nats-server/releases/download/v${server.version}`;
  return {
    pin: server.version,
    executables: [name],
    onPath: {
      version: ["--version"],
      wanted: `exactly ${server.version}`,
      accepts: (version) => version === server.version,
      beside: [],
    },
    release: (base) => ({
      file,
      url: `${folder(base)}/${file}`,
      checksums: [`${folder(base)}/SHA256SUMS`],
      programs: ["nats-server"],
    }),
    builds: [{ ...server, package: server.module, variables: {} }],
    byHand: `${name} ${server.version}: https://github.com/nats-io/nats-server/releases/tag/v${server.version}`,
  };
}

/** A program of the Prometheus project, as it is released and found on PATH. */
function prometheusProgram(name, pin, { executables, oldest, before }) {
  const file = `${name}-${pin}.${platform}-${amd64}.tar.gz`;
  const folder = (base) => `${base.github}/prometheus/${name}/releases/download/v${pin}`;
  return {
    pin,
    executables,
    onPath: {
      version: ["--version"],
      wanted: `${oldest} or later, below ${before}`,
      accepts: (version) => atLeast(version, oldest) && !atLeast(version, before),
      beside: executables.slice(1),
    },
    release: (base) => ({ file, url: `${folder(base)}/${file}`, checksums: [`${folder(base)}/sha256sums.txt`] }),
    byHand: `${name} ${oldest} or later (below ${before}): https://prometheus.io/download/`,
  };
}

function plugin(name) {
  const version = npmVersion(`@pulumi/${name}`);
  const file = `pulumi-resource-${name}-v${version}-${platform}-${amd64}.tar.gz`;
  return {
    pin: version,
    executables: [`pulumi-resource-${name}`],
    folder: `resource-${name}-v${version}`,
    standIn: `${standInFolder}/pulumi-resource-${name}`,
    release: (base) => ({
      file,
      url: `${base.pulumi}/plugins/${file}`,
      checksums: [
        `${base.github}/pulumi/pulumi-${name}/releases/download/v${version}/pulumi-${name}_${version}_checksums.txt`,
      ],
    }),
  };
}

/** Folder of the stand-ins for plugins that could not be downloaded; on PATH for local stacks only. */
export const standInFolder = `${projectFolder}/tools/offline/plugins/bin`;

/** What `npm start` needs. Plugins first: where stand-ins serve, that is known before anything is built. */
export const DEFAULT_TOOLS = [
  "pulumi-resource-random",
  "pulumi-resource-tls",
  "pulumi",
  "pulumi-resource-pulumi-nodejs",
  "nats-server",
];

/** What `npm start -- --with-monitoring` needs beside that. */
export const MONITORING_TOOLS = ["prometheus", "prometheus-nats-exporter", "alertmanager"];

/** What only tests and benches need: the other supported servers, a proxy that cuts connections, a browser, ... */
/** What only tests and benches need: the other supported servers, a proxy that cuts connections, stores, monitoring. */
export const TEST_TOOLS = [
  "nats-server-previous",
  "nats-server-oldest",
  "toxiproxy",
  ...MONITORING_TOOLS,
  "redis",
  ...(process.env.CHROMIUM ? [] : ["chromium"]),
  "versitygw",
];

/** What only tests on a Kubernetes need. */
export const KUBE_TOOLS = ["helm"];

/** What a tool is, at which version (`pin`; `key` where more counts), and where it can come from. */
export function describeTool(name) {
  const describe = DESCRIBE[name];
  if (!describe) throw new Error(`no tool is called ${name}; there are ${Object.keys(DESCRIBE).join(", ")}`);
  const tool = describe();
  return { name, key: tool.pin, ...tool };
}

/** Compares versions number by number; what follows a dash does not count. */
export function atLeast(version, wanted) {
  const [left, right] = [version, wanted].map((text) => text.split(/[-+~]/)[0].split(".").map(Number));
  for (let i = 0; i < 3; i++) if ((left[i] ?? 0) !== (right[i] ?? 0)) return (left[i] ?? 0) > (right[i] ?? 0);
  return true;
}
