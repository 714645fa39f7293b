import type { ConnectionSecretsSettings } from "../../config/schema/connection-secrets";
import { connectionSecretName } from "../../config/topology";
import { toMilliseconds } from "../../config/units";

/** Kinds that the External Secrets Operator brings. */
export const pushSecretKind = { apiVersion: "external-secrets.io/v1alpha1", kind: "PushSecret" } as const;

interface PushSecretArgs {
  environment: string;
  region: string;
  /** The Secret with a key for each login. */
  secret: string;
  logins: string[];
  settings: ConnectionSecretsSettings;
}

/**
 * Spec of the PushSecret that copies each user's connection to the store. Pure.
 * https://external-secrets.io/latest/api/pushsecret/
 */
export const pushSecretSpec = ({ environment, region, secret, logins, settings }: PushSecretArgs) => ({
  // Go's durations have no days.
  refreshInterval: `${Math.ceil(toMilliseconds(settings.refreshInterval) / 1000)}s`,
  updatePolicy: "Replace",
  // What is no longer in `data` is deleted from the store, and all of it with the PushSecret.
  deletionPolicy: "Delete",
  secretStoreRefs: [settings.store],
  selector: { secret: { name: secret } },
  data: logins.map((login) => ({
    match: {
      secretKey: login,
      remoteRef: { remoteKey: connectionSecretName(environment, region, login, settings.separator) },
    },
  })),
});
