import type { EligibilityResult } from "../messages";
import { rulesOf, tierOf, type Tiers } from "./tiers";

/** What wallets hold cannot be found out now: nothing is known of any. */
export class BalancesUnavailable extends Error {
  override readonly name = "BalancesUnavailable";
}

/** What one wallet holds cannot be found out; others can. */
export class BalanceUnknown extends Error {
  override readonly name = "BalanceUnknown";
}

/** Where balances come from: an Ethereum node, or what the profile store knows. */
export interface Balances {
  /**
   * Of a wallet, in whole tokens, as decimal text.
   *
   * @throws BalanceUnknown, BalancesUnavailable, or DatabaseUnavailable
   */
  of(wallet: string): Promise<string>;
}

/** Decides what a wallet is eligible for. Other rules than those of the balance have this form too. */
export interface Rules {
  evaluate(wallet: string): Promise<EligibilityResult>;
}

/** Tiers by balance. */
export const balanceRules = (balances: Balances, tiers: Tiers): Rules => ({
  async evaluate(wallet) {
    const balance = await balances.of(wallet);
    const tier = tierOf(balance, tiers);
    return { wallet_address: wallet, ...(tier && { tier: tier.name }), balance, rules: rulesOf(balance, tiers) };
  },
});
