import assert from "node:assert/strict";
import { subnetsOf } from "../../../../components/aws/subnets";

describe("subnets", () => {
  it("divide a network by zones without overlaps", () => {
    assert.deepEqual(subnetsOf("10.20.0.0/16", ["a", "b", "c"]), [
      { zone: "a", nodes: "10.20.0.0/19", edge: "10.20.96.0/24" },
      { zone: "b", nodes: "10.20.32.0/19", edge: "10.20.97.0/24" },
      { zone: "c", nodes: "10.20.64.0/19", edge: "10.20.98.0/24" },
    ]);
  });
});
