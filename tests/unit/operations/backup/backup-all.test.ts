import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { BadUsage } from "../../../../engine/failure";
import { checkedRequest, readSource, writeKey } from "../../../../operations/backup/backup-all";
import { newKey } from "../../../../workers/backup/seal";

describe("a request for a backup", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "backup-request-"));
  after(() => fs.rmSync(folder, { recursive: true }));
  const request = { to: folder, recipients: [], unencrypted: false };

  it("says all its mistakes at once, each with what was expected", () => {
    assert.throws(
      () => checkedRequest({ ...request, to: "https://bucket", recipients: ["age1x"], rate: "20", keep: "0" }),
      (error) =>
        error instanceof BadUsage &&
        [/age1x: expected the recipient/, /--rate/, /--keep 0/, /https:\/\/bucket: expected a folder/].every((one) =>
          one.test(error.message),
        ),
    );
    assert.throws(() => checkedRequest({ ...request, unencrypted: true, rate: "100KiB" }), /slower than 256KiB/);
  });

  it("is encrypted, or says that it is not", async () => {
    assert.throws(() => checkedRequest(request), /--recipient age1.*backup-key.*--unencrypted/);
    const { recipient } = await newKey();
    assert.throws(() => checkedRequest({ ...request, recipients: [recipient], unencrypted: true }), /not both/);
    const { rate, keep } = checkedRequest({ ...request, recipients: [recipient], rate: "1MiB", keep: "14" });
    assert.deepEqual([rate, keep], [1024 ** 2, 14]);
  });

  it("has a key that is never overwritten, that its owner alone can read, and that is a key", async () => {
    const file = path.join(folder, "keys", "backup.key");
    const recipient = await writeKey(file);
    assert.match(recipient, /^age1/);
    assert.equal(fs.statSync(file).mode & 0o077, 0);
    await assert.rejects(writeKey(file), /exists, and may be the only key/);
    fs.writeFileSync(path.join(folder, "other"), "a text\n");
    await assert.rejects(readSource("local", { from: folder, key: path.join(folder, "other") }), /AGE-SECRET-KEY/);
    await assert.rejects(readSource("local", { from: folder, key: file }), /does not have a finished backup/);
  });
});
