// Official releases: fetched, checked against the published checksum, and only then unpacked.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ToolchainError } from "./log.mjs";

const CONNECT_MS = 4_000;
const IDLE_MS = 30_000;

/** A source that cannot be reached or does not have the file: the next source is tried. */
export class Unavailable extends Error {}

/** Downloads releases. A host that did not answer once is not asked again by the same downloader. */
export function createDownloader({ log, connectMs = CONNECT_MS }) {
  const silent = new Map();

  async function open(url, redirects = 5) {
    const { protocol, host } = new URL(url);
    if (silent.has(host)) throw new Unavailable(silent.get(host));
    const { request, Agent } = await import(protocol === "http:" ? "node:http" : "node:https");
    const response = await new Promise((resolve, reject) => {
      // Proxies of the environment are honoured by Node.js 22.21 and later.
      const sent = request(url, { agent: new Agent({ proxyEnv: process.env }) }, resolve);
      const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${connectMs / 1000} s`)), connectMs);
      sent.on("response", () => clearTimeout(timer));
      sent.on("error", (error) => {
        clearTimeout(timer);
        silent.set(host, `${host} cannot be reached (${error.code ?? error.message})`);
        reject(new Unavailable(silent.get(host)));
      });
      sent.end();
    });
    const { statusCode, headers } = response;
    if (statusCode >= 300 && statusCode < 400 && headers.location && redirects > 0) {
      response.resume();
      return open(new URL(headers.location, url).href, redirects - 1);
    }
    if (statusCode !== 200) {
      response.resume();
      throw new Unavailable(`${url} answers ${statusCode}`);
    }
    response.setTimeout(IDLE_MS, () => response.destroy(new Error(`${host} sent nothing for ${IDLE_MS / 1000} s`)));
    return response;
  }

  async function publishedChecksum({ file, checksums }) {
    const why = [];
    for (const url of checksums) {
      try {
        const chunks = [];
        for await (const chunk of await open(url)) chunks.push(chunk);
        const found = parseChecksum(Buffer.concat(chunks).toString("utf8"), file);
        if (found) return found;
        why.push(`${url} does not name ${file}`);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        why.push(error.message);
      }
    }
    throw new Unavailable(`no published checksum: ${why.join("; ")}`);
  }

  return {
    /**
     * Downloads a release to `target`. Throws Unavailable where it cannot be downloaded, ToolchainError where it does
     * not have the published checksum.
     */
    async download(tool, release, target, { requireChecksum = true } = {}) {
      const response = await open(release.url);
      let expected;
      try {
        expected = await publishedChecksum(release);
      } catch (error) {
        if (requireChecksum || !(error instanceof Unavailable)) {
          response.destroy();
          throw error;
        }
      }
      const total = Number(response.headers["content-length"] ?? 0);
      const hash = createHash("sha256");
      let size = 0;
      try {
        await pipeline(
          response,
          async function* (chunks) {
            for await (const chunk of chunks) {
              hash.update(chunk);
              size += chunk.length;
              log.progress(
                tool.name,
                `downloading ${release.file}: ${megabytes(size)}${total ? ` of ${megabytes(total)}` : ""}`,
              );
              yield chunk;
            }
          },
          createWriteStream(target),
        );
      } catch (error) {
        throw new Unavailable(`${release.url}: the download broke off (${error.message})`);
      }
      const actual = hash.digest("hex");
      if (expected && actual !== expected) {
        throw new ToolchainError(
          `${tool.name}: ${release.url} does not have the published checksum, so it was not used\n` +
            `  published  ${expected}\n  downloaded ${actual}\n` +
            `Run the command again; if it happens again, something between here and there changes downloads.`,
        );
      }
      return { verified: expected !== undefined };
    },
  };
}

/** The SHA-256 of `file` in a list as sha256sum writes it, or undefined. */
export function parseChecksum(text, file) {
  for (const line of text.split("\n")) {
    const match = /^([0-9a-f]{64})\s+[*]?(?:\.\/)?(\S+)\s*$/i.exec(line);
    if (match && match[2] === file) return match[1].toLowerCase();
  }
  return undefined;
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
