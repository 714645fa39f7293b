import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { standIns } from "../../tools/stand-ins.mjs";

/** Plugins that stacks of a Kubernetes environment need, beside the one for dynamic resources. */
const plugins = ["kubernetes", "random", "tls"];

const given = process.env.KUBE_PLUGINS;
const fileOf = (plugin: string): string => path.join(given ?? "", `pulumi-resource-${plugin}`);

/**
 * Why the real engine cannot bring up a region here; undefined where it can: it downloads plugins, or finds them in the
 * folder KUBE_PLUGINS.
 */
export function whyNoEngine(): string | undefined {
  if (standIns().length === 0) return undefined;
  if (given === undefined)
    return (
      "Pulumi's plugins cannot be downloaded here, " +
      "and KUBE_PLUGINS names no folder that has pulumi-resource-kubernetes"
    );
  return existsSync(fileOf("kubernetes")) ? undefined : `${fileOf("kubernetes")} is not there`;
}

/**
 * Folders for PATH in which a copy of the project finds its plugins. What KUBE_PLUGINS leaves out is the copy's own
 * stand-in, which serves local stacks alone: this one copy lets it serve.
 */
export function pluginFolders(copy: string): string[] {
  if (given === undefined) return [];
  const missing = plugins.filter((plugin) => !existsSync(fileOf(plugin)));
  if (missing.length === 0) return [given];
  const tools = path.join(copy, "tools", "offline", "plugins");
  writeFileSync(path.join(tools, "local-only.ts"), "export const refusal = (): string | undefined => undefined;\n");
  const folder = path.join(copy, ".cache", "test-plugins");
  mkdirSync(folder);
  for (const plugin of missing) {
    console.error(`      plugin ${plugin}: the stand-in of tools/offline/plugins, as KUBE_PLUGINS has none`);
    const file = path.join(folder, `pulumi-resource-${plugin}`);
    writeFileSync(file, `#!/bin/sh\nexec node "${path.join(tools, "main.js")}" ${plugin} "$@"\n`);
    chmodSync(file, 0o755);
  }
  return [given, folder];
}
