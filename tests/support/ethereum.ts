import { receiveHttp } from "./receivers";

/**
 * A server on 127.0.0.1 that speaks the part of Ethereum's JSON-RPC that workers call:
 * https://ethereum.org/en/developers/docs/apis/json-rpc/
 */
export async function startNode() {
  /** In wei, by wallet. */
  const balances = new Map<string, bigint>();
  const state: { error?: { code: number; message: string }; status: number } = { status: 200 };
  /** What requests about a wallet are answered with instead. */
  const errors = new Map<string, { code: number; message: string }>();
  const server = await receiveHttp((_request, response) => {
    const { id, method, params } = JSON.parse(server.requests.at(-1)!.body) as {
      id: number;
      method: string;
      params: [string | { to: string; data: string }, string];
    };
    const [first] = params;
    const wallet = typeof first === "string" ? first : `0x${first.data.slice(-40)}`;
    const hex = `0x${(balances.get(wallet.toLowerCase()) ?? 0n).toString(16)}`;
    // A call answers with a word of 32 bytes.
    const result = method === "eth_call" ? `0x${hex.slice(2).padStart(64, "0")}` : hex;
    response.writeHead(state.status, { "content-type": "application/json" });
    const error = state.error ?? errors.get(wallet.toLowerCase());
    response.end(JSON.stringify({ jsonrpc: "2.0", id, ...(error ? { error } : { result }) }));
  });
  return { balances, errors, state, requests: server.requests, url: server.url, close: server.close };
}
