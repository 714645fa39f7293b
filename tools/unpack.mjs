import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { ToolchainError } from "./log.mjs";

/** Takes the named executables out of an archive (.tar.gz or .zip) into `folder`, wherever in it they lie. */
export function unpack(archive, names, folder) {
  const inside = archive.endsWith(".zip") ? unzip(archive) : untar(archive, `${folder}.unpacked`);
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const take = inside.get(name);
    if (!take) throw new ToolchainError(`${basename(archive)} does not contain ${name}`);
    take(join(folder, name));
  }
}

function untar(archive, folder) {
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", archive, "-C", folder], { stdio: ["ignore", "ignore", "inherit"] });
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => [entry.name, (to) => copyFileSync(join(entry.parentPath ?? entry.path, entry.name), to)]),
  );
}

// Not every machine has unzip, and what is needed of the format is little: the list at the end, then each file's bytes.
function unzip(archive) {
  const bytes = readFileSync(archive);
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0) throw new ToolchainError(`${basename(archive)} is not a zip file`);
  const files = new Map();
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const method = bytes.readUInt16LE(at + 10);
    const packed = bytes.readUInt32LE(at + 20);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const data = bytes.subarray(start, start + packed);
    files.set(basename(name), (to) => writeFileSync(to, method === 0 ? data : inflateRawSync(data)));
    at += 46 + nameLength + extraLength + commentLength;
  }
  return files;
}
