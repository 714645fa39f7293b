import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RegionIdentity } from "../../config/assets/region";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { identityFingerprint } from "../security/identity-fingerprint";
import { ClusterGuard } from "./cluster-guard";
import { annotationsOf, labelsOf, metadataOf } from "./metadata";
import { objectLabels, podSecurity } from "./release";
import { identityAnnotation, identityKey, identityPushSpec, pushedName, pushSecretKind } from "./secret-store";

export interface IdentityStoreArgs {
  environment: string;
  /** With `kubernetes.identitySecret`. */
  settings: KubernetesEnvironment;
  /** By region; secret. */
  identities: Record<string, pulumi.Input<RegionIdentity>>;
}

/**
 * Each region's part of the identity, given to a secret store by the External Secrets Operator of one cluster. The
 * identity stack makes it; each region's stack reads its own part from the store.
 */
export class IdentityStore extends pulumi.ComponentResource {
  constructor(
    name: string,
    { environment, settings, identities }: IdentityStoreArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:kubernetes:IdentityStore", name, {}, opts);
    const identitySecret = settings.kubernetes.identitySecret!;
    const { cluster, namespace } = identitySecret;
    const guard = new ClusterGuard(
      `${name}-guard`,
      {
        ...{ environment, region: name, namespace, cluster },
        kinds: [`${pushSecretKind.apiVersion}/${pushSecretKind.kind}`],
      },
      { parent: this },
    );
    const provider = new kubernetes.Provider(
      name,
      {
        ...cluster,
        clusterIdentifier: `${environment}-${name}`,
        enableServerSideApply: true,
        enableSecretMutable: true,
        // As in KubernetesRegion.
        upsertExistingObjects: true,
      },
      { parent: this, dependsOn: guard },
    );
    const own = { parent: this, provider };
    const { annotations, labels } = metadataOf(
      { ...labelsOf(settings), ...objectLabels({ environment, name }) },
      annotationsOf(settings, name),
    );
    // Deleting it would delete what others have in it.
    const made = new kubernetes.core.v1.Namespace(
      name,
      { metadata: { name: namespace, labels: { ...labels, ...podSecurity }, annotations } },
      { ...own, retainOnDelete: true },
    );
    for (const [region, identity] of Object.entries(identities)) {
      const known = pulumi.secret(pulumi.output(identity));
      const metadata = { name: pushedName(environment, region), namespace, labels };
      const secret = new kubernetes.core.v1.Secret(
        `${region}-identity`,
        {
          metadata: { ...metadata, annotations },
          data: { [identityKey]: known.apply((parts) => Buffer.from(JSON.stringify(parts)).toString("base64")) },
        },
        { ...own, dependsOn: made },
      );
      const fingerprint = pulumi.unsecret(known.apply(identityFingerprint));
      new kubernetes.apiextensions.CustomResource(
        `${region}-identity-push`,
        {
          ...pushSecretKind,
          metadata: { ...metadata, annotations: { ...annotations, [identityAnnotation]: fingerprint } },
          spec: identityPushSpec(environment, region, identitySecret),
        },
        // Deleted first: it deletes what it wrote to the store.
        { ...own, dependsOn: secret },
      );
    }
    this.registerOutputs({});
  }
}
