import type { Tenants } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
import { copiesOf } from "../../config/assets/copies";
import { importsOf } from "../../config/assets/sharing";
import { withStandardParts } from "../../config/assets/standard-parts";
import { failoverProblems } from "../../config/rules/failover";
import { failoverKey } from "../../config/schema/failover";
import type { Environment } from "../../config/schema/settings";
import { overlaps } from "../../config/subjects";
import type { StreamRef } from "../stream/stack-account";

/** What a failover of a whole region does something about, and what it does not. */
export interface Coverage {
  streams: StreamRef[];
  /** Lines about the rest. */
  left: string[];
}

/**
 * Streams of a region that have a mirror in another one, and can fail over; the others, each with why not. Pure.
 */
export function coverageOf(environment: Environment, tenants: Tenants, region: string): Coverage {
  const { streams } = assetsOf(environment, tenants);
  const all = streams
    .filter((asset) => asset.region === region && asset.mirrorOf === undefined)
    .map(({ account, name }) => {
      const mirror = streams.find((other) => other.account === account && other.mirrorOf === name);
      const problems = mirror
        ? failoverProblems({ [failoverKey(account, name)]: { to: mirror.region, consumers: {} } }, tenants, "failover")
        : [];
      return { account, stream: name, mirror, problems };
    });
  const bare = Map.groupBy(
    all.filter(({ mirror }) => !mirror),
    ({ account }) => account,
  );
  return {
    streams: all
      .filter(({ mirror, problems }) => mirror && problems.length === 0)
      .map(({ account, stream }) => ({ account, stream })),
    left: [
      ...[...bare].map(
        ([account, some]) =>
          `without a mirror, so publishers are refused until ${region} is back: ` +
          `${account}: ${some.map(({ stream }) => stream).join(", ")}`,
      ),
      ...all.flatMap(({ account, problems }) => problems.map(({ message }) => `not covered: ${account}: ${message}`)),
    ],
  };
}

/**
 * Users that subscribe to a stream's subjects by core NATS, and tenants that import them: they get nothing while these
 * are mapped. Pure.
 */
export function unheardLines(tenants: Tenants, subjectsOf: (StreamRef & { subjects: readonly string[] })[]): string[] {
  const line = (who: string, stream: string, heard: readonly string[]) =>
    heard.length
      ? [
          `${who} gets nothing of ${stream} by core NATS on ${heard.join(", ")} until the ` +
            "failback: its messages have other subjects meanwhile",
        ]
      : [];
  return subjectsOf.flatMap(({ account, stream, subjects }) => [
    ...Object.entries(tenants[account] ? withStandardParts(tenants[account]).users : {}).flatMap(([user, spec]) => {
      const heard = [
        ...(spec.subscribes ?? []),
        ...(spec.responds?.endpoints ?? []),
        ...(spec.allow?.subscribe ?? []),
      ].filter((subject) => subjects.some((own) => overlaps(subject, own)));
      return line(`user ${user} of ${account}`, stream, heard);
    }),
    ...Object.entries(tenants).flatMap(([name, tenant]) => {
      const heard = importsOf(tenant)
        .filter(({ kind, from }) => kind === "stream" && from === account)
        .filter(({ subject }) => subjects.some((own) => overlaps(subject, own)));
      return line(
        `tenant ${name}`,
        stream,
        heard.map(({ local }) => local),
      );
    }),
    ...Object.entries(tenants).flatMap(([name, tenant]) =>
      copiesOf(tenant)
        .filter(({ from, origin }) => from === account && origin === stream)
        .map((copy) => `${copy.stream} of ${name} copies ${stream}, and gets no new messages of it until the failback`),
    ),
  ]);
}
