import assert from "node:assert/strict";
import { missing } from "../../../jetstream/gate";

describe("the readiness gate", () => {
  const region = (name: string, degraded = false) => ({
    name,
    servers: [`${name}-0`, `${name}-1`, `${name}-2`],
    clientUrls: [],
    degraded,
  });
  const servers = (...names: string[]) => names.flatMap((name) => region(name).servers);

  it("opens when every server is current", () => {
    assert.deepEqual(
      missing({ leader: "iad-0", size: 6, current: servers("iad", "ams") }, [region("iad"), region("ams")]),
      [],
    );
  });

  it("names what is missing", () => {
    assert.deepEqual(missing({ size: 0, current: [] }, [region("iad")]), [
      "no meta leader",
      "not current: iad-0, iad-1, iad-2",
    ]);
    assert.deepEqual(
      missing({ leader: "iad-0", size: 9, current: servers("iad") }, [
        region("iad"),
        region("ams", true),
        region("syd", true),
      ]),
      ["only 3 of 9 meta peers are current"],
    );
  });

  it("does not wait for a region that is known to be lost", () => {
    assert.deepEqual(
      missing({ leader: "iad-0", size: 9, current: servers("iad", "ams") }, [
        region("iad"),
        region("ams"),
        region("syd", true),
      ]),
      [],
    );
  });
});
