import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import { promisify } from "node:util";
import { listeningSockets } from "./proc-files";
import { commandLine } from "./process";

/** @throws when an address of a server is taken; the error names the port, the process that has it, and what to do */
export async function refuseTakenPorts(
  server: string,
  environment: string,
  addresses: Record<string, string>,
): Promise<void> {
  const taken = await Promise.all(
    Object.entries(addresses).map(async ([use, address]) =>
      (await isTaken(address))
        ? `port ${portOf(address)} (${use} of ${server}) is taken by ${await ownerOf(portOf(address))}`
        : [],
    ),
  );
  const problems = taken.flat();
  if (problems.length) {
    throw new Error(
      `${problems.join("; ")}. End it, or set another supercluster:environments.${environment}.basePort in ` +
        "Pulumi.yaml.",
    );
  }
}

/** The first of these ports of 127.0.0.1 that is free, else any. */
export async function freePort(...wanted: (number | undefined)[]): Promise<number> {
  for (const port of [...wanted, 0]) {
    const bound = port === undefined ? undefined : await boundPort(port);
    if (bound !== undefined) return bound;
  }
  throw new Error("no port of 127.0.0.1 is free");
}

const boundPort = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(undefined));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const { port: bound } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(bound));
    });
  });

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(":") + 1));

const isTaken = (address: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(true) : reject(error),
    );
    probe.listen({ host: address.slice(0, address.lastIndexOf(":")), port: portOf(address), exclusive: true }, () =>
      probe.close(() => resolve(false)),
    );
  });

/** The process that listens on a port, for messages. */
async function ownerOf(port: number): Promise<string> {
  const pid = process.platform === "linux" ? await listenerOnLinux(port) : await listenerByLsof(port);
  return pid ? `process ${pid} (${await commandLine(pid)})` : "a process of another user";
}

async function listenerByLsof(port: number): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)("lsof", ["-nP", "-t", `-iTCP:${port}`, "-sTCP:LISTEN"]);
    return Number(stdout.split("\n")[0]) || undefined;
  } catch {
    return undefined;
  }
}

/** From /proc alone, because lsof is often not installed: the listening socket, then the process that has it open. */
async function listenerOnLinux(port: number): Promise<number | undefined> {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => fs.readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
  );
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, port)));
  for (const pid of (await fs.readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const descriptors = await fs.readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const target = await fs.readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
      if (sockets.has(target)) return Number(pid);
    }
  }
  return undefined;
}
