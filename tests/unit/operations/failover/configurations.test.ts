import assert from "node:assert/strict";
import { cleared, collecting, failbackNoteOf, opened, parked } from "../../../../operations/failover/configurations";

describe("configurations of a failover", () => {
  const specified = {
    name: "S",
    subjects: ["s.>"],
    duplicate_window: 120e9,
    subject_transform: { src: "s.>", dest: "t.>" },
    republish: { src: ">", dest: "copy.>" },
    max_age: 1e9,
    metadata: { team: "mail" },
  };
  const note = { common: 3, own: 5 };
  const without = (config: object) => JSON.parse(JSON.stringify(config)) as unknown;

  it("parked: no subject of its own, nothing renamed or republished, everything else as it was", () =>
    assert.deepEqual(without(parked(specified)), {
      name: "S",
      subjects: ["parked.S.>"],
      duplicate_window: 100e6,
      max_age: 1e9,
      metadata: { team: "mail" },
    }));

  it("collecting: parked, with one source from a sequence on, and the note", () => {
    const config = collecting(specified, "S-ams", 4, note);
    assert.deepEqual(
      [config.subjects, config.sources, failbackNoteOf(config)],
      [["parked.S.>"], [{ name: "S-ams", opt_start_seq: 4 }], note],
    );
  });

  it("opened and cleared: what was specified, without sources or note", () => {
    const back = opened(collecting(specified, "S-ams", 4, note), specified, { ...note, end: 9 });
    assert.deepEqual([back.subjects, failbackNoteOf(back)], [["s.>"], { ...note, end: 9 }]);
    assert.deepEqual(without(cleared(back)), specified);
  });
});
