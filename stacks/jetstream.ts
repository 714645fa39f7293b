import * as pulumi from "@pulumi/pulumi";
import type { ConsumerAsset, StreamAsset } from "../config/assets/asset";
import { assetsOf } from "../config/assets/assets";
import { declaredBy } from "../config/assets/declared";
import { isLeaving, lossAllowed } from "../config/assets/leaving";
import { consumerResource, formerNames, streamResource } from "../config/assets/resource-names";
import type { Settings } from "../config/load";
import { stackName } from "../config/stacks";
import { consumerArgs, streamArgs } from "../jetstream/asset-args";
import { Consumer } from "../components/jetstream/consumer";
import { JetstreamProvider } from "../components/jetstream/jetstream-provider";
import { Stream, type StreamArgs } from "../components/jetstream/stream";
import { refuseDroppedTenants } from "./dropped-accounts";
import type { JetstreamOutputs } from "./outputs";
import { regionAccess } from "./region-access";
import { jetstreamIdentity } from "./read-identity";

/** Every stream, mirror and durable of this stack's tenants, over all regions. */
export async function jetstream({
  name,
  environment,
  stack,
  tenants,
  degraded,
  failovers,
}: Settings<"jetstream">): Promise<{ accounts: pulumi.Input<JetstreamOutputs["accounts"]> }> {
  await refuseDroppedTenants(stackName(stack), tenants);
  const part = stack.team ? `jetstream--${stack.team}` : "jetstream";
  const own = new Set(environment.jetstream[part]);
  const { streams, consumers } = assetsOf(
    environment,
    Object.fromEntries(Object.entries(tenants).filter(([account]) => own.has(account))),
    failovers,
  );
  const regionOf = new Map(streams.map((stream) => [idOf(stream), stream.region]));

  const plan = await planned(streams, consumers, regionOf, degraded);
  const isGoing = (account: string, region: string) => isLeaving(tenants[account]!) && !degraded.includes(region);
  const going = plan.streams.filter(({ account, region }) => isGoing(account, region));
  const staying = plan.streams.filter((stream) => !going.includes(stream));
  const durables = plan.consumers.filter(
    ({ account, stream }) => !isGoing(account, regionOf.get(`${account}/${stream}`)!),
  );

  const identity = await jetstreamIdentity(name, [...own]);
  const provider = new JetstreamProvider(
    "jetstream",
    identity.apply(({ ca, provisioners, system }) => ({
      owner: `${pulumi.getProject()}/${stackName(stack)}`,
      regions: environment.regions.map((region) => regionAccess(environment, region, degraded.includes(region))),
      ca,
      provisioners: Object.fromEntries(Object.entries(provisioners).filter(([account]) => own.has(account))),
      system,
    })),
    environment,
    // What is in a lost region gives nothing up.
    declaredBy(
      staying.filter(({ region }) => !degraded.includes(region)),
      durables,
    ),
  );
  const options = (region: string): pulumi.CustomResourceOptions => ({
    provider,
    // Assets of a lost region are left as they were: they can neither be read nor changed.
    ...(degraded.includes(region) && { ignoreChanges: ["*"] }),
  });
  // A local environment is disposable, unless something says otherwise for itself.
  const deletion: Pick<StreamArgs, "deletionPolicy"> =
    environment.target === "local" ? { deletionPolicy: "delete" } : {};
  const former = formerNames(plan.streams, plan.consumers);
  const aliases = (name: string | undefined) => ({ aliases: name === undefined ? undefined : [{ name }] });
  const made = new Map<string, Stream>();
  for (const asset of copiesLast(staying)) {
    // A mirror takes its origin's place, subjects included, only when the origin has let them go.
    const origin = asset.mirrorOf ?? asset.promotedFrom;
    const origins = [
      ...(origin === undefined ? [] : [`${asset.account}/${origin}`]),
      ...(asset.copies ?? []).map(idOf),
    ];
    const args = { ...deletion, ...streamArgs(asset) };
    made.set(
      idOf(asset),
      new Stream(streamResource(asset), args, {
        ...options(asset.region),
        ...aliases(former.streams.get(streamResource(asset))),
        // Those of another stack are there already, or are waited for by the servers.
        dependsOn: origins.flatMap((id) => made.get(id) ?? []),
      }),
    );
  }
  // A stream is deleted after its mirrors. Its entry stays, marked absent: without it no provider call at preview.
  for (const asset of going.toReversed()) {
    const mirrors = going
      .filter(({ account, mirrorOf }) => account === asset.account && mirrorOf === asset.name)
      .map((mirror) => made.get(idOf(mirror))!);
    const args = {
      ...streamArgs(asset),
      ...absent,
      allowDataLoss: lossAllowed(tenants[asset.account]!, asset),
    };
    made.set(
      idOf(asset),
      new Stream(streamResource(asset), args, {
        ...options(asset.region),
        ...aliases(former.streams.get(streamResource(asset))),
        dependsOn: mirrors,
      }),
    );
  }
  for (const asset of plan.consumers) {
    const stream = `${asset.account}/${asset.stream}`;
    const region = regionOf.get(stream)!;
    const args = {
      ...deletion,
      ...consumerArgs(asset),
      ...(isGoing(asset.account, region) && absent),
    };
    new Consumer(consumerResource(asset), args, {
      ...options(region),
      ...aliases(former.consumers.get(consumerResource(asset))),
      dependsOn: made.get(stream),
    });
  }
  const accounts = namesByAccount(staying, durables);
  // Accounts wait for deletions: outputs that wait for nothing are stored even where a deletion fails.
  return {
    accounts: going.length
      ? pulumi.all(going.map((asset) => made.get(idOf(asset))!.urn)).apply(() => accounts)
      : accounts,
  };
}

