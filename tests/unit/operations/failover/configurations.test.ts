import assert from "node:assert/strict";
import { cleared, collecting, failbackNoteOf, opened } from "../../../../operations/failover/configurations";

describe("configurations of a failover", () => {
  const specified = {
    name: "S",
    subjects: ["s.>"],
    duplicate_window: 120e9,
    republish: { src: ">", dest: "copy.>" },
    max_age: 1e9,
    metadata: { team: "mail" },
  };
  const note = { common: 3, own: 5 };
  const without = (config: object) => JSON.parse(JSON.stringify(config)) as unknown;

  it("collecting: one source from a sequence on, nothing republished or taken for a duplicate, and the note", () =>
    assert.deepEqual(without(collecting(specified, "S-ams", 4, note)), {
      name: "S",
      subjects: ["s.>"],
      duplicate_window: 100e6,
      sources: [{ name: "S-ams", opt_start_seq: 4 }],
      max_age: 1e9,
      metadata: { team: "mail", "supercluster.failback": JSON.stringify(note) },
    }));

  it("opened: republished and told from duplicates as specified, still collecting", () => {
    const open = { ...note, open: { last: 9, upTo: 7 } };
    const back = opened(collecting(specified, "S-ams", 4, note), specified, open);
    assert.deepEqual(
      [back.duplicate_window, back.republish, back.sources, failbackNoteOf(back)],
      [specified.duplicate_window, specified.republish, [{ name: "S-ams", opt_start_seq: 4 }], open],
    );
  });

  it("cleared: what was specified, without sources or note", () =>
    assert.deepEqual(without(cleared(collecting(specified, "S-ams", 4, note), specified)), specified));
});
