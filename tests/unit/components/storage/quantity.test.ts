import assert from "node:assert/strict";
import { bytesOf } from "../../../../components/storage/quantity";

describe("quantity of Kubernetes", () => {
  it("is bytes, with binary and decimal suffixes", () => {
    const quantities: [text: string, bytes: number][] = [
      ["100Gi", 100 * 1024 ** 3],
      ["107374182400", 107_374_182_400],
      ["1e11", 1e11],
      ["1.5Gi", 1.5 * 1024 ** 3],
      ["5G", 5e9],
      ["1500m", 2],
      ["0", 0],
    ];
    for (const [text, bytes] of quantities) assert.equal(bytesOf(text), bytes, text);
  });

  it("is nothing else", () => {
    for (const text of ["", "Gi", "100GiB", "-1", "1 Gi", "100Xi"])
      assert.throws(() => bytesOf(text), {
        name: "RangeError",
        message: `${JSON.stringify(text)} is not a quantity of bytes`,
      });
  });
});