/** Arguments that delete an asset of a leaving tenant. */
const absent = { absent: true, deletionPolicy: "delete" } as const;

const idOf = ({ account, name }: { account: string; name: string }) => `${account}/${name}`;

/** In their order, but what copies streams of other accounts, and its own mirrors, behind these. */
function copiesLast(streams: readonly StreamAsset[]): StreamAsset[] {
  const across = new Set(streams.filter(({ copies }) => copies).map(idOf));
  const isLater = ({ account, name, mirrorOf }: StreamAsset) => across.has(`${account}/${mirrorOf ?? name}`);
  return [...streams.filter((one) => !isLater(one)), ...streams.filter(isLater)];
}

/** All assets; with a degraded region, those in other regions and those that exist already: it takes no new ones. */
async function planned(
  streams: StreamAsset[],
  consumers: ConsumerAsset[],
  regionOf: Map<string, string>,
  degraded: string[],
) {
  if (degraded.length === 0) return { streams, consumers };
  const before = await deployed();
  const isPlanned = (region: string, existing: string[] | undefined, name: string) =>
    !degraded.includes(region) || existing?.includes(name);
  const plan = {
    streams: streams.filter(({ account, name, region }) => isPlanned(region, before[account]?.streams, name)),
    consumers: consumers.filter(({ account, stream, name }) =>
      isPlanned(regionOf.get(`${account}/${stream}`)!, before[account]?.consumers, `${stream}/${name}`),
    ),
  };
  const untouched = plan.streams.filter(({ region }) => degraded.includes(region)).map(idOf);
  const leftOut = [
    ...streams.filter((stream) => !plan.streams.includes(stream)).map(idOf),
    ...consumers
      .filter((consumer) => !plan.consumers.includes(consumer))
      .map(({ account, stream, name }) => `${account}/${stream}/${name}`),
  ];
  await pulumi.log.warn(
    `degraded regions ${degraded.join(", ")}: left as they were: ${untouched.join(", ") || "nothing"}; ` +
      `left out until they are back: ${leftOut.join(", ") || "nothing"}`,
  );
  return plan;
}

/** Names of the streams and consumers that this stack's last update deployed, by account. */
async function deployed(): Promise<JetstreamOutputs["accounts"]> {
  const self = new pulumi.StackReference("self", {
    name: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  });
  const details = await self.getOutputDetails("accounts");
  return ((details.value ?? details.secretValue) as JetstreamOutputs["accounts"] | undefined) ?? {};
}

function namesByAccount(streams: StreamAsset[], consumers: ConsumerAsset[]): JetstreamOutputs["accounts"] {
  const accounts: JetstreamOutputs["accounts"] = {};
  for (const { account, name } of streams) (accounts[account] ??= { streams: [], consumers: [] }).streams.push(name);
  for (const { account, stream, name } of consumers) accounts[account]!.consumers.push(`${stream}/${name}`);
  return accounts;
}
