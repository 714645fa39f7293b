import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Log } from "../../tools/log.mjs";
import { describeTool } from "../../tools/pins.mjs";
import { entryFor, writeRecord } from "../../tools/record.mjs";

/** A folder that is gone after the tests of the current `describe`. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "supercluster-tools-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a shell script. */
export function writeScript(file: string, ...lines: string[]): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, ["#!/bin/sh", ...lines, ""].join("\n"));
  chmodSync(file, 0o755);
  return file;
}

/** Records tools in a cache as installed; each of their executables is a script that does nothing. */
export function pretendInstalled(cache: string, tools: string[]): void {
  const entries = tools.map(describeTool).flatMap((tool) =>
    tool.executables.map((name) =>
      entryFor(name, writeScript(join(cache, "bin", name), "true"), {
        version: tool.pin,
        pin: tool.key,
        how: "built with Go",
      }),
    ),
  );
  writeRecord(cache, Object.fromEntries(entries.map((entry) => [entry.name, entry])));
}

/** A log that keeps its lines. */
export function recordingLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const keep = (tool: string, text: string) => void lines.push(`${tool}: ${text}`);
  return { lines, step: keep, warn: keep, progress: () => undefined };
}

/** Serves files from memory on a port of this machine, and notes what was asked for. */
export async function fileServer(files: Record<string, Buffer | string>) {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.url!);
    const body = files[request.url!];
    if (body === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "content-length": Buffer.byteLength(body) }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
