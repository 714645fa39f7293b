import assert from "node:assert/strict";
import { rpcBalances } from "../../../workers/arrakis/eligibility/rpc";
import { BalancesUnavailable } from "../../../workers/arrakis/eligibility/rules";
import { startNode } from "../../support/ethereum";
import { claimPorts } from "../../support/ports";

const wallet = `0x${"ab".repeat(20)}`;
const token = `0x${"cd".repeat(20)}`;
const settings = { decimals: 18, timeout: 2_000 };

describe("balances from Ethereum nodes", function () {
  this.timeout(60_000);
  let node: Awaited<ReturnType<typeof startNode>>;
  before(async () => {
    node = await startNode();
    node.balances.set(wallet, 2_500_000_000_000_000_000n);
  });
  after(() => node?.close());

  it("are the chain's own coin, or a token's", async () => {
    assert.equal(await rpcBalances({ ...settings, urls: [node.url] }).of(wallet), "2.5");
    assert.equal(await rpcBalances({ ...settings, urls: [node.url], token, decimals: 6 }).of(wallet), "2500000000000");
    const { method, params } = JSON.parse(node.requests.at(-1)!.body) as { method: string; params: unknown[] };
    const data = `0x70a08231${"0".repeat(24)}${wallet.slice(2)}`;
    assert.deepEqual([method, params], ["eth_call", [{ to: token, data }, "latest"]]);
  });

  it("come from the next node where one does not answer, and are unavailable where none does", async () => {
    const gone = `http://127.0.0.1:${await claimPorts()}`;
    assert.equal(await rpcBalances({ ...settings, urls: [gone, node.url] }).of(wallet), "2.5");
    await assert.rejects(rpcBalances({ ...settings, urls: [gone] }).of(wallet), BalancesUnavailable);
    node.state.status = 503;
    await assert.rejects(rpcBalances({ ...settings, urls: [node.url] }).of(wallet), /it answered 503/);
    node.state.status = 200;
    node.state.error = { code: -32_005, message: "limit exceeded" };
    await assert.rejects(
      rpcBalances({ ...settings, urls: [node.url] }).of(wallet),
      /it answered -32005: limit exceeded/,
    );
    node.state.error = undefined;
  });

  it("an error about one wallet is no outage: the next node is asked, and then only that wallet fails", async () => {
    const [broken, other] = [`0x${"ee".repeat(20)}`, await startNode()];
    node.errors.set(broken, { code: -32_000, message: "missing trie node" });
    other.balances.set(broken, 10n ** 18n);
    assert.equal(await rpcBalances({ ...settings, urls: [node.url, other.url] }).of(broken), "1");
    await other.close();
    const alone = rpcBalances({ ...settings, urls: [other.url, node.url] });
    await assert.rejects(alone.of(broken), (error: Error) => {
      assert.ok(!(error instanceof BalancesUnavailable), String(error));
      assert.match(error.message, /-32000: missing trie node/);
      return true;
    });
    assert.equal(await alone.of(wallet), "2.5");
    node.errors.clear();
  });
});
