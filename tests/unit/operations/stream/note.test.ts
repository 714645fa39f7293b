import assert from "node:assert/strict";
import { readNote, withNote } from "../../../../operations/stream/note";

describe("a note in a stream's metadata", () => {
  const config = { name: "S", metadata: { team: "mail" } };

  it("is read as it was written, beside other labels", () => {
    const noted = withNote(config, "supercluster.note", { from: 7 });
    assert.deepEqual(readNote(noted, "supercluster.note"), { from: 7 });
    assert.equal(noted.metadata!.team, "mail");
    assert.deepEqual(config.metadata, { team: "mail" }, "the configuration that was given is unchanged");
  });

  it("is undefined where there is none, and taken away by undefined", () => {
    assert.equal(readNote({ name: "S" }, "supercluster.note"), undefined);
    assert.deepEqual(withNote(withNote(config, "note", 1), "note", undefined), config);
  });
});
