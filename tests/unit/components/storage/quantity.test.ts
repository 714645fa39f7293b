import assert from "node:assert/strict";
import { bytesOf } from "../../../../components/storage/quantity";

describe("a quantity of Kubernetes", () => {
  const known: [string, number][] = [
    ["100Gi", 100 * 1024 ** 3],
    ["1536Mi", 1536 * 1024 ** 2],
    ["1.5Gi", 1.5 * 1024 ** 3],
    ["107374182400", 107374182400],
    ["1e3", 1000],
    ["2T", 2e12],
    ["1.5k", 1500],
    ["1500m", 2],
    ["0", 0],
  ];
  for (const [quantity, bytes] of known)
    it(`${quantity} is ${bytes} bytes`, () => assert.equal(bytesOf(quantity), bytes));

  it("is refused where it is not one", () => {
    for (const text of ["", "Gi", "100GiB", "-1Gi", "1 Gi", "100Xi"])
      assert.throws(() => bytesOf(text), {
        name: "RangeError",
        message: `${JSON.stringify(text)} is not a quantity of bytes`,
      });
  });
});
