import * as z from "zod";
import { type Balances, BalancesUnavailable, BalanceUnknown } from "./rules";

/** Ethereum nodes. */
export interface RpcSettings {
  /** The first that answers is asked; the others are for when it does not. */
  urls: readonly string[];
  /** Of an ERC-20 token. Default: the chain's own coin. */
  token?: string;
  /** Decimal places of the token; the coin has 18. */
  decimals: number;
  /** For one request, in milliseconds. */
  timeout: number;
}

const answer = z.union([
  z.object({ result: z.string().regex(/^0x[0-9a-fA-F]*$/) }),
  z.object({ error: z.object({ code: z.int(), message: z.string() }) }),
]);

/** A wallet that every node knows, so that an error about it is one of the node. */
const reference = `0x${"1".padStart(40, "0")}`;

/** A node's error about a request. */
class RpcError extends Error {}

/** `balanceOf(address)`: https://eips.ethereum.org/EIPS/eip-20 */
const balanceOf = "0x70a08231";

/**
 * Asks Ethereum nodes by JSON-RPC: `eth_getBalance`, or `balanceOf` of a token by `eth_call`. Codes of errors differ
 * between nodes, so that another wallet tells whether an error is about the node or about the wallet.
 * https://ethereum.org/en/developers/docs/apis/json-rpc/
 */
export function rpcBalances({ urls, token, decimals, timeout }: RpcSettings): Balances {
  const request = (wallet: string) =>
    token === undefined
      ? { method: "eth_getBalance", params: [wallet, "latest"] }
      : {
          method: "eth_call",
          params: [{ to: token, data: `${balanceOf}${wallet.slice(2).toLowerCase().padStart(64, "0")}` }, "latest"],
        };

  async function ask(url: string, wallet: string): Promise<string> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...request(wallet) }),
      signal: AbortSignal.timeout(timeout),
    });
    // Some nodes answer 400 with an error of JSON-RPC.
    if (!response.ok && response.status !== 400) throw new Error(`it answered ${response.status}`);
    const { data } = answer.safeParse(await response.json());
    if (!data) throw new Error("its answer is not JSON-RPC");
    if ("error" in data) throw new RpcError(`it answered ${data.error.code}: ${data.error.message}`);
    if (data.result === "0x") throw new Error("no contract with balanceOf is at the token's address");
    return decimalText(BigInt(data.result), decimals);
  }

  const answers = (url: string): Promise<boolean> =>
    ask(url, reference).then(
      () => true,
      () => false,
    );

  return {
    async of(wallet) {
      const reasons: string[] = [];
      let isOfWallet = false;
      for (const url of urls) {
        try {
          return await ask(url, wallet);
        } catch (error) {
          reasons.push(`${new URL(url).host}: ${(error as Error).message}`);
          isOfWallet ||= error instanceof RpcError && (await answers(url));
        }
      }
      throw new (isOfWallet ? BalanceUnknown : BalancesUnavailable)(reasons.join("; "));
    },
  };
}

/** `1500000000000000000` with 18 decimals is `"1.5"`. */
export function decimalText(units: bigint, decimals: number): string {
  const digits = units.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const rest = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return rest ? `${whole}.${rest}` : whole;
}
