import * as z from "zod";

/*
 * Pieces of the schemas of environment variables that several systems need.
 */

export const text = (pattern: RegExp, expected: string) => z.string({ error: expected }).regex(pattern, expected);

/** A URL that begins with one of `protocols`, such as `https://`. */
export const url = (protocols: readonly string[]) => {
  const expected = `expected a URL that begins with ${protocols.join(" or ")}`;
  return z.string({ error: expected }).refine((value) => {
    const { protocol, hostname } = URL.parse(value) ?? {};
    return Boolean(hostname) && protocols.includes(`${protocol}//`);
  }, expected);
};

export const oneOf = <T extends string>(first: T, second: T) =>
  z.enum([first, second], { error: `expected ${first} or ${second}` });

export const wholeNumber = (least: number, most: number) => {
  const expected = `expected a whole number from ${least} to ${most}`;
  return text(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((value) => value >= least && value <= most, expected);
};

export const certificates = text(/-----BEGIN CERTIFICATE-----/, "expected certificates in PEM").optional();

/** What the schemas of several parts make of the environment, by name; all their mistakes are reported together. */
export const together = <S extends Record<string, z.ZodType>>(schemas: S) =>
  z.unknown().transform((env, context) => {
    const read = Object.entries(schemas).map(([name, schema]) => {
      const { data, error } = schema.safeParse(env);
      for (const { path, message } of error?.issues ?? []) context.addIssue({ code: "custom", path, message });
      return [name, data] as const;
    });
    return Object.fromEntries(read) as { [K in keyof S]: z.output<S[K]> };
  });
