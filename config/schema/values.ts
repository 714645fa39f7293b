import * as z from "zod";
import { isSubject } from "../subjects";
import {
  assertDuration,
  assertSize,
  type Duration,
  type DurationLimit,
  type Size,
  type SizeLimit,
  unlimited,
} from "../units";

/** Field types that settings and tenants share; the message of each names what it expects. */

/** `instead`: what else may be written. */
function text<T extends string>(assertValid: (value: string) => void, example: string, instead?: typeof unlimited) {
  const or = instead ? `, or "${instead}"` : "";
  return z.custom<T>().superRefine((value, context) => {
    if (instead !== undefined && value === (instead as string)) return;
    if (value === undefined)
      return context.addIssue({ code: "custom", message: `is missing; write e.g. "${example}"${or}` });
    try {
      assertValid(value);
    } catch (error) {
      const { message } = error as Error;
      // No limit may be meant by one that is too large, hardly by another spelling.
      context.addIssue({ code: "custom", message: message + (message.endsWith("or less") ? or : "") });
    }
  });
}

export const duration = text<Duration>(assertDuration, "30s");
export const size = text<Size>(assertSize, "10GiB");

/** Limits that must be written even where there is none: an age, bytes. */
export const durationLimit = text<DurationLimit>(assertDuration, "7d", unlimited);
export const sizeLimit = text<SizeLimit>(assertSize, "10GiB", unlimited);
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

/** A whole number of 1 or more. 0 and -1 mean "no limit" to JetStream, which here is a field that is left out. */
export const count = z.int({ error: notACount }).min(1, { error: notACount });

function notACount({ input }: { input?: unknown }): string {
  if (input === undefined) return "write a whole number of 1 or more";
  const meansNone = input === 0 || input === -1;
  return `write a whole number of 1 or more${meansNone ? ", or leave it out" : ""}`;
}

/** A count that is a limit, `"unlimited"` where there is to be none. */
export const countLimit = z.custom<number | typeof unlimited>(
  (value) => value === unlimited || count.safeParse(value).success,
  { error: ({ input }) => `${JSON.stringify(input)}: write a whole number of 1 or more, or "${unlimited}"` },
);

/**
 * A DNS name of lower-case labels. Addresses are made of it, as `gateway-0.iad.<name>`, and certificates are issued for
 * them (RFC 1035; RFC 1123 allows digits first).
 */
export const dnsName = z.custom<string>().superRefine((value, context) => {
  if (typeof value === "string" && isDnsName(value)) return;
  const meant = dnsNameIn(value);
  context.addIssue({
    code: "custom",
    message:
      value === undefined
        ? 'is missing; write a DNS name, e.g. "nats.example.com"'
        : `${JSON.stringify(value)} is not a DNS name; write "${meant ?? "nats.example.com"}"`,
  });
});

const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether the text can be one part of a host name. */
export const isDnsLabel = (value: string): boolean => dnsLabel.test(value);

/** At most 253 characters. */
const isDnsName = (value: string): boolean => value.length <= 253 && value.split(".").every(isDnsLabel);

/** The DNS name in a URL, a wildcard, a host with a port, or in upper case. */
function dnsNameIn(value: unknown): string | undefined {
  const host = String(value)
    .toLowerCase()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, "")
    .replace(/[/:?#].*$/, "");
  const name = host.replace(/^(\*?\.)+|\.+$/g, "");
  return isDnsName(name) ? name : undefined;
}

/** Who may connect, as IPv4 ranges. Security groups of AWS refuse addresses with bits after the mask. */
export const sourceRanges = z.array(
  z
    .cidrv4({ error: 'write an IPv4 range, e.g. "10.0.0.0/8"', abort: true })
    .refine((range) => networkOf(range) === range, {
      abort: true,
      error: ({ input }) =>
        `${JSON.stringify(input)} has bits after its mask; write ${JSON.stringify(networkOf(input as string))}`,
    }),
);

/** The network of a range: `10.1.2.3/8` is in `10.0.0.0/8`. */
function networkOf(range: string): string {
  const [address = "", length = ""] = range.split("/");
  const octets = address.split(".").map((octet, index) => {
    const kept = Math.min(8, Math.max(0, Number(length) - 8 * index));
    return Number(octet) & (256 - 2 ** (8 - kept));
  });
  return `${octets.join(".")}/${length}`;
}

/** Whether all addresses of one IPv4 range are in the other: those of `10.20.0.0/16` are in `10.0.0.0/8`. */
export function isRangeWithin(inner: string, outer: string): boolean {
  const [address = "", length = ""] = inner.split("/");
  const outerLength = outer.split("/")[1] ?? "";
  return Number(length) >= Number(outerLength) && networkOf(`${address}/${outerLength}`) === outer;
}

/** A tag of a server. Servers turn tags into lower case (jwt's TagList); a `!` is how a stream excludes one. */
export const serverTag = z
  .string()
  .regex(/^[a-z0-9][a-z0-9:._/=-]*$/, 'write lower case letters, digits and : . _ / = -, e.g. "az:us-east-1a"');

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
