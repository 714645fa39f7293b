import { strict as assert } from "node:assert";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { parseChecksum } from "../../tools/download.mjs";
import { DEFAULT_TOOLS, describeTool, projectFolder, standInFolder } from "../../tools/pins.mjs";
import { readRecord, writeRecord } from "../../tools/record.mjs";
import { standInNotice, standIns } from "../../tools/stand-ins.mjs";
import { ensureToolchain, readToolchain, toolchainEnv, type EnsureOptions } from "../../tools/toolchain.mjs";
import { unpack } from "../../tools/unpack.mjs";
import { requestMs } from "../support/limits";
import { fileServer, pretendInstalled, recordingLog, temporaryFolder, writeScript } from "./support";

const NOWHERE = { pulumi: "http://127.0.0.1:1", github: "http://127.0.0.1:1", helm: "http://127.0.0.1:1" };
const server = describeTool("nats-server");

/** What is left in a folder, apart from the lock's file: a released lock stays, empty (tools/lock.mjs). */
function leftIn(folder: string): string[] {
  const locks = readdirSync(folder).filter((name) => name.startsWith("toolchain.lock."));
  assert.deepEqual([locks.length, ...locks.map((name) => readFileSync(join(folder, name), "utf8"))], [1, ""]);
  return readdirSync(folder)
    .filter((name) => !locks.includes(name))
    .sort();
}

