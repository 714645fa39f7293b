import { renamedFields } from "../../config/schema/bucket";
import type * as z from "zod";
import { errorsByField } from "../../config/rules/arguments/argument-rule";
import { consumerArgumentRules } from "../../config/rules/arguments/consumer";
import { exampleConsumer } from "../../config/rules/arguments/consumer-rule";
import { streamArgumentRules } from "../../config/rules/arguments/stream";
import { exampleStream } from "../../config/rules/arguments/stream-rule";
import type { Field, Refusal } from "../../jetstream/fields";
import { always } from "../../jetstream/fields/refusals";
import { type LossRule, streamLosses } from "../../jetstream/losses";
import { type AssetKind, consumerKind, streamKind } from "../../jetstream/kinds";
import { pullSchema, pushSchema, streamSchema } from "../../jetstream/schemas";
import { type Comment, commentsOf, type Tags } from "./comments";

/**
 * Everything the program knows about one argument: its comment, its rows in the tables of fields and losses, its
 * schema.
 */
export interface Argument {
  /** Dotted where it is part of another. */
  name: string;
  /** What it means, without the tags. */
  comment: string;
  tags: Tags;
  /** None where the server's configuration has no such field. */
  rows: Field[];
  losses: LossRule[];
  /** Error codes of the rules about it (config/rules/arguments). */
  errors: number[];
  /** Changes of it that are refused. */
  refusals: Refusal[];
  /** The arguments that it is part of; they change, or do not, as a whole. */
  partOf: string[];
  /** None of a part. */
  schema?: z.ZodType;
}

export interface Table {
  title: string;
  intro?: string;
  arguments: Argument[];
}

const comments = {
  ...commentsOf("jetstream/schemas.ts"),
  ...commentsOf("config/schema/stream.ts"),
  ...commentsOf("config/schema/consumer.ts"),
};

interface Resource {
  kind: AssetKind;
  losses: LossRule[];
  errors: Map<string, number[]>;
  shape: Record<string, z.ZodType>;
}

const serverErrors = {
  stream: errorsByField(streamArgumentRules, exampleStream),
  consumer: errorsByField(consumerArgumentRules, exampleConsumer),
};

/** What the program takes, whole. */
export const resources = {
  stream: { kind: streamKind, losses: streamLosses, errors: serverErrors.stream, shape: streamSchema.shape },
  pull: { kind: consumerKind, losses: [], errors: serverErrors.consumer, shape: pullSchema.shape },
  push: { kind: consumerKind, losses: [], errors: serverErrors.consumer, shape: pushSchema.shape },
} satisfies Record<string, Resource>;
const { stream, pull, push } = resources;

const argumentsOf = ({ kind, losses, errors, shape }: Resource, list: Comment[]): Argument[] =>
  list.flatMap(({ name, text, tags, properties }) => {
    const rows = kind.fields.filter(({ arg }) => arg === name);
    const isIdentity = kind.identity.some((part) => part === name);
    const refusals = isIdentity
      ? always({ reason: `it would be another ${kind.what}` })
      : rows.flatMap(({ refused }) => refused ?? []);
    return [
      {
        name,
        comment: text,
        tags,
        rows,
        losses: losses.filter(({ change }) => change === name),
        errors: errors.get(name) ?? [],
        refusals,
        partOf: [],
        schema: shape[name],
      },
      ...parts(errors, name, properties),
    ];
  });

/** Parts of an argument, or of each of several that are alike (`partOf`): the page then has them once, as `whole`. */
const parts = (
  errors: Map<string, number[]>,
  whole: string,
  list: Comment[],
  partOf = [whole],
  path: string[] = [],
): Argument[] =>
  list.flatMap(({ name, text, tags, properties }) => {
    const at = [...path, name];
    const codes = new Set(partOf.flatMap((argument) => errors.get([argument, ...at].join(".")) ?? []));
    return [
      {
        name: [whole, ...at].join("."),
        comment: text,
        tags,
        rows: [],
        losses: [],
        errors: [...codes].sort((a, b) => a - b),
        refusals: [],
        partOf,
      },
      ...parts(errors, whole, properties, partOf, at),
    ];
  });

const copies = ["mirror", "sources"];
const isCopied = ({ name }: Comment): boolean => copies.includes(name);
const withoutParts = (comment: Comment): Comment => ({ ...comment, properties: [] });
const ofStreams = comments.streamShape!;

/**
 * The tables of all arguments, in the page's order. An argument that is new in a schema is in one of them by itself.
 */
export const tables: Table[] = [
  { title: "Stream: which, and where", arguments: argumentsOf(stream, comments.streamSchema!) },
  {
    title: "Stream: its configuration",
    arguments: argumentsOf(
      stream,
      ofStreams.filter((comment) => !isCopied(comment)),
    ),
  },
  {
    title: "Stream: mirrors and sources",
    intro: "A `mirror` and each of the `sources` is the name of a stream, or an object (`origin` below).",
    arguments: [
      ...argumentsOf(stream, ofStreams.filter(isCopied).map(withoutParts)),
      ...parts(serverErrors.stream, "origin", comments.streamSource!, copies),
    ],
  },
  { title: "Stream: how the program treats it", arguments: argumentsOf(stream, comments.streamManagement!) },
  { title: "Consumer: which, and what it gets", arguments: argumentsOf(pull, comments.ofConsumers!) },
  { title: "Consumer: its configuration", arguments: argumentsOf(pull, comments.consumerShape!) },
  {
    title: "Consumer: pull",
    intro: "Its clients ask for messages.",
    arguments: argumentsOf(pull, comments.pullShape!),
  },
  {
    title: "Consumer: push",
    intro: "It sends messages to a subject.",
    arguments: argumentsOf(push, comments.pushShape!),
  },
  { title: "Consumer: how the program treats it", arguments: argumentsOf(pull, comments.consumerManagement!) },
];

/** An argument of a bucket, and the fields of the stream that it sets. */
export interface BucketArgument {
  name: string;
  comment: string;
  tags: Tags;
  becomes: string[];
  /** The first of these fields. */
  field: Argument;
}

/** A bucket takes some fields of streams as they are, without a comment of its own. */
const ofBuckets = (list: Comment[]): BucketArgument[] =>
  list.map(({ name, text, tags }) => {
    const becomes = [...((renamedFields as Record<string, readonly string[]>)[name] ?? [name])];
    const field = argumentsOf(stream, ofStreams).find((argument) => argument.name === becomes[0])!;
    return { name, comment: text || field.comment, tags, becomes, field };
  });

const inBuckets = commentsOf("config/schema/bucket.ts");
export const buckets = {
  both: ofBuckets(inBuckets.ofBuckets!),
  keyValue: ofBuckets(inBuckets.keyValueShape!),
  /** What tenants say beside that. */
  tenants: inBuckets.ofTenants!,
};
