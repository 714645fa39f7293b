import assert from "node:assert/strict";
import { pino } from "pino";
import { eligibilityHandlers } from "../../../workers/arrakis/eligibility/handlers";
import { eligibilityCheckPayload } from "../../../workers/arrakis/messages";
import type { ProfileStore } from "../../../workers/arrakis/profiles/profile";
import { profileStore } from "../../../workers/arrakis/profiles/postgres";
import { memoryState } from "../../../workers/arrakis/state/memory";
import { serversMs } from "../../support/limits";

const guildId = "200000000000000001";
const walletOf = (letter: string) => `0x${letter.repeat(40)}`;
const [first, second] = [walletOf("a"), walletOf("b")];

describe("the profile store of arrakis", function () {
  this.timeout(serversMs);
  let store: ProfileStore;
  let members = 0;
  before(() => {
    store = profileStore({ connections: 1 }, assert.fail);
  });
  after(() => store?.close());

  /** A member that the store does not know yet. */
  const member = () => ({ guildId, userId: String(300_000_000_000_000_000n + BigInt(++members)) });
  const checked = (wallet_address: string, tier: string) => ({ wallet_address, tier, balance: "20", rules: [] });

  it("an older event that comes later changes neither wallet, roles nor membership", async () => {
    const key = member();
    await store.memberJoined({ ...key, at: 1_000, wallet: first, roles: ["1"] });
    await store.memberUpdated({ ...key, at: 3_000, wallet: second, roles: ["2"] });
    const after = await store.memberUpdated({ ...key, at: 2_000, wallet: first, roles: ["1"] });
    assert.deepEqual([after.wallet, after.roles, after.activity], [second, ["2"], 2]);
    await store.memberLeft({ ...key, at: 2_500 });
    assert.equal((await store.find(key))?.active, true);
    const again = await store.memberUpdated({ ...key, at: 3_000, wallet: second, roles: ["2"] });
    assert.deepEqual([again.wallet, again.activity], [second, 2]);
  });

  it("an older event adds what the newer one does not say", async () => {
    const key = member();
    await store.memberUpdated({ ...key, at: 3_000, nym: "paul" });
    const after = await store.memberJoined({ ...key, at: 2_000, wallet: first, roles: ["1"] });
    assert.deepEqual([after.nym, after.wallet, after.roles, after.active], ["paul", first, ["1"], true]);
  });

  it("a new wallet is checked, also where the one before was checked later than it was announced", async () => {
    const key = member();
    const [own, next] = [walletOf("c"), walletOf("d")];
    await store.memberJoined({ ...key, at: 1_000, wallet: own });
    assert.equal((await store.applyCheck(guildId, checked(own, "usul"), 9_000)).length, 1);
    await store.memberUpdated({ ...key, at: 5_000, wallet: next });
    const [applied] = await store.applyCheck(guildId, checked(next, "naib"), 5_000);
    assert.deepEqual([applied?.before, applied?.tier], ["usul", "naib"]);
  });

  it("roles that an event has reported meanwhile are kept", async () => {
    const key = member();
    const known = await store.memberJoined({ ...key, at: 1_000, roles: ["1"] });
    await store.memberUpdated({ ...key, at: 2_000, roles: ["1", "7"] });
    await store.noteRoles(known, ["2"]);
    assert.deepEqual((await store.find(key))?.roles, ["1", "7"]);
    await store.noteRoles({ ...key, roles: ["1", "7"] }, ["2", "7"]);
    assert.deepEqual((await store.find(key))?.roles, ["2", "7"]);
  });

  it("what a sync has changed is known, however often a wallet is checked again, until it is old", async () => {
    const key = member();
    const own = walletOf("e");
    await store.memberJoined({ ...key, at: 1_000, wallet: own });
    const sync = { guildId, id: "sync-1" };
    for (let attempt = 0; attempt < 2; attempt++)
      await store.applyCheck(guildId, checked(own, "usul"), 2_000, { sync: sync.id });
    await store.applyCheck(guildId, checked(own, "naib"), 3_000);
    assert.deepEqual(await store.changesOf(sync), [checked(own, "usul")]);
    assert.deepEqual(await store.changesOf({ guildId, id: "sync-2" }), []);
    assert.equal(await store.purge(60_000), 0);
    assert.equal(await store.purge(-60_000), 1);
    assert.deepEqual(await store.changesOf(sync), []);
  });

  for (const [how, isShared] of [
    ["where it was", true],
    ["from the beginning", false],
  ] as const)
    it(`a sync that goes on ${how} answers with all that it has changed`, async () => {
      const other = { guildId: isShared ? "200000000000000002" : "200000000000000003" };
      const wallets = Array.from({ length: 130 }, (_, index) => `0x${(index + 1).toString(16).padStart(40, "0")}`);
      for (const wallet of wallets) await store.memberJoined({ ...member(), ...other, at: 1, wallet });
      let left = 120;
      const state = memoryState();
      const sync = () =>
        eligibilityHandlers({
          store,
          rules: {
            evaluate: (wallet_address) =>
              left-- > 0 ? Promise.resolve(checked(wallet_address, "usul")) : Promise.reject(new Error("away")),
          },
          discord: { setRole: () => Promise.resolve(), directMessage: () => Promise.resolve() },
          state: isShared ? state : memoryState(),
          tierRoles: {},
        }).get("community_sync")!(
          eligibilityCheckPayload.parse({
            ...{ event_id: "sync-3", timestamp: 5, community_id: other.guildId, check_type: "community_sync" },
          }),
          pino({ level: "silent" }),
        );
      await assert.rejects(sync(), /away/);
      left = Infinity;
      assert.deepEqual(
        await sync(),
        wallets.map((wallet) => checked(wallet, "usul")),
      );
    });
});
