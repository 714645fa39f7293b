import { strict as assert } from "node:assert";
import { compare, getRounds } from "bcryptjs";
import { hasSecret, secret, UNKNOWN } from "../../tools/offline/plugins/values";
import { writeProject } from "./offline-project";
import { startPlugin } from "./plugin-client";
import { temporaryFolder } from "./support";

describe("offline stand-in for the plugin random", () => {
  const folder = temporaryFolder();
  let plugin: Awaited<ReturnType<typeof startPlugin>>;
  const passwords = () => plugin.resource("random:index/randomPassword:RandomPassword");
  const bytes = () => plugin.resource("random:index/randomBytes:RandomBytes");
  before(async () => (plugin = await startPlugin("random", writeProject(folder))));
  after(() => plugin.stop());

  it("makes passwords with a hash that fits, both secret", async () => {
    const { id, state, plain } = await passwords().create({ length: 32 });
    assert.equal(id, "none");
    assert.equal(plain.result!.length, 32);
    assert.ok(await compare(plain.result!, plain.bcryptHash!));
    assert.equal(getRounds(plain.bcryptHash!), 4);
    assert.deepEqual(
      Object.keys(state)
        .filter((name) => hasSecret(state[name]))
        .sort(),
      ["bcryptHash", "result"],
    );
    assert.notEqual((await passwords().create({ length: 32 })).plain.result, plain.result);
  });

  it("fills the defaults into the state", async () => {
    const { plain } = await passwords().create({ length: 8, special: false });
    const { result: _, bcryptHash: __, ...rest } = plain as Record<string, unknown>;
    assert.deepEqual(rest, {
      length: 8,
      lower: true,
      upper: true,
      numeric: true,
      number: true,
      special: false,
      minLower: 0,
      minUpper: 0,
      minNumeric: 0,
      minSpecial: 0,
    });
  });

  it("draws from the characters asked for, at least as many of each as asked for", async () => {
    for (let i = 0; i < 10; i++) {
      const { plain } = await passwords().create({
        length: 12,
        lower: false,
        minUpper: 3,
        minNumeric: 4,
        minSpecial: 2,
        overrideSpecial: "-_",
      });
      assert.match(plain.result!, /^[A-Z0-9_-]{12}$/);
      assert.ok(plain.result!.replace(/[^A-Z]/g, "").length >= 3);
      assert.ok(plain.result!.replace(/[^0-9]/g, "").length >= 4);
      assert.ok(plain.result!.replace(/[^_-]/g, "").length >= 2);
    }
    assert.match(
      (await passwords().create({ length: 40, number: false, special: false })).plain.result!,
      /^[A-Za-z]{40}$/,
    );
  });

  it("reports every mistake with the value and what was expected, and shows no secret", async () => {
    assert.deepEqual(await passwords().check({ length: 0, lower: "yes", colour: "red" }), [
      `colour: is not an input the offline stand-in knows; ` +
        `it knows length, keepers, lower, upper, special, numeric, number, minLower, minUpper, minSpecial, ` +
        `minNumeric, overrideSpecial`,
      `length: 0 is not valid, expected 1 or more`,
      `lower: "yes" is not valid, expected a boolean`,
    ]);
    assert.deepEqual(await passwords().check({}), ["length: is required and not set"]);
    assert.match(
      (await passwords().check({ length: 3, minLower: 2, minUpper: 2 }))[0]!,
      /^length: 3 is not valid, expected 4 or more/,
    );
    assert.match(
      (await passwords().check({ length: 3, lower: false, upper: false, numeric: false, special: false }))[0]!,
      /at least one of/,
    );
    assert.deepEqual(await passwords().check({ length: secret(0.5) }), [
      "length: this secret value is not valid, expected a whole number",
    ]);
    assert.deepEqual(await passwords().check({ length: UNKNOWN }), []);
  });

  it("replaces a password when an input changes, and only then", async () => {
    const news = { length: 16, keepers: { rotated: "1" } };
    const { state } = await passwords().create(news);
    assert.deepEqual(await passwords().diff(state, news), { changes: false, replaces: [], diffs: [] });
    assert.deepEqual(await passwords().diff(state, { ...news, special: true, minLower: 0, overrideSpecial: "" }), {
      changes: false,
      replaces: [],
      diffs: [],
    });
    assert.deepEqual((await passwords().diff(state, { ...news, length: 17 })).replaces, ["length"]);
    assert.deepEqual((await passwords().diff(state, { ...news, keepers: { rotated: "2" } })).replaces, ["keepers"]);
    assert.deepEqual((await passwords().diff(state, { ...news, length: UNKNOWN })).replaces, ["length"]);
    assert.deepEqual((await passwords().diff(state, { ...news, numeric: false })).replaces, ["numeric", "number"]);
  });

  it("makes nothing at preview, also with inputs that are not known yet", async () => {
    const { id, plain } = await passwords().create({ length: UNKNOWN }, true);
    assert.equal(id, "");
    assert.equal(plain.length, UNKNOWN);
    assert.equal(plain.result, UNKNOWN);
  });

  it("keeps the state on refresh and has nothing to delete", async () => {
    const { state } = await passwords().create({ length: 8 });
    assert.deepEqual(await passwords().read(state), state);
    await passwords().delete();
  });

  it("makes bytes, with the id of the real plugin", async () => {
    const { id, state, plain } = await bytes().create({ length: 24 });
    assert.equal(id, plain.base64);
    assert.equal(Buffer.from(plain.base64!, "base64").toString("hex"), plain.hex);
    assert.equal(plain.hex!.length, 48);
    assert.ok(hasSecret(state.base64) && hasSecret(state.hex));
    assert.deepEqual((await bytes().diff(state, { length: 32 })).replaces, ["length"]);
  });

  describe("refuses what is not local", () => {
    const refused = async (stack: string, reason: RegExp) => {
      const resource = plugin.resource("random:index/randomPassword:RandomPassword", stack);
      for (const attempt of [
        () => resource.check({ length: 8 }),
        () => resource.create({ length: 8 }),
        () => resource.diff({}, {}),
        () => resource.read({}),
        () => resource.delete(),
      ]) {
        await assert.rejects(attempt(), (error: Error) => {
          assert.match(error.message, /the offline stand-in serves local stacks only/);
          assert.match(error.message, reason);
          return true;
        });
      }
    };

    it("an environment with another target", () =>
      refused("there-identity", /the target of environment "there" of stack "there-identity" is kubernetes/));
    it("an environment that is not in Pulumi.yaml", () =>
      refused("gone-identity", /the target of environment "gone" .* is not set/));
    it("a stack whose file says nothing", () =>
      refused("bare", /Pulumi\.bare\.yaml sets no supercluster:stack with an environment/));
    it("a stack without a file", () => refused("other", /Pulumi\.other\.yaml is missing/));
    it("a resource type it does not have, and says which it has", async () => {
      await assert.rejects(
        plugin.resource("random:index/randomPet:RandomPet").check({}),
        /has no random:index\/randomPet:RandomPet; it has random:index\/randomPassword:RandomPassword/,
      );
    });
  });
});
