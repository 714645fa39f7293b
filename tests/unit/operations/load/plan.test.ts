import assert from "node:assert/strict";
import { loadPlan } from "../../../../operations/load/plan";

const known = ["arrakis", "covenant", "irisx"];

describe("options of a load", () => {
  it("divide the rate among the accounts by their shares, or among all", () => {
    assert.deepEqual(loadPlan({ rate: "90", duration: "2m" }, known), {
      rates: { arrakis: 30, covenant: 30, irisx: 30 },
      seconds: 120,
    });
    assert.deepEqual(loadPlan({ rate: "40", duration: "500ms", mix: "irisx=3, covenant" }, known), {
      rates: { irisx: 30, covenant: 10 },
      seconds: 0.5,
    });
  });

  it("are refused with every mistake", () => {
    const request = { rate: "many", duration: "5", mix: "irisx,irsx,irisx,covenant=-1,arrakis=1=2" };
    assert.throws(
      () => loadPlan(request, known),
      ({ message }: Error) => {
        for (const part of [
          /^6 mistakes in the options, nothing was done:/,
          /--rate: "many": expected messages a second/,
          /--duration: "5" is not a duration/,
          /--mix: "irsx" is not an account with sample traffic; did you mean "irisx"/,
          /--mix: irisx stands there twice/,
          /--mix: "covenant=-1": expected <account>=<share>/,
          /--mix: "arrakis=1=2": expected <account>=<share>/,
        ])
          assert.match(message, part);
        return true;
      },
    );
    assert.throws(() => loadPlan({ rate: "10001", duration: "1s" }, known), /at most 10000/);
  });
});
