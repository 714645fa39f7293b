import assert from "node:assert/strict";
import fc from "fast-check";
import { backupsIn, fileNames, type Found, idOf, superseded } from "../../../../workers/backup/manifest";

const found = (id: string, isFinished = true): Found => ({ id, isFinished, names: [] });

describe("backups in a store", () => {
  it("are found by the names of files, oldest first; without a manifest one is unfinished", () => {
    const [early, late] = ["20261127T100000Z", "20261127T110000Z"];
    const names = [
      fileNames.entry("local", late, { account: "irisx", stream: "SMS" }),
      fileNames.manifest("local", early),
      fileNames.manifest("other", "20261127T120000Z"),
      "local",
    ];
    assert.deepEqual(
      backupsIn("local", names).map(({ id, isFinished }) => [id, isFinished]),
      [
        [early, true],
        [late, false],
      ],
    );
  });

  it("are named so that later ones sort behind earlier ones", () => {
    const instant = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
    fc.assert(
      fc.property(instant, instant, (one, other) => {
        const seconds = (date: Date) => Math.floor(date.getTime() / 1000);
        assert.equal(Math.sign(seconds(one) - seconds(other)), idOf(one).localeCompare(idOf(other)));
      }),
    );
  });

  it("keep as many finished ones as asked for, and never lose the last finished one", () => {
    const backups = fc
      .array(fc.boolean(), { maxLength: 12 })
      .map((all) => all.map((one, at) => found(idOf(new Date(at * 1e3)), one)));
    fc.assert(
      fc.property(backups, fc.integer({ min: 1, max: 15 }), (all, keep) => {
        const gone = new Set(superseded(all, keep).map(({ id }) => id));
        const kept = all.filter(({ id }) => !gone.has(id));
        const finished = all.filter(({ isFinished }) => isFinished);
        assert.deepEqual(
          kept.filter(({ isFinished }) => isFinished),
          finished.slice(-keep),
        );
        const oldest = kept.find(({ isFinished }) => isFinished);
        if (oldest)
          assert.ok(
            kept.every(({ id }) => id >= oldest.id),
            "no unfinished one before the oldest that is kept",
          );
        else assert.equal(gone.size, 0);
      }),
    );
  });

  it("can have streams whose names are no names of files", () => {
    const name = fileNames.data("local", "id", { account: "irisx", stream: "a/b:c" });
    assert.equal(name, "local/id/streams/irisx/a%2Fb%3Ac.tar.s2");
  });
});
