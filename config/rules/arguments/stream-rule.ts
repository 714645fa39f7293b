import type { streamManagement, streamShape } from "../../schema/stream";
import { transformMistake } from "../../subject-transform";
import { text } from "../messages";
import { type ArgumentRule, type PartialOfShape, rulesAbout } from "./argument-rule";

/** What the rules about one stream check: its arguments, all but the name optional. */
export type StreamArguments = { name: string } & PartialOfShape<typeof streamShape> &
  PartialOfShape<typeof streamManagement>;
export type StreamRule = ArgumentRule<StreamArguments>;

export const { rule, ruleOfEach } = rulesAbout<StreamArguments>();

/** A stream with nothing wrong: the rules' examples are changes of it. */
export const exampleStream: StreamArguments = { name: "EXAMPLE", subjects: ["example.>"] };

export const isSet = (value: unknown): boolean =>
  value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);

interface Transform {
  src?: string;
  dest: string;
}

/** A rule about the destinations of transforms, each with the field that it stands in. */
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
