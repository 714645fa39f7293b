import type { ConnectionSecretsSettings, IdentitySecretSettings } from "../../config/schema/secret-store";
import { connectionSecretName, identitySecretName } from "../../config/topology";
import { toMilliseconds } from "../../config/units";

/** Objects of the External Secrets Operator: what is pushed to a store, and what is read from it. Pure. */

export const pushSecretKind = { apiVersion: "external-secrets.io/v1alpha1", kind: "PushSecret" } as const;
export const externalSecretKind = { apiVersion: "external-secrets.io/v1", kind: "ExternalSecret" } as const;

/** Key of the Secrets that hold a region's identity, on both sides of the store. */
export const identityKey = "identity";

/** Name of a region's ExternalSecret and of the Secret that it fills, in the region's namespace. */
export const readName = "nats-identity";

/** Name of the Secret and the PushSecret of a region's identity, in the cluster that the identity stack writes in. */
export const pushedName = (environment: string, region: string): string => identitySecretName(environment, region, "-");

/**
 * Annotation with the fingerprint of the identity. Its change is what makes the operator push and read at once, not
 * only at the next `refreshInterval`.
 */
export const identityAnnotation = "supercluster/identity";

interface PushSecretArgs {
  environment: string;
  region: string;
  /** The Secret with a key for each login. */
  secret: string;
  logins: string[];
  settings: ConnectionSecretsSettings;
}

/** Spec of the PushSecret that copies each user's connection to the store. */
export const pushSecretSpec = ({ environment, region, secret, logins, settings }: PushSecretArgs) =>
  pushed(
    secret,
    settings,
    logins.map((login) => ({
      secretKey: login,
      remoteKey: connectionSecretName(environment, region, login, settings.separator),
    })),
  );

/** Spec of the PushSecret that copies a region's identity, one key of a Secret, to the store. */
export const identityPushSpec = (environment: string, region: string, settings: IdentitySecretSettings) =>
  pushed(pushedName(environment, region), settings, [
    { secretKey: identityKey, remoteKey: identitySecretName(environment, region, settings.separator) },
  ]);

/**
 * Spec of the ExternalSecret that copies a region's identity from the store to a Secret.
 * https://external-secrets.io/latest/api/externalsecret/
 */
export const identityReadSpec = (
  environment: string,
  region: string,
  { store, separator, property, refreshInterval }: IdentitySecretSettings,
) => ({
  refreshInterval: goDuration(refreshInterval),
  secretStoreRef: store,
  target: { name: readName },
  data: [
    {
      secretKey: identityKey,
      remoteRef: { key: identitySecretName(environment, region, separator), ...(property && { property }) },
    },
  ],
});

/** https://external-secrets.io/latest/api/pushsecret/ */
const pushed = (
  secret: string,
  { store, property, refreshInterval }: ConnectionSecretsSettings,
  keys: { secretKey: string; remoteKey: string }[],
) => ({
  refreshInterval: goDuration(refreshInterval),
  updatePolicy: "Replace",
  // What is no longer in `data` is deleted from the store, and all of it with the PushSecret.
  deletionPolicy: "Delete",
  secretStoreRefs: [store],
  selector: { secret: { name: secret } },
  data: keys.map(({ secretKey, remoteKey }) => ({
    match: { secretKey, remoteRef: { remoteKey, ...(property && { property }) } },
  })),
});

/**
 * As the operator itself writes durations: `5m0s`. It writes its objects back, and would otherwise own the field from
 * then on, so that server-side apply refuses every later change.
 */
function goDuration(duration: ConnectionSecretsSettings["refreshInterval"]): string {
  const seconds = Math.ceil(toMilliseconds(duration) / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts = [hours && `${hours}h`, (hours || minutes) && `${minutes}m`, `${seconds % 60}s`];
  return parts.filter(Boolean).join("");
}
