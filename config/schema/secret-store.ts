import * as z from "zod";
import { strictObject } from "../problems";
import { homePath, namespaceName, objectName } from "./kubernetes-values";
import { duration } from "./values";

/** What the External Secrets Operator (https://external-secrets.io) copies to stores outside clusters, and back. */

const stored = {
  store: strictObject({
    /** Name of a store that exists. */
    name: objectName,
    /** `SecretStore`: one in the same namespace. */
    kind: z.enum(["ClusterSecretStore", "SecretStore"]).default("ClusterSecretStore"),
  }),
  /** Between the parts of a secret's name: `-` where the store takes no slashes (Google Cloud, Azure, Kubernetes). */
  separator: z.enum(["/", "-"]).default("/"),
  /** Field of the secret that holds the JSON. Default: the secret is the JSON. A store of Kubernetes needs one. */
  property: z.string().min(1).optional(),
  /** How often the operator compares the store; a change is there at once. */
  refreshInterval: duration.default("5m"),
};

/**
 * Gives what clients need to connect to a secret store outside the cluster, by a PushSecret of the operator, which must
 * be installed. For each user of a tenant the store gets `<environment>/<region>/nats/<account>-<user>`: a JSON object
 * with NATS_URL, NATS_USER, NATS_PASSWORD, NATS_INBOX_PREFIX and NATS_CA. That of a user who is removed is deleted. A
 * change restarts nothing.
 */
export const connectionSecrets = strictObject(stored);

/**
 * Carries each region's keys, certificates and passwords from the identity stack to the region's stack by a secret
 * store, as `<environment>/<region>/identity`, so that no region's state has another region's. The operator must be
 * installed, with a store of this name, in the cluster named here and in that of every region. A change restarts
 * nothing. docs/secret-stores.md
 */
export const identitySecret = strictObject({
  ...stored,
  /** The cluster that the identity stack writes in, as in `clusters`; one of a region may be used. */
  cluster: strictObject({ context: z.string().min(1), kubeconfig: homePath.optional() }),
  /** Its namespace for this; created if it does not exist. Environments that share a cluster need one each. */
  namespace: namespaceName.default("nats-identity"),
});

export type ConnectionSecretsSettings = z.infer<typeof connectionSecrets>;
export type IdentitySecretSettings = z.infer<typeof identitySecret>;
