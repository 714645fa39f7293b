import { plural } from "../plural";
import { assetsOf } from "../assets/assets";
import type { StreamAsset } from "../assets/asset";
import { withRoomForFailover } from "../assets/failover";
import { unknownName } from "../problems";
import { serversIn, serversInAll, storageIn } from "../sizes";
import { portBlocksOf } from "../topology";
import { limitInBytes, toBytes, toMilliseconds, unlimited } from "../units";
import type { AuthoritySettings } from "../schema/settings";
import type { ValidationContext } from "./context";
import { insufficientStorage } from "./error-codes";
import { list, roundedUp, text } from "./messages";
import { type Rule, rule } from "./rule";

const theEnvironment = ({ name, environment }: ValidationContext) => [{ path: ["environments", name], ...environment }];

const localEnvironment = ({ name, environment }: ValidationContext) =>
  environment.target === "local" ? [{ path: ["environments", name], ...environment }] : [];

const portBlocks = (context: ValidationContext) =>
  localEnvironment(context).flatMap(({ path, ...environment }) =>
    portBlocksOf(environment).map(({ setting, ...block }) => ({
      ...{ ...block, path: [...path, setting], regions: environment.regions },
    })),
  );

const authorities = ({ name, environment: { authorities } }: ValidationContext) =>
  Object.entries(authorities).map(([whose, authority]) => ({
    path: ["environments", name, "authorities", whose],
    authority,
  }));

const notTrusted = ({ trusted, supplied = [] }: AuthoritySettings): number[] =>
  supplied.filter((generation) => !trusted.includes(generation));

/** A tenant's place in the map of jetstream stacks. */
const assignments = ({ name, environment }: ValidationContext) =>
  Object.entries(environment.jetstream).flatMap(([stack, names]) =>
    names.map((tenant, index) => ({ path: ["environments", name, "jetstream", stack, index], tenant })),
  );

/** Regions with sizes of their own. */
const regionSizes = ({ name, environment }: ValidationContext) =>
  Object.keys(environment.byRegion ?? {}).map((region) => ({
    path: ["environments", name, "byRegion", region],
    region,
  }));

/** Bytes that one server of a region has to reserve, by kind of storage. */
const reservations = (context: ValidationContext) => {
  const { name, environment, tenants } = context;
  const streams = withRoomForFailover(assetsOf(environment, tenants).streams);
  return environment.regions.flatMap((region) =>
    (["file", "memory"] as const).map((storage) => ({
      path: [
        ...["environments", name],
        ...(environment.byRegion?.[region]?.storage?.[storage] === undefined ? [] : ["byRegion", region]),
        ...["storage", storage],
      ],
      region,
      storage,
      room: storageIn(environment, region)[storage],
      bytes: bytesPerServer(streams, region, storage, serversIn(environment, region)),
    })),
  );
};

function bytesPerServer(streams: StreamAsset[], region: string, storage: string, servers: number): number {
  const all = streams.filter((stream) => stream.region === region && stream.spec.storage === storage);
  // What has no limit reserves nothing.
  const limited = all.filter(({ spec }) => spec.maxBytes !== unlimited);
  return limited.reduce((sum, { spec }) => sum + limitInBytes(spec.maxBytes) * spec.replicas, 0) / servers;
}

const lastPort = 65535;

/** Rules about an environment's settings, wherever its servers run. */
export const environmentRules: Rule[] = [
  rule({
    each: theEnvironment,
    at: ["regions"],
    when: ({ regions }) => new Set(regions).size < regions.length,
    message: ({ regions }) =>
      `${list(regions.filter((region, index) => regions.indexOf(region) < index))} is listed twice; ` +
      "list each region once",
  }),
  rule({
    each: regionSizes,
    when: ({ region }, { environment }) => !environment.regions.includes(region),
    message: ({ region }, { environment }) => unknownName(region, "a region of the environment", environment.regions),
  }),
  rule({
    each: theEnvironment,
    at: ["servers"],
    when: (environment) => serversInAll(environment) < 2,
    message: ({ servers }) =>
      `${servers} server alone elects no JetStream meta leader (it waits for a second one); write 3, or add a region`,
  }),
  rule({
    each: theEnvironment,
    at: ["syncInterval"],
    when: ({ syncInterval }) => syncInterval !== "always" && toMilliseconds(syncInterval) < 100,
    message: ({ syncInterval }) =>
      `${text(syncInterval)} would do nothing but write; write "always", or "100ms" or more`,
  }),
  rule({
    each: theEnvironment,
    at: ["lameDuck", "duration"],
    when: ({ lameDuck }) => toMilliseconds(lameDuck.duration) < 30_000,
    message: ({ lameDuck }) => `${text(lameDuck.duration)} is below the servers' minimum; write "30s" or more`,
  }),
  rule({
    each: theEnvironment,
    at: ["lameDuck", "gracePeriod"],
    when: ({ lameDuck }) => toMilliseconds(lameDuck.gracePeriod) >= toMilliseconds(lameDuck.duration),
    message: ({ lameDuck }) =>
      `${text(lameDuck.gracePeriod)} is not shorter than lameDuck.duration (${lameDuck.duration}), ` +
      "so servers would refuse to start; write a shorter one",
  }),
  rule({
    each: theEnvironment,
    at: ["maxPayload"],
    when: ({ maxPayload }) => toBytes(maxPayload) > toBytes("64MiB") || toBytes(maxPayload) < toBytes("256KiB"),
    message: ({ maxPayload }) =>
      `${text(maxPayload)} is out of range: servers accept up to 64MiB and warn above 8MiB, ` +
      'and requests that create streams are messages of up to 256KiB; write e.g. "8MiB"',
  }),
  rule({
    each: portBlocks,
    when: ({ last }) => last > lastPort,
    message: ({ first, last, regions }) =>
      `${first} is too high: ${plural(regions.length, "region")} of ${(last + 1 - first) / regions.length} ports ` +
      `would end above ${lastPort}; write ${lastPort - (last - first)} or less`,
  }),
  rule({
    each: authorities,
    at: ["signing"],
    when: ({ authority: { trusted, signing } }) => !trusted.includes(signing),
    message: ({ authority: { trusted, signing } }) =>
      `${signing} is not a trusted generation, so its certificates would be refused; ` +
      `write one of trusted (${trusted.join(", ")}), or add ${signing} to trusted first`,
  }),
  rule({
    each: authorities,
    at: ["trusted"],
    when: ({ authority: { trusted } }) => new Set(trusted).size < trusted.length,
    message: ({ authority: { trusted } }) => `${trusted.join(", ")} lists a generation twice; list each once`,
  }),
  rule({
    each: authorities,
    at: ["supplied"],
    when: ({ authority }) => notTrusted(authority).length > 0,
    message: ({ authority }) =>
      `${notTrusted(authority).join(", ")} is not a trusted generation, so it would not be used; ` +
      `write those of trusted (${authority.trusted.join(", ")}), or add it there`,
  }),
  rule({
    each: assignments,
    when: ({ tenant }, { declared }) => !declared.tenants.includes(tenant),
    message: ({ tenant }, { declared }) => unknownName(tenant, "a tenant", declared.tenants),
  }),
  rule({
    each: reservations,
    when: ({ room, bytes }) => bytes > toBytes(room),
    message: ({ region, storage, room, bytes }) =>
      `${text(room)} per server is less than the ${roundedUp(bytes)} that ` +
      `the streams and mirrors of ${region} reserve on each (${insufficientStorage[storage]}); ` +
      "raise it, or lower their maxBytes",
  }),
];
