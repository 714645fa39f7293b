import assert from "node:assert/strict";
import { streamFields, type Wire } from "../../../../jetstream/fields";
import { differences } from "../../../../jetstream/wire";
import {
  copying,
  finished,
  initialCountOf,
  isLifted,
  isParked,
  lifted,
  opened,
  parked,
} from "../../../../operations/migrate/configurations";
import { args, owner, queue, specified } from "../../../support/work-queue";

describe("configurations on the way", () => {
  const beginning = { messages: 7, lastSeq: 9 };
  const shadow = copying(queue, "S--shadow", beginning);

  it("let nothing go by a limit", () => {
    assert.ok(isLifted(lifted(queue)) && isLifted(shadow) && !isLifted(queue));
  });

  it("of the shadow are a mirror with limits, which remembers how it began", () => {
    assert.deepEqual([shadow.mirror, shadow.retention, shadow.subjects], [{ name: "S" }, "limits", undefined]);
    assert.deepEqual(initialCountOf(shadow), beginning);
    assert.equal(initialCountOf(queue), undefined);
  });

  it("have the subjects in one stream only", () => {
    assert.ok(isParked(parked(queue)) && !isParked(queue));
    assert.deepEqual([opened(shadow, specified).subjects, opened(shadow, specified).mirror], [["s.>"], undefined]);
  });

  it("end as specified, and remember nothing", () => {
    const end = finished(opened(copying(shadow, "S", beginning), specified), specified);
    assert.deepEqual(differences(streamFields, args, end), []);
    assert.equal(initialCountOf(end), undefined);
    assert.equal((end.metadata as Wire)["supercluster.owner"], owner);
  });
});
