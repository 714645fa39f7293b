import { readSettings, SettingsError } from "../messaging";
import { webhookSecret } from "./adapters/webhook-secret";
import { webhookSettings } from "./settings";

/*
 * Prints the secrets that a tenant verifies its webhooks with, one line a key of WEBHOOK_SECRET, the newest first:
 *
 *     node -r ./tools/runtime.cjs workers/irisx/webhook-secret.ts <tenant>
 */
function main([tenant, ...rest]: readonly string[]): number {
  if (!tenant || rest.length > 0) {
    console.error("usage: webhook-secret.ts <tenant>; it needs WEBHOOK_SECRET as the webhook-worker has it");
    return 2;
  }
  try {
    const settings = readSettings(webhookSettings, { ...process.env, WEBHOOK_PROVIDER: "http" });
    if (settings.kind === "http") for (const key of settings.keys) console.log(webhookSecret(key, tenant));
    return 0;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(error.message);
    return 2;
  }
}

process.exitCode = main(process.argv.slice(2));
