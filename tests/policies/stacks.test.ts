import * as assert from "node:assert/strict";
import { testedServers } from "../../config/versions";
import { policies, rules } from "../../policies/registry";
import { settings } from "../../policies/settings";
import { isComponent } from "../support/known-types";
import { readGolden } from "../golden/golden";
import { serversMs } from "../support/limits";
import { shownOf, type Shown, violationsOf } from "../support/policies";
import { realStacks, registered, stackNames } from "../support/registered-stacks";
import { Draft } from "./draft";
import { harmless } from "./harmless";
import { unknownValue } from "../../config/unknown-value";

describe("the policies over what each stack registers", function () {
  // Loads the SDKs of Kubernetes and AWS.
  this.timeout(serversMs);
  const good = new Map<string, Shown[]>();

  before(async () => {
    for (const stack of stackNames) good.set(stack, await registered(stack));
  });

  for (const stack of stackNames) {
    it(`${stack} violates none`, () => assert.deepEqual(violationsOf(policies, good.get(stack)!), []));

    it(`${stack}: none asks for what its first preview does not know`, async () => {
      const shown = await registered(stack, { preview: true });
      assert.ok(JSON.stringify(shown).includes(unknownValue), "there is something that it does not know");
      // A value that is not known throws when it is read.
      assert.deepEqual(violationsOf(policies, shown), []);
    });
  }

  it("regions of an environment together violate none", () => {
    assert.deepEqual(
      violationsOf(
        policies,
        ["iad", "ams", "syd"].flatMap((stack) => good.get(stack)!),
      ),
      [],
    );
  });

  for (const stack of realStacks) {
    it(`${stack} with its secrets hidden violates none`, () => {
      const registrations = Object.entries(readGolden(stack).resources).map(([key, { inputs, options }]) => {
        const [name, ...type] = key.split("::").reverse();
        return { type: type.reverse().join("::"), name: name!, inputs, options };
      });
      assert.deepEqual(violationsOf(policies, shownOf(stack, registrations)), []);
    });
  }

  for (const { what, stack, change } of harmless) {
    it(`${stack} with ${what} violates none`, () => {
      const draft = new Draft(good.get(stack)!);
      change(draft);
      assert.deepEqual(violationsOf(policies, draft.resources), []);
    });
  }

  it("have something to look at: every type of every rule is registered somewhere", () => {
    const types = new Set([...good.values()].flat().map(({ type }) => type));
    assert.deepEqual(
      rules.flatMap((rule) =>
        (rule.types ?? []).filter((type) => !types.has(type)).map((type) => `${rule.name}: ${type}`),
      ),
      [],
    );
  });

  for (const field of ["data", "stringData"] as const) {
    it(`judge every user of a region, whose file is in a Secret's ${field}`, () => {
      const [secret] = good.get("iad")!.filter(({ name }) => name === "iad-nats-server");
      const props = changed(secret!.props, field, (text) => text.replaceAll('"allow"', '"allowed"'));
      const found = violationsOf(policies, [{ ...secret!, props }]);
      assert.ok(
        found.filter(({ policy }) => policy === "user-may-not-do-everything").length > 20,
        JSON.stringify(found),
      );
    });
  }

  it("leave nothing excepted that is not there", () => {
    const resources = [...good.get("jetstream with the probe")!, ...good.get("iad")!];
    for (const [rule, excepted] of Object.entries(settings)) {
      const own = policies.filter(({ name }) => name === rule);
      // A list of exceptions, or reasons by what they except.
      const byReason = !Array.isArray(excepted);
      const only = (patterns: string[]) =>
        violationsOf(
          own,
          resources,
          byReason
            ? { reasons: Object.fromEntries(patterns.map((pattern) => [pattern, "a reason"])) }
            : { except: patterns },
        );
      const all = byReason ? Object.keys(excepted as object) : (excepted as string[]);
      const found = only([]);
      for (const pattern of all) {
        const others = all.filter((other) => other !== pattern);
        assert.ok(only(others).length > 0, `${rule}: ${pattern}`);
      }
      assert.ok(found.length >= all.length);
    }
  });

  it("look at no component: those are groups of what is looked at", () => {
    assert.deepEqual(
      rules.flatMap(({ types = [] }) => types.filter(isComponent)),
      [],
    );
  });
});

/** A Secret whose files are changed, in its `data` or as older states have them, in `stringData`. */
const changed = (
  { data, ...props }: Record<string, unknown>,
  field: "data" | "stringData",
  change: (text: string) => string,
) => ({
  ...props,
  [field]: Object.fromEntries(
    Object.entries(data as Record<string, string>).map(([file, encoded]) => {
      const text = Buffer.from(change(Buffer.from(encoded, "base64").toString()));
      return [file, text.toString(field === "data" ? "base64" : "utf8")];
    }),
  ),
});

describe("settings of policies", () => {
  const cases: {
    rule: string;
    stack: string;
    config: object;
    change?: (draft: Draft) => void;
    before: number;
    after: number;
  }[] = [
    { rule: "store-holds-what-is-reserved", stack: "jetstream", config: { headroom: 60 }, before: 0, after: 2 },
    { rule: "release-keeps-data", stack: "iad", config: { releases: [testedServers.newest] }, before: 0, after: 1 },
    { rule: "stream-size-is-expected", stack: "jetstream", config: { most: "20GiB" }, before: 0, after: 5 },
    { rule: "node-group-is-small", stack: "iad on a new cluster", config: { most: 0 }, before: 0, after: 3 },
    ...[
      {
        rule: "memory-stream-has-three-replicas",
        except: ["arrakis/COMMANDS"],
        change: (draft: Draft) => draft.set("nats:Stream", "arrakis-COMMANDS", "replicas", 1),
      },
      {
        rule: "data-is-protected",
        except: ["*/SMS"],
        change: (draft: Draft) => void (draft.one("nats:Stream", "irisx-SMS").protect = false),
      },
      {
        rule: "consumer-acknowledges",
        except: ["irisx/SMS/*"],
        change: (draft: Draft) => draft.set("nats:Consumer", "irisx-SMS-sms-worker", "ackPolicy", "all"),
      },
    ].map(({ rule, except, change }) => ({
      rule,
      stack: "jetstream",
      config: { except },
      change,
      before: 1,
      after: 0,
    })),
    {
      rule: "memory-stream-has-three-replicas",
      stack: "jetstream",
      config: { except: ["arrakis/COMMANDS/*", "COMMANDS"] },
      change: (draft) => draft.set("nats:Stream", "arrakis-COMMANDS", "replicas", 1),
      before: 1,
      after: 1,
    },
  ];
  for (const { rule, stack, config, change, before, after } of cases) {
    it(`${rule} with ${JSON.stringify(config)} finds ${after} instead of ${before}`, async () => {
      const draft = new Draft(await registered(stack));
      change?.(draft);
      const own = policies.filter(({ name }) => name === rule);
      assert.deepEqual(
        [{}, config].map((one) => violationsOf(own, draft.resources, one).length),
        [before, after],
      );
    }).timeout(serversMs);
  }
});
