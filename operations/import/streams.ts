import { isDeepStrictEqual } from "node:util";
import { streamFields } from "../../jetstream/fields";
import type { Info } from "../../jetstream/info";
import type { Args } from "../../jetstream/wire";
import { copiedTenant, copying } from "../../config/assets/copies";
import { mirrorName } from "../../config/assets/standard";
import { unlimited } from "../../config/units";
import { adoption, argumentsOf, defined, inOrder } from "./arguments";
import { asBuckets } from "./buckets";
import { type Draft, kept, type Place } from "./draft";
import { type LiveStream, nameOf } from "./live";

/** The streams of a tenant, with its mirrors. */
export function draftOf(origins: LiveStream[], copies: LiveStream[], place: Place): Draft {
  const home = mostOften(origins.flatMap(({ info }) => regionOf(info) ?? [])) ?? place.environment.regions[0]!;
  const streams = origins.map(({ info }): [string, Args] => {
    const [name, region = home] = [nameOf(info), regionOf(info)];
    const mirrors = copies
      .filter((copy) => originOf(copy, origins, place)?.info === info)
      .map((copy): [string, Args] => [
        regionOf(copy.info)!,
        mirrorSpec(copy.info, `Mirror of ${name} in ${region}`, place),
      ]);
    return [
      name,
      defined({
        home: region === home ? undefined : region,
        ...streamSpec(info, place),
        mirrors: mirrors.length ? Object.fromEntries(mirrors) : undefined,
      }),
    ];
  });
  const { description, users = {}, ...declared }: Partial<NonNullable<Place["declared"]>> = place.declared ?? {};
  return {
    name: place.account,
    ...(description && { description }),
    home,
    ...asBuckets(Object.fromEntries(streams)),
    consumers: {},
    users,
    ...Object.fromEntries(kept.flatMap((field) => (declared[field] ? [[field, declared[field]]] : []))),
  };
}

/** The stream of which this is a mirror such as tenants have: a copy of all of it, named after it and its region. */
export function originOf({ info }: LiveStream, origins: LiveStream[], { environment }: Place): LiveStream | undefined {
  const region = regionOf(info);
  if (region === undefined || !environment.regions.includes(region)) return undefined;
  return origins.find(
    (origin) =>
      isDeepStrictEqual(info.config.mirror, { name: nameOf(origin.info) }) &&
      nameOf(info) === mirrorName(nameOf(origin.info), region),
  );
}

/** The cluster that a stream is placed in, or where it is now. */
const regionOf = ({ config, cluster }: Info): string | undefined => config.placement?.cluster ?? cluster?.name;

/** Fields that a tenant must declare although they are the server's defaults, in their order. */
const ofStreams = [
  "description",
  "subjects",
  "retention",
  "storage",
  "replicas",
  "maxAge",
  "maxMsgs",
  "maxMsgsPerSubject",
  "maxBytes",
  "discard",
];

function streamSpec({ config }: Info, place: Place): Args {
  const { name: _, region: __, ...found } = argumentsOf(streamFields, config);
  const args = asDeclared(found, place);
  const { subjects = [], retention, storage, discard, num_replicas: replicas } = config;
  const declared = { ...withoutLimit, ...args, subjects, retention, storage, replicas, discard };
  return inOrder({ ...declared, ...adoption(config, place) }, ofStreams);
}

type Source = { name: string; external?: { api: string; deliver?: string } };

/** What is copied of other tenants, by their names, where it is exactly what a tenant's copy is. */
function asDeclared({ mirror, sources, ...args }: Args, { account }: Place): Args {
  const one = (source: unknown): unknown => {
    const { external, ...rest } = source as Source;
    const tenant = copiedTenant({ external });
    const declared = tenant === undefined ? undefined : { tenant, ...rest };
    const isSame = isDeepStrictEqual(declared && copying({ mirror: declared }, account).mirror, source);
    return isSame ? declared : source;
  };
  return defined({ ...args, mirror: mirror && one(mirror), sources: (sources as unknown[] | undefined)?.map(one) });
}

/** Whether a stream is a mirror of one of another tenant, which its own tenant declares as a stream. */
export const isCopyAcross = ({ info }: LiveStream): boolean =>
  info.config.mirror !== undefined && copiedTenant(info.config.mirror) !== undefined;

/** Limits that a tenant must declare, where a stream has none. */
const withoutLimit = { maxAge: unlimited, maxBytes: unlimited };

const ofMirrors = ["maxAge", "maxMsgs", "maxMsgsPerSubject", "maxBytes", "extraConfig"];

function mirrorSpec({ config }: Info, usual: string, place: Place): Args {
  const { description = "", ...args } = argumentsOf(streamFields, config);
  return defined({
    description: description === usual ? undefined : description,
    ...Object.fromEntries(ofMirrors.map((key) => [key, { ...withoutLimit, ...args }[key]])),
    ...adoption(config, place),
  });
}

function mostOften(values: string[]): string | undefined {
  const counts = Map.groupBy(values, (value) => value);
  return [...counts.entries()].toSorted(([, left], [, right]) => right.length - left.length)[0]?.[0];
}
