import assert from "node:assert/strict";
import { undeclaredNames } from "../../../../operations/plan/plan";

describe("streams that nothing declares", () => {
  const file = { file: 1 };
  const declared = { shop: { ORDERS: file }, store: {} };

  it("are those that servers hold beside the declared ones, without those that the plan changes", () => {
    const held = { shop: { ORDERS: file, RETAINED: file, GOING: file, BY_HAND: file }, store: { OLD: file } };
    assert.deepEqual(undeclaredNames(declared, held, [{ id: "shop/GOING" }]), {
      shop: ["BY_HAND", "RETAINED"],
      store: ["OLD"],
    });
  });

  it("are none where servers hold what is declared, or cannot be asked", () => {
    assert.deepEqual(undeclaredNames(declared, { shop: { ORDERS: file } }, []), {});
    assert.deepEqual(undeclaredNames(declared, {}, []), {});
  });
});