describe("tools: toolchain", () => {
  const folder = temporaryFolder();
  const fresh = () => {
    const cache = join(mkdtempSync(join(folder, "case-")), "cache");
    const bin = join(cache, "..", "path");
    mkdirSync(bin, { recursive: true });
    return { cache, bin, log: recordingLog() };
  };
  const ensure = ({ cache, bin, log }: ReturnType<typeof fresh>, options: EnsureOptions = {}) =>
    ensureToolchain({
      ...{ tools: ["nats-server"], cache, log, path: bin, releases: NOWHERE, connectMs: requestMs },
      ...options,
    });
  const how = (cache: string, name = "nats-server") => readRecord(cache)[name]?.how;

  /** A release as it is published: an archive with the program in a folder, and the list of checksums. */
  async function release(name: string, options: { checksum?: string | null } = {}) {
    const tool = describeTool(name);
    const work = mkdtempSync(join(folder, "release-"));
    const {
      file,
      url,
      checksums,
      programs = tool.executables,
    } = tool.release!({ pulumi: "http://x/p", github: "http://x/g", helm: "http://x/h" });
    for (const program of programs) writeScript(join(work, "some-folder", program), `echo ${program} of the release`);
    execFileSync("tar", ["-czf", join(work, "archive.tar.gz"), "-C", work, "some-folder"]);
    const archive = readFileSync(join(work, "archive.tar.gz"));
    const sum = options.checksum ?? createHash("sha256").update(archive).digest("hex");
    const files: Record<string, Buffer | string> = { [new URL(url).pathname]: archive };
    if (options.checksum !== null)
      files[new URL(checksums.at(-1)!).pathname] = `${"0".repeat(64)}  other\n${sum}  ${file}\n`;
    const serving = await fileServer(files);
    return {
      ...serving,
      releases: { pulumi: `${serving.url}/p`, github: `${serving.url}/g`, helm: `${serving.url}/h` },
    };
  }

  /** A `go` that answers what it is asked and builds a script. */
  const fakeGo = (bin: string, version = "go1.26.1", build = 'printf "#!/bin/sh\\necho built\\n" > "$out"') =>
    writeScript(
      join(bin, "go"),
      `case "$1 $2" in "env GOVERSION") echo ${version}; exit;; "env GOTOOLCHAIN") echo auto; exit;; esac`,
      'while [ $# -gt 0 ]; do [ "$1" = -o ] && out="$2"; shift; done',
      build,
    );

  it("takes one on PATH that is good enough", async () => {
    const place = fresh();
    const file = writeScript(join(place.bin, "nats-server"), `echo "nats-server: v${server.pin}"`);
    assert.deepEqual(await ensure(place), { "nats-server": file });
    assert.deepEqual(place.log.lines, [`nats-server: ${server.pin} in ${place.bin} (PATH)`]);
    assert.equal(how(place.cache), "PATH");
  });

  it("prefers the official release to Go where PATH has another version", async () => {
    const place = fresh();
    writeScript(join(place.bin, "nats-server"), 'echo "nats-server: v2.10.0"');
    fakeGo(place.bin);
    const { releases, close } = await release("nats-server");
    const paths = await ensure(place, { releases });
    await close();
    assert.equal(execFileSync(paths["nats-server"]!, { encoding: "utf8" }), "nats-server of the release\n");
    assert.equal(how(place.cache), "official release");
    assert.match(place.log.lines[0]!, /downloaded, checksum verified/);
    assert.deepEqual(leftIn(place.cache), ["bin", "toolchain.json"]);
    assert.equal(statSync(place.cache).mode & 0o777, 0o700);
  });

  it("gives a downloaded program the name that it has here", async () => {
    const place = fresh();
    const { releases, close } = await release("nats-server-oldest");
    const paths = await ensure(place, { tools: ["nats-server-oldest"], releases });
    await close();
    assert.deepEqual(paths, { "nats-server-oldest": join(place.cache, "bin", "nats-server-oldest") });
    assert.equal(execFileSync(paths["nats-server-oldest"], { encoding: "utf8" }), "nats-server of the release\n");
  });

  it("finds a tool by the name of its program, also where it is called otherwise", async () => {
    const [place, other] = [fresh(), fresh()];
    const file = writeScript(
      join(place.bin, "toxiproxy-server"),
      `echo toxiproxy-server version ${describeTool("toxiproxy").pin}`,
    );
    assert.deepEqual(await ensure(place, { tools: ["toxiproxy"] }), { "toxiproxy-server": file });
    fakeGo(other.bin);
    assert.deepEqual(await ensure(other, { tools: ["toxiproxy"] }), {
      "toxiproxy-server": join(other.cache, "bin", "toxiproxy-server"),
    });
  });

  it("refuses a download whose checksum is not the published one, and does not go on to the next source", async () => {
    const place = fresh();
    fakeGo(place.bin);
    const { releases, close } = await release("nats-server", { checksum: "ab".repeat(32) });
    await assert.rejects(ensure(place, { releases }), /does not have the published checksum[\s\S]*published {2}abab/);
    await close();
    assert.deepEqual(readToolchain(place.cache), {});
    assert.ok(!existsSync(join(place.cache, "bin")));
  });

  it("does not use a release without a published checksum", async () => {
    const place = fresh();
    fakeGo(place.bin);
    const { releases, close } = await release("nats-server", { checksum: null });
    await ensure(place, { releases });
    await close();
    assert.equal(how(place.cache), "built with Go");
  });

  it("builds with Go where the release cannot be reached, and does not ask the same host twice", async () => {
    const place = fresh();
    fakeGo(place.bin);
    const { url, close, asked } = await fileServer({});
    await ensure(place, {
      releases: { pulumi: "http://127.0.0.1:1", github: url, helm: url },
      tools: ["pulumi", "nats-server"],
    });
    await close();
    assert.deepEqual(Object.keys(readToolchain(place.cache)), ["pulumi", "pulumi-language-nodejs", "nats-server"]);
    assert.equal(how(place.cache, "pulumi"), "built with Go");
    assert.equal(asked.length, 1);
    assert.match(place.log.lines.join("\n"), /^pulumi: building .* with Go 1\.26\.1/);
  });

  it("takes a pulumi on PATH only with its language host", async () => {
    const place = fresh();
    const { pin } = describeTool("pulumi");
    writeScript(join(place.bin, "pulumi"), `echo v${pin}`);
    await assert.rejects(
      ensure(place, { tools: ["pulumi"] }),
      /comes without pulumi-language-nodejs and pulumi-resource-pulumi-nodejs beside it/,
    );
    for (const name of ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"])
      writeScript(join(place.bin, name), "true");
    await ensure(place, { tools: ["pulumi", "pulumi-resource-pulumi-nodejs"] });
    assert.deepEqual(new Set(Object.values(readRecord(place.cache)).map((entry) => entry.how)), new Set(["PATH"]));
    assert.ok(toolchainEnv({ cache: place.cache, env: {} }).PATH.split(delimiter).includes(place.bin));
  });

  it("says what to install where nothing works", async () => {
    const place = fresh();
    await assert.rejects(ensure(place), (error: Error) => {
      assert.match(error.message, /PATH: not on PATH/);
      assert.match(error.message, /official release: 127\.0\.0\.1:1 cannot be reached/);
      assert.match(error.message, /Go: Go is not on PATH/);
      assert.match(error.message, /Go 1\.24 or later.*https:\/\/go\.dev\/dl/);
      assert.match(error.message, new RegExp(`nats-server ${server.pin}: https://github.com/nats-io/nats-server`));
      return true;
    });
    fakeGo(place.bin, "go1.21.0");
    await assert.rejects(ensure(place), /go is Go 1\.21\.0, wanted is 1\.24 or later/);
  });

  it("shows the end of what a failed build said and leaves nothing behind", async () => {
    const place = fresh();
    fakeGo(place.bin, "go1.26.1", 'echo half > "$out"; echo "main.go:1: no such package" >&2; exit 1');
    await assert.rejects(ensure(place), /go build failed in .*nats-server:\nmain\.go:1: no such package/);
    assert.deepEqual(leftIn(place.cache), []);
  });

  it("takes Debian's package, unpacked, where the release cannot be reached and nothing is built", async () => {
    const [place, old] = [fresh(), fresh()];
    const { executables, debian } = describeTool("prometheus");
    /** An apt-get whose own lists are empty, and a package with programs of this version. */
    const fakeDebian = ({ bin }: ReturnType<typeof fresh>, version: string) => {
      writeScript(
        join(bin, "apt-get"),
        'echo "$@" >> asked',
        'case "$*" in "download "*) echo "E: Unable to locate package" >&2; exit 100;; *update) exit;; esac',
        `: > ${debian!.package}_1_amd64.deb`,
      );
      writeScript(
        join(bin, "dpkg-deb"),
        'mkdir -p "$3/usr/bin"',
        ...debian!.programs.map(
          (name) =>
            `printf '#!/bin/sh\\necho "${name}, version ${version} (of Debian)"\\n' > "$3/usr/bin/${name}"; ` +
            `chmod +x "$3/usr/bin/${name}"`,
        ),
      );
    };
    const tools = ["prometheus"];
    const path = ({ bin }: ReturnType<typeof fresh>) => `${bin}${delimiter}/usr/bin${delimiter}/bin`;
    const withoutDebian = mkdtempSync(join(folder, "empty-"));
    await assert.rejects(ensure(place, { tools, path: withoutDebian }), (error: Error) => {
      assert.match(error.message, /official release: .*\n.*Debian: apt-get is not on PATH\n/);
      assert.doesNotMatch(error.message, /Go/);
      return true;
    });
    fakeDebian(place, "2.42.0+ds");
    const paths = await ensure(place, { tools, path: path(place) });
    assert.deepEqual(Object.keys(paths), executables);
    assert.equal(how(place.cache, "prometheus"), "Debian package");
    assert.equal(readRecord(place.cache).prometheus!.version, "2.42.0+ds");
    assert.match(execFileSync(paths.prometheus!, { encoding: "utf8" }), /^prometheus, version/);
    assert.deepEqual(leftIn(place.cache), ["bin", "toolchain.json"]);
    fakeDebian(old, "2.15.2");
    await assert.rejects(
      ensure(old, { tools, path: path(old) }),
      /Debian: Debian's package prometheus is 2\.15\.2, wanted is 2\.42 or later, below 4/,
    );
  });

  it("takes the libraries along that Debian's package needs of others", async () => {
    const place = fresh();
    const { debian } = describeTool("redis");
    // `apt-get download X` and `dpkg-deb --extract X_1_amd64.deb FOLDER`.
    writeScript(join(place.bin, "apt-get"), 'for name; do :; done; : > "${name}_1_amd64.deb"');
    writeScript(
      join(place.bin, "dpkg-deb"),
      'mkdir -p "$3/usr/bin" "$3/usr/lib/any"',
      'case "$2" in',
      '  redis-server_*) ln -s redis-check "$3/usr/bin/redis-server";;',
      "  redis-tools_*)",
      '    printf \'#!/bin/sh\\ncat "$LD_LIBRARY_PATH/liblzf1.so.1"\\n\' > "$3/usr/bin/redis-check"',
      '    chmod +x "$3/usr/bin/redis-check";;',
      '  lib*) name=${2%%_*}; echo "Redis server v=7.0.15 with $name" > "$3/usr/lib/any/$name.so.1";;',
      "esac",
    );
    const tools = ["redis"];
    const paths = await ensure(place, { tools, path: `${place.bin}${delimiter}/usr/bin${delimiter}/bin` });
    assert.deepEqual(debian!.with, ["redis-tools", "liblzf1", "libjemalloc2"]);
    assert.equal(execFileSync(paths["redis-server"]!, { encoding: "utf8" }), "Redis server v=7.0.15 with liblzf1\n");
    assert.equal(readRecord(place.cache)["redis-server"]!.version, "7.0.15");
    assert.deepEqual(leftIn(place.cache), ["bin", "toolchain.json"]);
  });

  it("takes what apt would install with Debian's package, its data and fonts along", async () => {
    const place = fresh();
    writeScript(
      join(place.bin, "apt-get"),
      'case "$*" in',
      "  *--print-uris*)",
      "    echo \"'http://host/libone0_1_amd64.deb' libone0_1_amd64.deb 10 SHA256:ab\"",
      "    echo \"'http://host/chromium-headless-shell_1_amd64.deb' chromium-headless-shell_1_amd64.deb 10 SHA256:cd\"",
      "    exit;;",
      "esac",
      'for name; do :; done; : > "${name}_1_amd64.deb"',
    );
    writeScript(
      join(place.bin, "dpkg-deb"),
      'mkdir -p "$3/usr/lib/chromium" "$3/usr/lib/any" "$3/usr/share/fonts"',
      'case "$2" in',
      "  chromium*)",
      '    echo data > "$3/usr/lib/chromium/data.pak"',
      '    program="$3/usr/lib/chromium/chromium-headless-shell"',
      '    printf \'#!/bin/sh\\necho "Chromium 130.0.1 $(cat "$LD_LIBRARY_PATH/libone.so.0" ' +
        '"$LD_LIBRARY_PATH/data.pak" | tr "\\\\n" " ")"\\ngrep -c "<dir>" "$FONTCONFIG_FILE"\\n\' > "$program"',
      '    chmod +x "$program";;',
      '  libone0*) echo one > "$3/usr/lib/any/libone.so.0";;',
      '  fonts*) echo font > "$3/usr/share/fonts/a.ttf";;',
      "esac",
    );
    const path = `${place.bin}${delimiter}/usr/bin${delimiter}/bin`;
    const paths = await ensure(place, { tools: ["chromium"], path });
    const said = execFileSync(paths["chromium-headless-shell"]!, { encoding: "utf8" });
    assert.equal(said, "Chromium 130.0.1 one data \n1\n");
    assert.deepEqual(leftIn(place.cache), ["bin", "toolchain.json"]);
  });

  it("gives up soon on a host that does not answer", async () => {
    const place = fresh();
    // An address kept for documentation: nothing answers there.
    const silent = { pulumi: "http://192.0.2.1", github: "http://192.0.2.1", helm: "http://192.0.2.1" };
    await assert.rejects(ensure(place, { releases: silent, connectMs: 50 }), /192\.0\.2\.1 cannot be reached/);
  });

  it("builds once when two start at the same time", async () => {
    const place = fresh();
    fakeGo(place.bin, "go1.26.1", 'sleep 0.2; echo built > "$out"');
    await Promise.all([ensure(place), ensure(place)]);
    assert.equal(place.log.lines.filter((line) => line.includes("building")).length, 1);
    assert.ok(place.log.lines.some((line) => line.startsWith("lock: waiting for process")));
  });

  it("installs again what was changed on disk, but not what was only touched", async () => {
    const place = fresh();
    fakeGo(place.bin);
    const { "nats-server": file } = await ensure(place);
    utimesSync(file!, new Date(), new Date(0));
    await ensure(place);
    assert.equal(place.log.lines.length, 2);
    appendFileSync(file!, "# changed\n");
    await ensure(place);
    assert.equal(place.log.lines.length, 4);
  });

  it("installs again when the pin has changed", async () => {
    const place = fresh();
    fakeGo(place.bin);
    await ensure(place);
    const record = readRecord(place.cache);
    writeRecord(place.cache, { "nats-server": { ...record["nats-server"]!, pin: "1.0.0" } });
    await ensure(place);
    assert.equal(place.log.lines.length, 4);
  });

  it("starts no process and writes nothing when all is there", () => {
    const { cache } = fresh();
    pretendInstalled(cache, DEFAULT_TOOLS);
    const toolchain = JSON.stringify(join(projectFolder, "tools/toolchain.mjs"));
    const program = `import { ensureToolchain } from ${toolchain}; await ensureToolchain()`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--permission", "--allow-fs-read=*", "--no-warnings", "--input-type=module", "-e", program],
      { encoding: "utf8", env: { ...process.env, SUPERCLUSTER_CACHE: cache } },
    );
    assert.equal(stderr, "");
    assert.equal(status, 0);
  });

  describe("plugins", () => {
    const tools = ["pulumi-resource-random"];
    const plugin = describeTool("pulumi-resource-random");
    const home = (cache: string) => join(cache, "pulumi-home", "plugins", `resource-random-v${plugin.pin}`);

    it("are downloaded to where the engine looks", async () => {
      const place = fresh();
      const { releases, close } = await release("pulumi-resource-random");
      await ensure(place, { tools, releases });
      await close();
      assert.equal(
        execFileSync(join(home(place.cache), "pulumi-resource-random"), { encoding: "utf8" }),
        "pulumi-resource-random of the release\n",
      );
      assert.ok(existsSync(`${home(place.cache)}.lock`));
      assert.deepEqual(standIns(place.cache), []);
      assert.ok(!("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" in toolchainEnv({ local: true, cache: place.cache })));
    });

    it("are served by a named stand-in where they cannot be downloaded, on PATH for local stacks only", async () => {
      const place = fresh();
      await ensure(place, { tools });
      assert.match(
        place.log.lines[0]!,
        /could not be downloaded .*: a stand-in serves it to local stacks, and only to those/,
      );
      assert.deepEqual(standIns(place.cache), ["pulumi-resource-random"]);
      const path = (local: boolean) =>
        toolchainEnv({ local, cache: place.cache, env: { PATH: `/usr/bin${delimiter}${standInFolder}` } }).PATH.split(
          delimiter,
        );
      assert.equal(path(true).at(-1), standInFolder);
      assert.ok(!path(false).includes(standInFolder));
      assert.equal(toolchainEnv({ cache: place.cache }).PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION, "true");
      await ensure(place, { tools });
      assert.equal(place.log.lines.length, 1);
    });

    it("are never served by a stand-in where that is refused, before or after one was used", async () => {
      const [place, used] = [fresh(), fresh()];
      await ensure(used, { tools });
      for (const [{ cache }, value] of [
        [place, "0"],
        [used, "no"],
      ] as const) {
        const env = { SUPERCLUSTER_STAND_INS: value, PATH: "/usr/bin" };
        await assert.rejects(ensure({ ...fresh(), cache }, { tools, env }), (error: Error) => {
          assert.match(error.message, /^pulumi-resource-random \S+ could not be downloaded \(127\.0\.0\.1:1 /);
          assert.match(error.message, new RegExp(`SUPERCLUSTER_STAND_INS=${value} refuses its stand-in\\.`));
          assert.match(error.message, /docs\/stand-ins\.md/);
          return true;
        });
        const path = toolchainEnv({ local: true, cache, env }).PATH.split(delimiter);
        assert.ok(!path.includes(standInFolder), value);
      }
      assert.deepEqual(standIns(place.cache), []);
    });

    it("that stand-ins serve are named in a notice, with where to read how to replace them", () => {
      assert.equal(standInNotice([]), undefined);
      const notice = standInNotice(["pulumi-resource-random", "pulumi-resource-tls"])!;
      assert.match(notice, /official Pulumi plugins random and tls could not be downloaded/);
      const [, page] = /: (docs\/\S+\.md)$/.exec(notice)!;
      assert.match(readFileSync(join(projectFolder, page!), "utf8"), /SUPERCLUSTER_STAND_INS=0/);
    });

    it("replace the stand-in once they are there", async () => {
      const place = fresh();
      await ensure(place, { tools });
      writeScript(join(home(place.cache), "pulumi-resource-random"), "true");
      await ensure(place, { tools });
      assert.equal(how(place.cache, "pulumi-resource-random"), "plugin folder");
    });

    it("on PATH are used, unless it is the stand-in itself", async () => {
      const place = fresh();
      const file = writeScript(join(place.bin, "pulumi-resource-random"), "true");
      await ensure(place, { tools, path: `${standInFolder}${delimiter}${place.bin}` });
      assert.equal(readToolchain(place.cache)["pulumi-resource-random"], file);
    });
  });

  it("reads checksum lists as sha256sum writes them", () => {
    const sum = "12".repeat(32);
    assert.equal(parseChecksum(`${sum}  a.zip\n`, "a.zip"), sum);
    assert.equal(parseChecksum(`${sum.toUpperCase()} *./a.zip\r\n`, "a.zip"), sum);
    assert.equal(parseChecksum(`${sum}  not-a.zip\n`, "a.zip"), undefined);
    assert.equal(parseChecksum("<html>sign in</html>", "a.zip"), undefined);
  });

  it("takes programs out of zip archives", () => {
    const { cache } = fresh();
    mkdirSync(cache);
    writeFileSync(join(cache, "a.zip"), zip({ "folder/readme": "text", "folder/nats": "program" }));
    unpack(join(cache, "a.zip"), ["nats"], join(cache, "out"));
    assert.equal(readFileSync(join(cache, "out", "nats"), "utf8"), "program");
    assert.throws(() => unpack(join(cache, "a.zip"), ["other"], join(cache, "out")), /a\.zip does not contain other/);
  });
});

function zip(files: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = deflateRawSync(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(8, 10);
    central.writeUInt32LE(data.length, 20);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    parts.push(local, Buffer.from(name), data);
    list.push(central, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...list, end]);
}
