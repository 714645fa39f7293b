import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Environment } from "../../config/schema/settings";
import { kubernetes } from "../../config/schema/kubernetes";
import { testedServers } from "../../config/versions";
import { projectFolder } from "../../engine/project";
import { replaceFile } from "../settings/replace-file";
import { withSetting } from "../settings/yaml-edit";

/** A setting of an environment that an upgrade writes. */
export interface VersionSetting {
  /** Keys below the environment's in Pulumi.yaml. */
  path: string[];
  from: string;
  /** Undefined: it is taken out, because the default is what is wanted. */
  to: string | undefined;
}

/** What settings of this project are tested with; the same for every supported server. */
const tested = kubernetes.parse({});

/**
 * The settings that make a version of nats-server, with the chart and the containers beside it that are tested
 * together: only those that change. A digest names one image, so it goes. Pure.
 */
export function versionSettings(environment: Environment, version: string): VersionSetting[] {
  if (environment.target === "local") {
    const from = environment.serverVersion ?? testedServers.newest;
    const to = version === testedServers.newest ? undefined : version;
    return environment.serverVersion === to || from === version ? [] : [{ path: ["serverVersion"], from, to }];
  }
  const { images, chart } = environment.kubernetes;
  const at = (...keys: string[]) => ["kubernetes", ...keys];
  const tag = images.nats.tag.replace(/^(v?)\d+(\.\d+){0,2}/, `$1${version}`);
  const all: VersionSetting[] = [
    { path: at("images", "nats", "tag"), from: images.nats.tag, to: tag },
    ...(images.nats.digest === undefined
      ? []
      : [{ path: at("images", "nats", "digest"), from: images.nats.digest, to: undefined }]),
    ...(chart.path === undefined
      ? [{ path: at("chart", "version"), from: chart.version, to: tested.chart.version }]
      : []),
    { path: at("images", "reloader", "tag"), from: images.reloader.tag, to: tested.images.reloader.tag },
    { path: at("images", "exporter", "tag"), from: images.exporter.tag, to: tested.images.exporter.tag },
  ];
  return all
    .filter(({ from, to }) => from !== to)
    .map((setting) => (setting.to === defaultOf(setting.path) ? { ...setting, to: undefined } : setting));
}

/** The environment as it is once these settings are written. */
export function withVersion(environment: Environment, settings: readonly VersionSetting[]): Environment {
  const changed = structuredClone(environment);
  for (const { path: keys, to } of settings) {
    const map = keys
      .slice(0, -1)
      .reduce<Record<string, unknown>>((one, key) => one[key] as Record<string, unknown>, changed);
    const value = to ?? (keys[0] === "kubernetes" ? defaultOf(keys) : undefined);
    if (value === undefined) delete map[keys.at(-1)!];
    else map[keys.at(-1)!] = value;
  }
  return changed;
}

/** Whether it is the server's own, not of what runs beside it. */
export const isServer = ({ path: keys }: VersionSetting): boolean =>
  keys[0] === "serverVersion" || keys.slice(1, 3).join(".") === "images.nats";

const defaultOf = ([, ...keys]: string[]): unknown =>
  keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], tested);

/** Names of the parts (components/supercluster/pod-parts.ts) that these settings are. */
export const partOf = ({ path: [first, ...rest] }: VersionSetting): string =>
  [first, ...(rest[0] === "images" ? rest.slice(0, 2) : rest)].join(".");

/** Writes the settings into Pulumi.yaml; everything else in it stays as it is. */
export function writeVersion(name: string, settings: readonly VersionSetting[], folder = projectFolder): void {
  const file = path.join(folder, "Pulumi.yaml");
  const before = readFileSync(file, "utf8");
  const after = settings.reduce(
    (text, { path: keys, to }) => withSetting(text, ["config", "environments", "default", name, ...keys], to),
    before,
  );
  if (after !== before) replaceFile(file, after);
}
