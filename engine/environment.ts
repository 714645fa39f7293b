import { chmodSync, mkdirSync } from "node:fs";
import * as path from "node:path";
import { cacheDir } from "../config/cache";
import type { Environment } from "../config/schema/settings";
import { toolchainEnv } from "../tools/toolchain.mjs";

/** Folder of a local environment's file backend. It holds all its keys, so other users have no access to it. */
export const stateFolder = (): string => path.join(cacheDir(), "state");

/** Folder of the nats CLI's contexts. */
export const contextsDir = (environment: string): string => path.join(cacheDir(), "contexts", environment);

/**
 * URL of the file backend in a folder, by default that of local environments. Without metadata files: the backend does
 * not write them atomically, so a stack that reads another one's state may find them empty (`failed to load checkpoint:
 * EOF`).
 */
export const backendUrlOf = (state = stateFolder()): string => `file://${state}?metadata=skip`;

/**
 * Published on purpose: a local environment's state is protected by the permissions of its folder. The stack files hold
 * the salt that belongs to it, so that deploying leaves them as they are.
 */
const localPassphrase = "local";

/** The variables in which `pulumi` works on an environment, added to the caller's own. */
export function pulumiVariables({ target }: Pick<Environment, "target">): Record<string, string> {
  const cache = cacheDir();
  const local = target === "local";
  return {
    ...toolchainEnv({ local, cache }),
    NODE_COMPILE_CACHE: path.join(cache, "node-compile-cache"),
    // Other environments name their own backend and secrets provider.
    ...(local && { PULUMI_BACKEND_URL: backendUrlOf(), PULUMI_CONFIG_PASSPHRASE: localPassphrase }),
  };
}

/**
 * The engine and the language host collect garbage less often: 35 of the 180 ms that an engine takes to start, for
 * some 100 MiB. What the caller has set stays.
 */
const fewerCollections = { GOGC: "400", GOMEMLIMIT: "2GiB" };

const deferring = path.join(__dirname, "..", "tools", "defer.cjs");

/** The process environment of one pulumi command. */
export function pulumiEnvironment(
  environment: Pick<Environment, "target">,
  kind?: "identity" | "region" | "jetstream",
): NodeJS.ProcessEnv {
  return {
    ...fewerCollections,
    ...process.env,
    ...pulumiVariables(environment),
    // For the processes of providers. Not for a shell: it is no business of other programs.
    NODE_OPTIONS: [process.env.NODE_OPTIONS, `--require ${JSON.stringify(deferring)}`].filter(Boolean).join(" "),
    // Halves the time of many creates. Safe only where the next run finds what a killed one created: streams carry
    // their owner's mark.
    ...(kind === "jetstream" && { PULUMI_SKIP_CHECKPOINTS: "true" }),
  };
}

/** Creates the folders that hold state, without access for other users. */
export function prepareFolders(): void {
  for (const folder of [cacheDir(), stateFolder()]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }
}
