import { once } from "node:events";
import * as fs from "node:fs";
import { createServer } from "node:net";
import * as path from "node:path";
import { withLock } from "../../tools/lock.mjs";
import { isOwnerAlive, ownerName, userFolder } from "./run";

/** Ports of a block: enough for six local regions of 20. */
export const blockSize = 120;

/** Below 10000 stand what people run by hand. */
const lowest = 10_000;

/** Blocks of this process, by their first port. */
const own = new Set<number>();

/**
 * Claims `blockSize` ports on 127.0.0.1 for this process; returns the first. No other test of this user gets them until
 * the process has ended, in no checkout of the project, and no outgoing connection of any program takes one.
 */
export async function claimPorts(): Promise<number> {
  const folder = path.join(userFolder, "ports");
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return withLock(path.join(userFolder, "ports.lock"), { what: "claiming ports", pollMs: 20 }, async () => {
    for (const first of blocks()) {
      const claim = path.join(folder, String(first));
      const owner = read(claim);
      if (owner && isOwnerAlive(owner)) continue;
      if (!(await areFree(first))) continue;
      fs.writeFileSync(claim, ownerName());
      if (own.size === 0) process.once("exit", release);
      own.add(first);
      return first;
    }
    throw new Error(`no ${blockSize} free ports between ${lowest} and ${highest()}; claims are in ${folder}`);
  });
}

function release(): void {
  for (const first of own) fs.rmSync(path.join(userFolder, "ports", String(first)), { force: true });
}

/** First ports of all blocks, from a random one on: other users claim theirs elsewhere. */
function blocks(): number[] {
  const count = Math.floor((highest() - lowest) / blockSize);
  const start = Math.floor(Math.random() * count);
  return Array.from({ length: count }, (_, index) => lowest + ((start + index) % count) * blockSize);
}

/** Where outgoing connections begin: 32768 on Linux unless it is set otherwise, 49152 on macOS. */
function highest(): number {
  const configured = Number(read("/proc/sys/net/ipv4/ip_local_port_range")?.split(/\s/)[0]);
  return configured > lowest + 50 * blockSize ? configured : 32_768;
}

/** Whether nothing listens on a block. */
async function areFree(first: number): Promise<boolean> {
  const ports = Array.from({ length: blockSize }, (_, index) => first + index);
  return (await Promise.all(ports.map(isFree))).every(Boolean);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen({ port, host: "127.0.0.1", exclusive: true });
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
