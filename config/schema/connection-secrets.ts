import * as z from "zod";
import { strictObject } from "../problems";
import { objectName } from "./kubernetes-values";
import { duration } from "./values";

/**
 * Gives what clients need to connect to a secret store outside the cluster, by a PushSecret of the External Secrets
 * Operator (https://external-secrets.io, which must be installed). For each user of a tenant the store gets
 * `<environment>/<region>/nats/<account>-<user>`: a JSON object with NATS_URL, NATS_USER, NATS_PASSWORD,
 * NATS_INBOX_PREFIX and NATS_CA. That of a user who is removed is deleted. A change restarts nothing.
 */
export const connectionSecrets = strictObject({
  store: strictObject({
    /** Name of a store that exists. */
    name: objectName,
    /** `SecretStore`: one in the servers' namespace. */
    kind: z.enum(["ClusterSecretStore", "SecretStore"]).default("ClusterSecretStore"),
  }),
  /** Between the parts of a secret's name: `-` where the store takes no slashes (Google Cloud, Azure). */
  separator: z.enum(["/", "-"]).default("/"),
  /** How often the store is written again, and how soon a new password is there. */
  refreshInterval: duration.default("5m"),
});

export type ConnectionSecretsSettings = z.infer<typeof connectionSecrets>;
