import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "./limits";
import { claimPorts } from "./ports";
import { runFolder } from "./run";
import { testTool } from "./tools";

/** A server that speaks S3's protocol, and a bucket in it. */
export interface S3Server {
  /** `s3://<bucket>/<prefix>` */
  place: string;
  /** Environment variables with which the AWS SDK finds it and logs in. */
  env: Record<string, string>;
  /** Folder with the bucket's objects as files. */
  folder: string;
  stop(): Promise<void>;
}

/** Starts a server on 127.0.0.1; its variables are this process's own until it stops. */
export async function startS3(): Promise<S3Server> {
  const root = fs.mkdtempSync(path.join(runFolder, "s3-"));
  const [port, user, password] = [await claimPorts(), "test", randomBytes(16).toString("hex")];
  for (const name of ["objects", "metadata", "objects/backups"]) fs.mkdirSync(path.join(root, name));
  const child = spawn(
    testTool("versitygw"),
    ["--port", `127.0.0.1:${port}`, "--quiet", "posix", "--sidecar", `${root}/metadata`, `${root}/objects`],
    { stdio: "ignore", env: { ROOT_ACCESS_KEY: user, ROOT_SECRET_KEY: password } },
  );
  const env = {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: user,
    AWS_SECRET_ACCESS_KEY: password,
  };
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  const answers = () => fetch(env.AWS_ENDPOINT_URL_S3).then(Boolean, () => false);
  if (!(await pollUntil(async () => child.exitCode === null && (await answers()), waitMs)))
    throw new Error(`versitygw did not start; it ended with ${child.exitCode}`);
  Object.assign(process.env, env);
  return {
    place: "s3://backups/nats",
    env,
    folder: path.join(root, "objects", "backups", "nats"),
    stop: async () => {
      for (const [name, value] of Object.entries(before))
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}
