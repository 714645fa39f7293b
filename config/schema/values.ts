import * as z from "zod";
import { isSubject } from "../subjects";
import { type Duration, type Size, toBytes, toMilliseconds } from "../units";

/** Field types that settings and tenants share; each says what it expects. */

function text<T extends string>(parse: (value: string) => unknown, example: string) {
  return z.custom<T>().superRefine((value, context) => {
    if (value === undefined)
      return context.addIssue({ code: "custom", message: `is missing; write e.g. "${example}"` });
    try {
      parse(String(value));
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
  });
}

export const duration = text<Duration>(toMilliseconds, "30s");
export const size = text<Size>(toBytes, "10GiB");

export const subject = z.string().refine(isSubject, {
  error: (issue) =>
    `${JSON.stringify(issue.input)} is not a subject; write tokens between dots, e.g. "orders.*.created" or "orders.>"`,
});

/**
 * A name that can be one token of a subject and part of a file name: account, user, region. Source: server's own
 * checks.
 */
export const token = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "write lower case letters, digits and dashes, at most 63");

/**
 * Stream and durable names: JetStream refuses white space, `.`, `*`, `>`, `/` and `\` (errors 10052, 10017), and over
 * 255 characters.
 */
export const assetName = z
  .string()
  .regex(/^[^\s.*>/\\]{1,255}$/, "write no white space and none of . * > / \\, at most 255 characters");

export const count = z.int().min(1);

/** A point in time, RFC 3339. */
export const startTime = z.iso.datetime({
  offset: true,
  error: 'write a time as RFC 3339 has it, e.g. "2026-01-31T00:00:00Z"',
});

const reserved = /^(_nats|supercluster\.|io\.nats\.monitor\.)/;

/** Labels on streams and consumers. */
export const metadata = z.record(
  z
    .string()
    .min(1)
    .refine((key) => !reserved.test(key), {
      error: (issue) =>
        `${JSON.stringify(issue.input)} begins with a name that servers or this program use; choose another`,
    }),
  z.string(),
);

/** JetStream's names of arguments that have another one here, beside the spelling. */
const otherNames = {
  name: "name",
  durable_name: "name",
  num_replicas: "replicas",
  placement: "region or placementTags",
};

/** Fields of JetStream's JSON that no argument stands for. `shape`: the arguments there are. */
export function extraFields(shape: object) {
  const known = new Map([
    ...Object.keys(shape).map((arg): [string, string] => [
      arg.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      arg,
    ]),
    ...Object.entries(otherNames),
  ]);
  const name = z
    .string()
    .min(1)
    .refine((key) => !known.has(key), {
      error: ({ input }) => `${JSON.stringify(input)} has an argument of its own; write ${known.get(input as string)!}`,
    });
  return z.record(name, z.json());
}
