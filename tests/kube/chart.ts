import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { helm } from "./helm";

/** The official chart, which no package registry holds: a folder with it stands in NATS_CHART. */
export function chartFolder(): string {
  const folder = process.env.NATS_CHART;
  if (!folder)
    throw new Error(
      "NATS_CHART names no folder of the official chart; get it with: " +
        "helm pull nats --repo https://nats-io.github.io/k8s/helm/charts/ --version 2.14.2 --untar",
    );
  return folder;
}

/** The values that the chart knows, with their defaults. */
export const knownValues = (): Record<string, unknown> =>
  parse(readFileSync(path.join(chartFolder(), "values.yaml"), "utf8")) as Record<string, unknown>;

/** A manifest as the chart renders it. */
export interface Manifest {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- its shape is the kind's
  spec?: any;
}

/** What helm makes of the chart with these values. */
export function render(values: object): Manifest[] {
  const folder = mkdtempSync(path.join(os.tmpdir(), "chart-"));
  try {
    const file = path.join(folder, "values.json");
    writeFileSync(file, JSON.stringify(values));
    const text = helm("template", "nats", chartFolder(), "--namespace", "nats", "--values", file);
    return parseAllDocuments(text).map((document) => document.toJSON() as Manifest);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The text of nats.conf in what was rendered. */
export const natsConf = (manifests: Manifest[]): string =>
  manifests.find(({ kind, data }) => kind === "ConfigMap" && data?.["nats.conf"])!.data!["nats.conf"]!;

/**
 * What the text says: it is JSON, with statements to include files (under `$include`, in their order) and variables (as
 * their names).
 */
export function parseConf(text: string): unknown {
  let includes = 0;
  const json = text
    .replace(
      /^(\s*)include ([^;]+);/gm,
      (_, indent: string, file: string) =>
        `${indent}${JSON.stringify(`${includes++}$include`)}: ${JSON.stringify(file)},`,
    )
    .replace(/: (\$[A-Z_]+)/g, ': "$1"')
    .replace(/,(\s*})/g, "$1");
  return JSON.parse(json);
}
