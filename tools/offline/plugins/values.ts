// Property values as they travel between engine and plugin: plain JSON, with marks for what is secret or not yet known.

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** A value that is known only after the update. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export type Values = Record<string, unknown>;

/** Takes the marks of secrets off, however deep, and drops what is null: to these providers that is "not set". */
export function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  const object = value as Values;
  if (object[SIGNATURE] === SECRET) return reveal(object.value);
  return Object.fromEntries(
    Object.entries(object)
      .filter(([key, each]) => each !== null && !key.startsWith("__"))
      .map(([key, each]) => [key, reveal(each)]),
  );
}

/** Marks a value as secret. */
export function secret(value: unknown): unknown {
  return { [SIGNATURE]: SECRET, value };
}

/** Whether a secret is in a value, however deep. */
export function hasSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return (value as Values)[SIGNATURE] === SECRET || Object.values(value).some(hasSecret);
}

/** Whether something in a value is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === UNKNOWN;
  return Object.values(value).some(hasUnknown);
}
