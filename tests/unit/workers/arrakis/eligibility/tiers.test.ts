import assert from "node:assert/strict";
import fc from "fast-check";
import { decimalText } from "../../../../../workers/arrakis/eligibility/rpc";
import { balanceRules } from "../../../../../workers/arrakis/eligibility/rules";
import { defaultTiers, nextTier, tierOf } from "../../../../../workers/arrakis/eligibility/tiers";

describe("tiers of arrakis", () => {
  it("are the highest that a balance reaches, and the next is the lowest that it does not", () => {
    fc.assert(
      fc.property(fc.nat(20_000), (balance) => {
        const own = tierOf(String(balance), defaultTiers);
        const next = nextTier(String(balance), defaultTiers);
        assert.ok(!own || own.threshold <= balance);
        assert.ok(!next || (next.tier.threshold > balance && next.missing === next.tier.threshold - balance));
        const between = defaultTiers.filter(
          ({ threshold }) => threshold > (own?.threshold ?? 0) && threshold < (next?.tier.threshold ?? Infinity),
        );
        assert.deepEqual(between, []);
      }),
    );
    assert.equal(nextTier("10000", defaultTiers), undefined);
    assert.equal(tierOf("0.99", defaultTiers), undefined);
  });

  it("rules say of each tier whether it is reached", async () => {
    const rules = balanceRules({ of: () => Promise.resolve("150.5") }, defaultTiers);
    const result = await rules.evaluate("0x0");
    assert.deepEqual([result.tier, result.balance], ["usul", "150.5"]);
    assert.deepEqual(
      result.rules.map(({ met }) => met),
      [false, false, true, true, true],
    );
    assert.equal(
      (await balanceRules({ of: () => Promise.resolve("0") }, defaultTiers).evaluate("0x0")).tier,
      undefined,
    );
  });

  it("balances are whole tokens, exactly, however large", () => {
    assert.equal(decimalText(1_500_000_000_000_000_000n, 18), "1.5");
    assert.equal(decimalText(0n, 18), "0");
    assert.equal(decimalText(7n, 0), "7");
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 256n - 1n), fc.nat(36), (units, decimals) => {
        const [whole = "", rest = ""] = decimalText(units, decimals).split(".");
        assert.equal(BigInt(whole + rest.padEnd(decimals, "0")), units);
      }),
    );
  });
});
