import * as pulumi from "@pulumi/pulumi";

/** A value that becomes known when these resources exist. Needed because children do not inherit `dependsOn`. */
export const knownAfter = <T>(value: pulumi.Output<T>, resources: readonly pulumi.CustomResource[]): pulumi.Output<T> =>
  pulumi.all([value, pulumi.all(resources.map(({ urn }) => urn))]).apply(([known]) => known as T);
