import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { openStore } from "../../../workers/backup/store/open";
import { NoSuchFile, readText, type Store, writeText } from "../../../workers/backup/store/store";
import { serversMs } from "../../support/limits";
import { runFolder } from "../../support/run";
import { type S3Server, startS3 } from "../../support/s3";

describe("stores of backups", function () {
  this.timeout(serversMs);
  let s3: S3Server;
  let folder: string;

  before(async () => {
    s3 = await startS3();
    folder = fs.mkdtempSync(path.join(runFolder, "store-"));
  });

  after(async () => {
    await s3?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  for (const kind of ["folder", "S3"] as const) {
    describe(kind, () => {
      let store: Store;

      before(() => {
        store = openStore(kind === "S3" ? s3.place : path.join(folder, "backups"));
      });

      it("gives back what was written, files of many parts too, and replaces it", async () => {
        const large = Buffer.alloc(40 * 1024 ** 2, "0123456789");
        await store.write("large/a", Readable.from(pieces(large, 1_000_003)));
        assert.ok((await buffer(await store.read("large/a"))).equals(large));
        await writeText(store, "large/a", "small");
        assert.equal(await readText(store, "large/a"), "small");
      });

      it("lists names below a prefix in their order, as long as they are there", async () => {
        for (const name of ["list/b/2", "list/a", "list/b/1", "listed"]) await writeText(store, name, name);
        assert.deepEqual(await store.list("list/"), ["list/a", "list/b/1", "list/b/2"]);
        await store.remove(["list/b/1", "list/b/2", "list/never"]);
        assert.deepEqual(await store.list("list/"), ["list/a"]);
        assert.deepEqual(await store.list("nowhere/"), []);
      });

      it("has nothing of a file whose data ended with an error", async () => {
        const broken = async function* () {
          yield Buffer.alloc(20 * 1024 ** 2);
          await Promise.resolve();
          throw new Error("the snapshot ended");
        };
        await assert.rejects(store.write("broken/file", broken()), /the snapshot ended/);
        assert.deepEqual(await store.list("broken/"), []);
        await assert.rejects(store.read("broken/file"), (error) => error instanceof NoSuchFile);
      });
    });
  }

  it("of folders are for their owner only, and leave no unfinished file behind", async () => {
    const own = path.join(folder, "private");
    await writeText(openStore(own), "a/b/file", "text");
    assert.deepEqual(fs.readdirSync(own, { recursive: true }).sort(), ["a", "a/b", "a/b/file"]);
    assert.equal(fs.statSync(path.join(own, "a/b/file")).mode & 0o077, 0);
    assert.equal(fs.statSync(path.join(own, "a")).mode & 0o077, 0);
  });

  it("are named by a folder or an s3:// URL, and by nothing else", () => {
    assert.equal(openStore("s3://bucket").place, "s3://bucket");
    assert.equal(openStore("s3://bucket/a/b/").place, "s3://bucket/a/b");
    assert.throws(() => openStore("https://bucket.s3.amazonaws.com"), /expected a folder, or s3:/);
  });

  it("say which bucket could not be reached, and why", async () => {
    await assert.rejects(
      openStore("s3://other").list(""),
      /s3:\/\/other could not be listed: .*does not exist.*AWS_REGION/,
    );
  });
});

function* pieces(data: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}
