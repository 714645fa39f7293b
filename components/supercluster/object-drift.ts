import { isObject } from "../../config/objects";
import { amountOf } from "../storage/quantity";
import { shortHash } from "../short-hash";

/** How objects in a cluster differ from what was deployed. Pure. */

/** An object as its manifest has it, or as the API server returns it. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

export interface FieldDifference {
  /** `spec.ports[0].port` */
  path: string;
  expected: unknown;
  found: unknown;
}

/** An object that is not as it was deployed. */
export interface ObjectDrift {
  kind: string;
  name: string;
  /** Undefined: the object does not exist. */
  fields?: FieldDifference[];
}

/**
 * An object with what can be compared and shown: contents of Secrets are digests (of 16 hexadecimal digits), and
 * annotations for Pulumi's provider are left out.
 */
export function comparable(object: KubeObject): KubeObject {
  const annotations = Object.entries(object.metadata.annotations ?? {}).filter(
    ([key]) => !key.startsWith("pulumi.com/"),
  );
  const shown: KubeObject = {
    ...object,
    metadata: { ...object.metadata, annotations: Object.fromEntries(annotations) },
  };
  if (object.kind !== "Secret") return shown;
  const { stringData: _, ...secret } = shown;
  const digests = Object.entries(contentOf(object)).map(([key, text]) => [key, shortHash(text)]);
  return { ...secret, data: Object.fromEntries(digests) };
}

/** A manifest as the API server keeps it: `stringData` of a Secret is only for writing. */
export function asStored(object: KubeObject): KubeObject {
  if (object.kind !== "Secret") return object;
  const { stringData: _, ...secret } = object;
  return { ...secret, data: contentOf(object) };
}

/** Of a Secret, in base64. */
function contentOf({ data, stringData }: KubeObject): Record<string, string> {
  const texts = Object.entries((stringData ?? {}) as Record<string, string>);
  const encoded = texts.map(([key, text]): [string, string] => [key, Buffer.from(text).toString("base64")]);
  return { ...(data as Record<string, string> | undefined), ...Object.fromEntries(encoded) };
}

/**
 * The fields of a manifest that a live object has otherwise. What only the live object has is ignored: the API server
 * and controllers add defaults, addresses, status. Lists have to be of the same length, in the same order.
 */
export function fieldDifferences(expected: unknown, found: unknown, path = ""): FieldDifference[] {
  if (isObject(expected) && (found === undefined || isObject(found)))
    return Object.entries(expected).flatMap(([key, value]) =>
      fieldDifferences(value, found?.[key], path ? `${path}.${key}` : key),
    );
  if (Array.isArray(expected) && Array.isArray(found) && expected.length === found.length)
    return expected.flatMap((value, index) => fieldDifferences(value, found[index], `${path}[${index}]`));
  return isSame(expected, found) ? [] : [{ path, expected, found }];
}

/** How an object differs from its manifest, both `comparable`; undefined: it does not. */
export function driftOf(expected: KubeObject, found: KubeObject | undefined): ObjectDrift | undefined {
  const { kind, metadata } = expected;
  const drift = { kind, name: metadata.name };
  if (!found) return drift;
  // It was found there; what has no namespace has none in the cluster.
  const fields = fieldDifferences({ ...expected, metadata: { ...metadata, namespace: undefined } }, found);
  return fields.length ? { ...drift, fields } : undefined;
}

/** The part of a manifest to send as a merge patch (RFC 7386) so that nothing of it differs any more. */
export const mergePatch = (expected: Record<string, unknown>, found: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(expected).flatMap(([key, value]): [string, unknown][] => {
      const live = found[key];
      if (fieldDifferences(value, live).length === 0) return [];
      return [[key, isObject(value) && isObject(live) ? mergePatch(value, live) : value]];
    }),
  );

/** `PodDisruptionBudget nats is missing`, `StatefulSet iad: spec.replicas is 2, deployed was 3`. */
export function driftText({ kind, name, fields }: ObjectDrift): string {
  if (!fields) return `${kind} ${name} is missing`;
  const texts = fields.slice(0, mostFields).map(({ path, expected, found }) => {
    if (kind === "Secret" && path.startsWith("data."))
      return `${path} ${found === undefined ? "is missing" : "differs"}`;
    return `${path} is ${text(found)}, deployed was ${text(expected)}`;
  });
  const more = fields.length - texts.length;
  return `${kind} ${name}: ${texts.join(", ")}${more > 0 ? `, and ${more} more fields` : ""}`;
}

const mostFields = 5;
const mostLetters = 80;

function text(value: unknown): string {
  if (value === undefined) return "not set";
  const json = JSON.stringify(value);
  return json.length > mostLetters ? `${json.slice(0, mostLetters)}...` : json;
}

/** Equal to the API server: it leaves out zero values, and writes ports and quantities in a form of its own. */
function isSame(expected: unknown, found: unknown): boolean {
  if (expected === found || expected === null || expected === undefined) return true;
  if (found === undefined) return isZero(expected);
  if (!isScalar(expected) || !isScalar(found)) return false;
  if (String(expected) === String(found)) return true;
  const [left, right] = [amountOf(String(expected)), amountOf(String(found))];
  return left !== undefined && right !== undefined && Math.abs(left - right) < 1e-9 * Math.max(left, right);
}

const isZero = (value: unknown): boolean =>
  value === false || value === 0 || value === "" || (Array.isArray(value) && value.length === 0);

const isScalar = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);
