import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { defaultTiers } from "../../../../workers/arrakis/eligibility/tiers";
import { discordSettings, rpcSettings, tierSettings } from "../../../../workers/arrakis/settings";
import { readSettings, SettingsError } from "../../../../workers/messaging";
import { together } from "../../../../workers/settings";
import { tenants } from "../../../../tenants";

const guild = "200000000000000001";
const role = "400000000000000001";

const problems = (read: () => unknown): readonly string[] => {
  try {
    read();
    return [];
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.problems;
  }
};

describe("settings of arrakis", () => {
  it("call nothing by default", () => {
    assert.deepEqual(readSettings(discordSettings, {}), { kind: "log" });
    assert.deepEqual(readSettings(tierSettings, {}), { tiers: defaultTiers, tierRoles: {} });
    assert.equal(readSettings(rpcSettings, {}), undefined);
  });

  it("choose the real thing by one variable", () => {
    const discord = { DISCORD_TOKEN: "secret", DISCORD_APPLICATION_ID: "123456789012345678" };
    assert.deepEqual(readSettings(discordSettings, discord), { kind: "log" });
    assert.deepEqual(readSettings(discordSettings, { DISCORD_PROVIDER: "rest", ...discord }), {
      kind: "rest",
      url: "https://discord.com/api",
      applicationId: "123456789012345678",
      token: "secret",
      timeout: 5_000,
    });
    assert.deepEqual(readSettings(rpcSettings, { RPC_URL: "https://a.example, http://b.example" }), {
      urls: ["https://a.example", "http://b.example"],
      token: undefined,
      decimals: 18,
      timeout: 5_000,
    });
  });

  it("read tiers from the highest on, and roles by guild", () => {
    const env = { TIERS: "usul=10.5,naib=1000", TIER_ROLES: `${guild}/naib=${role}` };
    assert.deepEqual(readSettings(tierSettings, env), {
      tiers: [
        { name: "naib", threshold: 1_000 },
        { name: "usul", threshold: 10.5 },
      ],
      tierRoles: { [guild]: { naib: role } },
    });
  });

  it("report every mistake at once, and no secret", () => {
    const schema = together({ discord: discordSettings, tiers: tierSettings, rpc: rpcSettings });
    const found = problems(() =>
      readSettings(schema, {
        DISCORD_PROVIDER: "rest",
        DISCORD_TOKEN: "se cret",
        DISCORD_APPLICATION_ID: "1",
        DISCORD_TIMEOUT: "1m",
        TIERS: "naib=x,usul=1=2",
        RPC_URL: "ftp://x/se-cret",
        RPC_TOKEN_ADDRESS: "0x1",
      }),
    );
    assert.deepEqual(
      found.map((line) => line.replace(/^(\w+).*$/, "$1")),
      ["DISCORD_TOKEN", "DISCORD_APPLICATION_ID", "DISCORD_TIMEOUT", "TIERS", "TIERS", "RPC_URL", "RPC_TOKEN_ADDRESS"],
    );
    assert.doesNotMatch(found.join("\n"), /se.cret/);
    assert.match(problems(() => readSettings(discordSettings, { DISCORD_PROVIDER: "pigeon" })).join(), /log or rest/);
    assert.match(problems(() => readSettings(tierSettings, { TIERS: "a=1,a=2" })).join(), /each tier once/);
    assert.match(
      problems(() => readSettings(tierSettings, { TIER_ROLES: `${guild}/emperor=${role}` })).join(),
      /no tier is called emperor; there are naib, fedaykin/,
    );
    assert.match(problems(() => readSettings(tierSettings, { TIER_ROLES: "naib=1" })).join(), /<guild id>\/<tier>/);
  });

  it("that are secret are in the Secrets that the tenant names, as the README says", () => {
    const readme = readFileSync("workers/arrakis/README.md", "utf8");
    const named = new Set(Object.values(tenants.arrakis!.workers!).flatMap(({ secrets = [] }) => secrets));
    const secrets = {
      "arrakis-database": "DATABASE_URL",
      "arrakis-discord": "DISCORD_TOKEN",
      "arrakis-redis": "REDIS_URL",
      "arrakis-rpc": "RPC_URL",
    };
    assert.deepEqual([...named].sort(), Object.keys(secrets));
    for (const [secret, variable] of Object.entries(secrets))
      assert.match(readme, new RegExp(`\`${secret}\`\\s+\\(\`${variable}\`\\)`));
  });
});
