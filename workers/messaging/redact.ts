/** Names of fields and variables whose values are secrets: `password`, `NATS_TOKEN`, `x-api-key`, `clientSecret`. */
const secretWords = [
  "pass",
  "password",
  "sslpassword",
  "passwd",
  "passphrase",
  "secret",
  "token",
  "creds",
  "credentials",
  "authorization",
  "cookie",
  "api[-_]?key",
  "private[-_]?key",
  "nkey",
  "seed",
  // Providers of blockchain nodes have the key in the path.
  "rpc[-_]?url",
].join("|");
const wholeOrLast = new RegExp(`(^|[-_.])(${secretWords})$`, "i");
const lastInCamelCase = /[a-z](Pass|Password|Passwd|Passphrase|Secret|Token|Creds|Credentials|Cookie|ApiKey|Seed)$/;

/** Whether the value of a field or variable of this name is a secret. */
export const isSecretName = (name: string): boolean => wholeOrLast.test(name) || lastInCamelCase.test(name);

/** What stands instead of a secret. */
const redacted = "[redacted]";

const mayHaveSecret = new RegExp(secretWords, "i");

/** A line of JSON with `[redacted]` for every field with a secret's name, at any depth. */
export function redactFields(line: string): string {
  if (!mayHaveSecret.test(line)) return line;
  const end = line.endsWith("\n") ? "\n" : "";
  return JSON.stringify(JSON.parse(line), (name, value: unknown) => (isSecretName(name) ? redacted : value)) + end;
}

/** `//user:password@host`, in text or in a URL. */
const urlCredentials = /(\/\/)[^/\s"@\\]*:[^/\s"@\\]*@/g;

/** `?password=...`, `&access_token=...`, in text or in a URL. */
const parameter = /([?&])([\w.-]+)=([^&#\s"\\,]+)/g;

/** `Bearer ...`, `Basic ...`. */
const authorization = /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/g;

/**
 * Removes secrets from text, such as an error's message: credentials in URLs, parameters of URLs with a secret's name,
 * `Authorization` headers, and the given values wherever they stand. JSON stays valid if the values are those of
 * `secretsOf`.
 */
export function redactText(text: string, values: readonly string[] = []): string {
  const known = values.reduce((rest, value) => rest.replaceAll(value, redacted), text);
  return known
    .replace(urlCredentials, `$1${redacted}@`)
    .replace(parameter, (whole, mark: string, name: string) =>
      isSecretName(name) ? `${mark}${name}=${redacted}` : whole,
    )
    .replace(authorization, `$1 ${redacted}`);
}

/** Shorter ones stand in too much that is no secret. */
const shortestSecret = 6;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Values in environment variables that must not be logged, in the forms in which they stand in JSON and in URLs: those
 * of variables with a secret's name (of URLs their paths, too), and passwords in URLs. Those shorter than 6 characters
 * are left out.
 */
export const secretsOf = (env: Environment): string[] => ordered(valuesOf(env).flatMap(inJsonAndUrls));

/**
 * Text without secrets, to be stored or published where more people read it than the environment of this process:
 * without credentials in URLs and `Authorization` headers, and without the secrets of the environment variables.
 */
export const withoutSecrets = (text: string, env: Environment = process.env): string =>
  redactText(text, ordered(valuesOf(env).flatMap((value) => [value, ...inJsonAndUrls(value)])));

/** The same of an error's name, message and stack. */
export function errorWithoutSecrets(error: Error): Error {
  const [message, stack] = [withoutSecrets(error.message), error.stack && withoutSecrets(error.stack)];
  if (message === error.message && stack === error.stack) return error;
  return Object.assign(new Error(message), { name: error.name, stack });
}

function valuesOf(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, value = ""]) => {
    const inUrls = [...value.matchAll(/\/\/[^/@\s:]*:([^/@\s]+)@/g)].map(([, password = ""]) => password);
    const inParameters = [...value.matchAll(parameter)].flatMap(([, , key = "", text = ""]) =>
      isSecretName(key) ? [text] : [],
    );
    const passwords = [...inUrls, ...inParameters];
    return [...(isSecretName(name) ? [value, ...partsOfUrls(value)] : []), ...passwords, ...passwords.map(decoded)];
  });
}

/** Each URL of a list, and what stands behind its host: requests are reported without it. */
const partsOfUrls = (value: string): string[] =>
  value.split(/[\s,]+/).flatMap((text) => {
    const url = /^[a-z][a-z+]*:\/\//.test(text) ? URL.parse(text) : null;
    return url ? [text, url.pathname + url.search] : [];
  });

const inJsonAndUrls = (secret: string): string[] => [JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];

/** The longest first: one may be part of another. */
const ordered = (forms: readonly string[]): string[] =>
  [...new Set(forms)].filter(({ length }) => length >= shortestSecret).sort((a, b) => b.length - a.length);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
