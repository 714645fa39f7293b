import * as pulumi from "@pulumi/pulumi";

/** A value that is known when these resources are there. What a component depends on, its children do not. */
export const knownAfter = <T>(value: pulumi.Output<T>, resources: readonly pulumi.CustomResource[]): pulumi.Output<T> =>
  pulumi.all([value, pulumi.all(resources.map(({ urn }) => urn))]).apply(([known]) => known as T);
