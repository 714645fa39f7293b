/** Names that the deployment and its workers have in common: the one file of workers/ that others read (ADR 0036). */
const contract = "workers/messaging/contract.ts";

/** How servers hand out whole streams: of workers/backup/ and of the provider, which keeps what it is to delete. */
const snapshots = "workers/backup/protocol.ts";

/**
 * Imports point one way, and in no circle: `npm run lint` checks every pair of folders. What a folder may import beside
 * itself stands in this table; docs/architecture.md says what each folder is for.
 */
const mayImport = {
  config: [contract],
  tenants: ["config"],
  observability: ["config", contract],
  jetstream: ["config", contract, snapshots],
  // What npm start needs before npm has installed any package, and others too: the one file lock, and processes.
  components: ["config", "jetstream", "observability", "tools", contract],
  stacks: ["config", "jetstream", "components", "observability"],
  engine: ["config", "tools"],
  operations: [
    "config",
    "tenants",
    "jetstream",
    "observability",
    "components",
    "stacks",
    "engine",
    "policies",
    contract,
    "workers/backup",
  ],
  // Its page, console/page, is served to a browser and imports types only (rule page-runs-in-a-browser).
  console: ["config", "jetstream", "engine", "operations", contract, "workers/messaging/redact.ts"],
  cli: ["config", "jetstream", "engine", "operations", "console", "tools", contract],
  // What a preview loads at every start: little.
  policies: ["config", "components", "tools"],
  // A workspace of its own: nothing of Pulumi, and of the rest only types (rule workers-share-types-only).
  workers: ["config", "tenants"],
  tools: [],
  docs: ["config", "jetstream", "components", "observability", "policies", "tools"],
};

const folders = Object.keys(mayImport);

const literally = (path) => path.replaceAll(".", "\\.");

module.exports = {
  forbidden: [
    { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
    ...folders.map((folder) => ({
      name: `${folder}-imports`,
      comment: `${folder}/ may import ${[folder, ...mayImport[folder]].join(", ")} and packages`,
      severity: "error",
      from: { path: `^${folder}/` },
      to: {
        dependencyTypesNot: ["core"],
        path: "^[^/]+/",
        pathNot: [`^(${[folder, ...mayImport[folder]].map(literally).join("|")})(/|$)`, "(^|/)node_modules/"],
      },
    })),
    {
      name: "no-pulumi-in-the-library",
      comment: "jetstream/, config/ and observability/ are usable without Pulumi",
      severity: "error",
      from: { path: "^(jetstream|config|tenants|observability)/" },
      to: { path: "^node_modules/@pulumi/" },
    },
    {
      name: "workers-share-types-only",
      comment: "workers/ runs without the rest: what it shares with tenants are types",
      severity: "error",
      from: { path: "^workers/" },
      to: { path: "^(config|tenants)/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "contract-imports-nothing",
      comment: "a Pulumi run reads it, and must load nothing of workers/ with it",
      severity: "error",
      from: { path: `^${literally(contract)}$` },
      to: {},
    },
    {
      name: "messaging-knows-no-system",
      comment: "workers/messaging/ is usable by any NATS program",
      severity: "error",
      from: { path: "^workers/messaging/" },
      to: { path: "^(config|tenants|workers/(?!messaging/|node_modules/))" },
    },
    {
      name: "page-runs-in-a-browser",
      comment: "console/page/ is served as it is: of the rest it shares types",
      severity: "error",
      from: { path: "^console/page/" },
      to: { path: "^[^/]+/", pathNot: "^(console/page/|node_modules/)", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-tests",
      comment: "Nothing that runs in production imports tests",
      severity: "error",
      from: { path: `^(index\\.ts|(${folders.join("|")})/)` },
      to: { path: "^(tests|bench)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^docs/examples/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["require", "node", "default"],
      extensions: [".ts", ".mts", ".d.mts", ".mjs", ".js", ".cjs", ".json"],
    },
  },
};
