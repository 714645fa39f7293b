import type { ComponentResource } from "@pulumi/pulumi";
import { Provider } from "@pulumi/aws/provider";
import type { AwsLocation } from "./location";

/** The AWS provider of one region: its AWS region, only its account, its tags on every resource. */
export function awsProvider(
  name: string,
  { environment, region, settings, tags }: AwsLocation,
  parent?: ComponentResource,
): Provider {
  const { profile, role, account } = settings;
  return new Provider(
    name,
    {
      region: settings.region,
      allowedAccountIds: [account],
      ...(profile && { profile }),
      ...(role && {
        assumeRoles: [{ roleArn: role, sessionName: `supercluster-${environment}-${region}`.slice(0, 64) }],
      }),
      defaultTags: { tags },
    },
    { parent },
  );
}
