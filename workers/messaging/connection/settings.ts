import * as fs from "node:fs";
import * as z from "zod";
import { allSettings, type Environment, readSettings } from "../settings";

/** How to connect; every worker process reads it from its environment. */
export interface ConnectionSettings {
  /** `NATS_URL`, separated by commas. Default: `nats://localhost:4222`. */
  servers: string[];
  /** `NATS_USER` and `NATS_PASSWORD`. */
  user?: string;
  password?: string;
  /** `NATS_NKEY_SEED`: seed of the user's nkey (`SU...`), or the path of a file with it. */
  nkeySeed?: string;
  /** `NATS_TOKEN`. */
  token?: string;
  /** `NATS_CERTIFICATE` and `NATS_PRIVATE_KEY`: PEM, by which TLS logs in, or the paths of files with them. */
  certificate?: string;
  privateKey?: string;
  /** `NATS_CREDS`: text of a credentials file, or its path. */
  creds?: string;
  /** `NATS_CA`: certificates of the CAs to trust, PEM, or the path of a file with them. Default: those of Node.js. */
  ca?: string;
  /** `NATS_INBOX_PREFIX`: of the subjects on which answers come; what the user may subscribe to. Default: `_INBOX`. */
  inboxPrefix?: string;
}

/** The text of a variable, or of the file whose path it is. */
const textOrFile = (form: RegExp, what: string) =>
  z.string().transform((value, context) => {
    if (form.test(value)) return value;
    try {
      const text = fs.readFileSync(value, "utf8");
      if (form.test(text)) return text;
      context.addIssue(`the file is something else: expected ${what}`);
    } catch (error) {
      context.addIssue(`expected ${what}, or the path of a file with it (${(error as NodeJS.ErrnoException).code})`);
    }
    return z.NEVER;
  });

const server = z.string().superRefine((text, context) => {
  const url = URL.parse(text.includes("://") ? text : `nats://${text}`);
  if (!url?.hostname || !["nats:", "tls:"].includes(url.protocol))
    context.addIssue('expected URLs such as "nats://host:4222" or "tls://host:4222", separated by commas');
  else if (url.username || url.password)
    context.addIssue("a URL must not have a user or password: write NATS_USER and NATS_PASSWORD, or NATS_TOKEN");
});

const variables = z.object({
  NATS_URL: z
    .string()
    .default("nats://localhost:4222")
    .transform((text) => text.split(",").flatMap((part) => part.trim() || []))
    .pipe(z.array(server).min(1, "expected at least one URL")),
  NATS_USER: z.string().optional(),
  NATS_PASSWORD: z.string().optional(),
  NATS_TOKEN: z.string().optional(),
  NATS_NKEY_SEED: textOrFile(/^\s*SU[A-Z2-7]{56}\s*$/, "the seed of a user's nkey (SU and 56 letters and digits)")
    .transform((text) => text.trim())
    .optional(),
  NATS_CERTIFICATE: textOrFile(/BEGIN CERTIFICATE/, "a certificate in PEM").optional(),
  NATS_PRIVATE_KEY: textOrFile(/BEGIN [A-Z ]*PRIVATE KEY/, "a private key in PEM").optional(),
  NATS_CREDS: textOrFile(/BEGIN NATS USER JWT/, "the text of a credentials file").optional(),
  NATS_CA: textOrFile(/BEGIN CERTIFICATE/, "certificates in PEM").optional(),
  NATS_INBOX_PREFIX: z
    .string()
    .regex(/^[^\s.*>]+(\.[^\s.*>]+)*$/, 'expected a subject without wildcards, such as "_INBOX_worker"')
    .optional(),
});

const text = z.string().optional();

/** What relates variables; checked apart from each of them, so that all mistakes are reported. */
const login = z
  .object({
    ...{ NATS_USER: text, NATS_PASSWORD: text, NATS_NKEY_SEED: text, NATS_TOKEN: text, NATS_CREDS: text },
    ...{ NATS_CERTIFICATE: text, NATS_PRIVATE_KEY: text },
  })
  .superRefine(({ NATS_PASSWORD, NATS_PRIVATE_KEY, ...named }, context) => {
    const { NATS_USER, NATS_CERTIFICATE } = named;
    const problem = (name: string, message: string) => context.addIssue({ code: "custom", path: [name], message });
    if (NATS_USER && !NATS_PASSWORD) problem("NATS_PASSWORD", "expected the password of NATS_USER");
    if (NATS_PASSWORD && !NATS_USER) problem("NATS_USER", "expected the user of NATS_PASSWORD");
    if (NATS_CERTIFICATE && !NATS_PRIVATE_KEY) problem("NATS_PRIVATE_KEY", "expected the key of NATS_CERTIFICATE");
    if (NATS_PRIVATE_KEY && !NATS_CERTIFICATE) problem("NATS_CERTIFICATE", "expected the certificate of the key");
    const ways = Object.entries(named).filter(([, value]) => value);
    if (ways.length > 1)
      problem(ways[0]![0], `expected one way to log in, found ${ways.map(([name]) => name).join(" and ")}`);
  });

/**
 * Reads `NATS_URL`, `NATS_USER`, `NATS_PASSWORD`, `NATS_NKEY_SEED`, `NATS_TOKEN`, `NATS_CERTIFICATE`,
 * `NATS_PRIVATE_KEY`, `NATS_CREDS`, `NATS_CA` and `NATS_INBOX_PREFIX`.
 *
 * @throws SettingsError with every mistake
 */
export function connectionSettings(env: Environment): ConnectionSettings {
  const { read } = allSettings({
    read: () => readSettings(variables, env),
    login: () => readSettings(login, env),
  });
  return {
    servers: read.NATS_URL,
    user: read.NATS_USER,
    password: read.NATS_PASSWORD,
    nkeySeed: read.NATS_NKEY_SEED,
    token: read.NATS_TOKEN,
    certificate: read.NATS_CERTIFICATE,
    privateKey: read.NATS_PRIVATE_KEY,
    creds: read.NATS_CREDS,
    ca: read.NATS_CA,
    inboxPrefix: read.NATS_INBOX_PREFIX,
  };
}
