import { destinationSubject, isRenamedAway } from "../../subject-transform";
import { covers, overlaps } from "../../subjects";
import { invalidConfig, pedanticMode } from "../error-codes";
import { text } from "../messages";
import { entries } from "./argument-rule";
import { isSet, rule, ruleOfEach, type StreamArguments, type StreamRule, transformRule } from "./stream-rule";

/** Rules about the subjects in one stream's arguments: what it captures, renames and publishes again. See stream.ts. */

/** The servers' own subjects, and the parts of them that a stream may capture: advisories. */
const systemSubjects = ["$JS.>", "$JSC.>", "$NRG.>", "$SYS.>"];
const capturable = ["$JS.EVENT.>", "$SYS.ACCOUNT.>"];

/** Where the answers of requests arrive. */
const isInbox = (subject: string): boolean => subject.startsWith("_INBOX");

const subjectsOf = ({ subjects, noAck }: StreamArguments) =>
  entries("subjects", subjects).map((entry) => ({ ...entry, noAck }));

const subjects: StreamRule[] = [
  ruleOfEach({
    each: subjectsOf,
    at: "",
    when: ({ value, noAck }) =>
      !noAck &&
      systemSubjects.some((system) => overlaps(system, value)) &&
      !capturable.some((outer) => covers(outer, value)),
    found: ({ value }) => `${text(value)} includes subjects of the servers ($JS, $SYS)`,
    instead: "begin with a token of your own",
    error: invalidConfig,
    example: { subjects: ["$JS.API.>"] },
  }),
  ruleOfEach({
    each: subjectsOf,
    at: "",
    when: ({ value, noAck }) => !noAck && isInbox(value),
    found: ({ value }) =>
      `${text(value)} includes inboxes, so every answer would be answered by JetStream's acknowledgement`,
    instead: "begin with a token of your own",
    example: { subjects: ["_INBOX.>"] },
  }),
  rule({
    at: "replicas",
    when: ({ subjects, noAck, replicas = 1 }) => noAck && subjects?.includes(">") && replicas > 1,
    found: 'must be 1 for a stream that captures all subjects (">")',
    instead: "write 1, or narrower subjects",
    error: invalidConfig,
    example: { subjects: [">"], noAck: true, replicas: 3 },
  }),
  ruleOfEach({
    each: subjectsOf,
    at: "",
    when: ({ value, earlier }) => earlier.some((other) => overlaps(other, value)),
    found: ({ value, earlier }) =>
      `${text(value)} overlaps ${text(earlier.find((other) => overlaps(other, value)))} of the same stream`,
    instead: "leave one out",
    error: invalidConfig,
    example: { subjects: ["example.>", "example.*"] },
  }),
  transformRule(({ subjectTransform }) => [{ at: ["subjectTransform"], transform: subjectTransform }], 10156, {
    subjectTransform: { src: "example.*", dest: "copy.{{wildcard(2)}}" },
  }),
  rule({
    at: "subjectTransform.src",
    when: ({ subjectTransform: transform, subjects, sources, mirror }) =>
      transform?.src &&
      isSet(subjects) &&
      !isSet(sources) &&
      !isSet(mirror) &&
      !subjects!.some((subject) => overlaps(subject, transform.src!)),
    found: ({ subjectTransform }) =>
      `${text(subjectTransform!.src)} matches none of the stream's subjects, so nothing would be renamed`,
    instead: ({ subjects }) => `write one of ${subjects!.join(", ")}`,
    example: { subjectTransform: { src: "other.>", dest: "copy.>" } },
  }),
];

const republished: StreamRule[] = [
  rule({
    at: "republish.src",
    when: ({ republish }) => republish && republish.src === undefined,
    found: "is missing",
    instead: 'write ">" for all of the stream\'s subjects',
    error: pedanticMode,
    example: { republish: { dest: "copy.>" } },
  }),
  rule({
    at: "republish.src",
    when: ({ republish, subjects, sources, subjectTransform }) =>
      republish?.src &&
      isSet(subjects) &&
      !isSet(sources) &&
      !subjectTransform &&
      !subjects!.some((subject) => overlaps(subject, republish.src!)),
    found: ({ republish }) =>
      `${text(republish!.src)} matches none of the stream's subjects, so nothing would be republished`,
    instead: ({ subjects }) => `write one of ${subjects!.join(", ")}, or ">"`,
    example: { republish: { src: "other.>", dest: "copy.>" } },
  }),
  rule({
    at: "republish.src",
    when: ({ republish, ...stream }) => republish?.src && isRenamedAway(stream, republish.src),
    found: ({ republish }) =>
      `${text(republish!.src)} matches only what subjectTransform renames before it is republished, ` +
      "so nothing would be republished",
    instead: ({ subjectTransform }) => `write ${text(destinationSubject(subjectTransform!.dest))}, or ">"`,
    example: {
      subjectTransform: { src: "example.*", dest: "kept.{{wildcard(1)}}" },
      republish: { src: "example.a", dest: "copy.a" },
    },
  }),
  rule({
    at: "republish.dest",
    when: ({ republish, subjects }) => republish && subjects?.some((subject) => overlaps(subject, republish.dest)),
    found: ({ republish, subjects }) =>
      `${text(republish!.dest)} would be stored by the stream again (${subjects!.join(", ")})`,
    instead: "republish on subjects that are not its own",
    error: invalidConfig,
    example: { republish: { src: ">", dest: "example.>" } },
  }),
  transformRule(({ republish }) => [{ at: ["republish"], transform: republish }], invalidConfig, {
    republish: { src: "example.*", dest: "copy.{{wildcard(2)}}" },
  }),
];

export const subjectRules: readonly StreamRule[] = [...subjects, ...republished];
