import { failoverToken } from "../../workers/messaging/contract";
import type { StreamAsset } from "./asset";
import type { Mapped } from "./mappings";

/**
 * Subjects of a stream that has failed over. Its publishers keep theirs: the servers of every region map them to these
 * (`mappings` of the account), the promoted mirror captures these, and renames what it stores back. So the lost stream,
 * which nothing can change, keeps its subjects too. Pure.
 */

/** The subject by which the stream's promoted mirror gets a subject. */
export const failoverSubject = (stream: string, subject: string): string => `${failoverToken}.${stream}.${subject}`;

/** Renames what the promoted mirror of a stream stores as its publishers named it. */
export const failoverTransform = (stream: string) => ({ src: failoverSubject(stream, ">"), dest: ">" });

/** Mappings of a stream's account while it has failed over: subject to subject, as servers write them. */
export function failoverMappings(stream: string, subjects: readonly string[]): Record<string, string> {
  const destination = (subject: string) => {
    let wildcards = 0;
    return subject.replaceAll("*", () => `{{wildcard(${++wildcards})}}`);
  };
  return Object.fromEntries(subjects.map((subject) => [subject, failoverSubject(stream, destination(subject))]));
}

/** Streams of an account that may fail over: those with a mirror. */
export const mirroredStreams = (streams: readonly StreamAsset[]): StreamAsset[] =>
  streams.filter(({ account, name }) => streams.some((other) => other.account === account && other.mirrorOf === name));

/**
 * What failovers of these streams would map. Users may publish it from the first day on, as nothing can be deployed to
 * a region that is lost.
 */
export const mappedByFailovers = (streams: readonly StreamAsset[]): Mapped[] =>
  streams.flatMap(({ name, spec }) =>
    Object.entries(failoverMappings(name, spec.subjects)).map(([from, to]) => ({ from, to })),
  );
