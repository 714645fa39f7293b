import { type ArgumentRule, type FieldsOf, rulesAbout, text } from "./argument-rule";
import type { streamShape, streamManagement } from "../schema/stream";
import { transformMistake } from "../subject-transform";

/** What the rules about one stream look at, and how they are made. */
export type StreamArguments = { name: string } & FieldsOf<typeof streamShape> & FieldsOf<typeof streamManagement>;
export type StreamRule = ArgumentRule<StreamArguments>;

export const { rule, ruleOfEach } = rulesAbout<StreamArguments>();

/** JetStream's answer to most that is wrong with a stream. */
export const invalid = 10052;

export const isSet = (value: unknown): boolean =>
  value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);

interface Transform {
  src?: string;
  dest: string;
}

/** About the destinations of transforms, each with the field that it stands in. */
export const transformRule = (
  transforms: (stream: StreamArguments) => { at: readonly PropertyKey[]; transform: Transform | undefined }[],
  error: number,
  example: Partial<StreamArguments>,
): StreamRule =>
  ruleOfEach({
    each: (stream) =>
      transforms(stream).flatMap(({ at, transform }) => {
        const mistake = transform && transformMistake(transform.src, transform.dest);
        return mistake ? [{ at, dest: transform.dest, mistake }] : [];
      }),
    at: "dest",
    when: () => true,
    found: ({ dest, mistake }) => `${text(dest)} ${mistake.found}`,
    instead: ({ mistake }) => mistake.instead,
    error,
    example,
  });
