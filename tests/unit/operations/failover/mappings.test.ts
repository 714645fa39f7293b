import assert from "node:assert/strict";
import { mappingState } from "../../../../operations/failover/mappings";

describe("servers that map a stream's subjects", () => {
  const stream = { name: "S", spec: { subjects: ["s.>", "t.*.x"] } };
  const complete = {
    "s.>": [{ subject: "fo.S.s.>" }],
    "t.*.x": [{ subject: "fo.S.t.{{wildcard(1)}}.x" }],
    "other.>": [{ subject: "fo.O.other.>" }],
  };
  const server = (name: string, mappings?: Record<string, { subject: string }[]>) => ({
    server: { name, cluster: "iad", ver: "2.15.3" },
    data: { account_detail: { mappings } },
  });

  it("are those that report each of them, to the stream's failover subjects", () =>
    assert.deepEqual(
      mappingState(
        [
          server("iad-0", complete),
          server("ams-0"),
          server("ams-1", { "s.>": complete["s.>"] }),
          server("syd-0", { ...complete, "s.>": [{ subject: "fo.OTHER.s.>" }] }),
        ],
        stream,
      ),
      // A server that maps some of them is in both lists: neither command may pass it over.
      { mapped: ["ams-1", "iad-0", "syd-0"], unmapped: ["ams-0", "ams-1", "syd-0"] },
    ));

  it("are none of those whose answer has no account", () =>
    assert.deepEqual(mappingState([{ server: { name: "iad-0", cluster: "iad", ver: "2.15.3" } }], stream), {
      mapped: [],
      unmapped: ["iad-0"],
    }));
});
