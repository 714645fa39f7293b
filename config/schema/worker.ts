import * as z from "zod";
import { strictObject } from "../problems";
import { cpu, objectName } from "./kubernetes-values";
import { assetName, count, duration, size, token } from "./values";

/** Variables that a worker gets from this program: its connection, and what follows from its other fields. */
const derived = /^(NATS_.*|HEALTH_HOST|HEALTH_PORT|SHUTDOWN_GRACE|PORT)$/;

/** Names that a password, key or token has. */
const secretName =
  /(PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|PRIVATE_KEY|API_KEY|CREDENTIALS|DATABASE_URL|REDIS_URL|RPC_URL)$/;

/** A URL with a password, or a private key. */
const secretValue = /:\/\/[^/\s:@]*:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/**
 * Environment variables in plain text. Neither those that this program sets nor secrets, by their names or values:
 * those come from Secrets.
 */
export const variables = z
  .record(
    z.string().regex(/^[A-Z_][A-Z0-9_]*$/, "write upper case letters, digits and _, e.g. SMTP_HOST"),
    z.string({ error: "write text, in quotes" }),
  )
  .superRefine((given, context) => {
    for (const [name, value] of Object.entries(given)) {
      if (derived.test(name))
        context.addIssue({ code: "custom", path: [name], message: "is set by this program; leave it out" });
      else if (secretName.test(name) || secretValue.test(value))
        context.addIssue({
          code: "custom",
          path: [name],
          message: "is a secret, and would be plain text here; name the Secret that has it in secrets",
        });
    }
  });

/**
 * A process that takes messages out, or puts them in: `workers/<system>/main.ts <name>`. Where it runs: in each of its
 * regions, as a Deployment where the environment has `kubernetes.workers`, and as a process of this machine with
 * `npm start -- --with-workers`. docs/workers.md.
 */
export const workerSpec = strictObject({
  description: z.string().optional(),
  /** Folder of `workers/` that has its program. Default: the tenant's name. */
  system: token.optional(),
  /** User that it logs in as. Default: the user of its name, else the one that consumes its durable. */
  user: token.optional(),
  /** Durables that it reads, which its user consumes. Default: the durable of its name, where there is one. */
  durables: z.array(assetName).min(1).optional(),
  /** Regions that it runs in. A push durable has one. Default: the tenant's home. */
  regions: z.array(token).min(1).optional(),
  /** How many run in each region, at least. A push durable has one. Default: 1. */
  replicas: count.optional(),
  /** How many run in each region at most, as the messages that wait for its durables require. Default: `replicas`. */
  maximum: count.optional(),
  /** Messages that wait for a durable, or for their acknowledgement, for each that runs. Default: 100. */
  lagPerReplica: count.optional(),
  /** What one gets on Kubernetes. Its memory limit is its request. Default: 100m of CPU without limit, 256MiB. */
  resources: strictObject({ cpu: cpu.optional(), cpuLimit: cpu.optional(), memory: size.optional() }).optional(),
  /**
   * Time to finish what it handles when it is stopped. At least as long as a durable waits for an acknowledgement
   * (`ackWait`, or the longest of `backoff`). Default: that and 5s; 30s without a durable.
   */
  grace: duration.optional(),
  /** Its environment variables, in every environment. Those of one environment: `kubernetes.workers.environment`. */
  environment: variables.optional(),
  /**
   * Secrets of its namespace whose keys are environment variables of it, e.g. DATABASE_URL. They must exist:
   * Kubernetes starts no pod without them.
   */
  secrets: z.array(objectName).optional(),
  /** TCP port that it serves beside 8080, its variable PORT: gets a Service of its name. Default: none. */
  port: z.int().min(1024, "write a port from 1024 to 65535").max(65535, "write a port from 1024 to 65535").optional(),
});

export type WorkerSpec = z.infer<typeof workerSpec>;
