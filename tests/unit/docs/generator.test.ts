import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { levelsOf } from "../../../jetstream/changes";
import { JetstreamProvider } from "../../../components/jetstream/jetstream-provider";
import { mistakes, refusals } from "../../../components/jetstream/provider/check";
import { type AssetKind, consumerKind, streamKind } from "../../../jetstream/kinds";
import type { ConnectionSettings } from "../../../components/jetstream/provider/settings";
import type { AssetArgs } from "../../../jetstream/schemas";
import { stepDown } from "../../../jetstream/steps";
import { Stream } from "../../../components/jetstream/stream";
import { toWire } from "../../../jetstream/wire";
import { commentsOf } from "../../../docs/generator/comments";
import { gapsOf } from "../../../docs/generator/gaps";
import { exampleFiles, page, servers, wireNames } from "../../../docs/generator/page";
import { sharingPage } from "../../../docs/generator/sharing";
import { type Argument, buckets, resources, tables } from "../../../docs/generator/tables";
import { bucketMeaningOf, changeOf, meaningOf, sinceOf } from "../../../docs/generator/words";
import { record } from "../../support/mocks";
import { projectFolder } from "../../support/project-copy";

const project = projectFolder;
const docs = path.join(project, "docs");
const all = tables.flatMap((table) => table.arguments);
const named = (name: string): Argument => all.find((argument) => argument.name === name)!;

describe("docs/sharing.md", () => {
  it("is what `npm run docs` writes", () =>
    assert.equal(readFileSync(path.join(docs, "sharing.md"), "utf8"), sharingPage(), "run npm run docs"));
});

describe("docs/streams.md", () => {
  it("is what `npm run docs` writes", () =>
    assert.equal(readFileSync(path.join(docs, "streams.md"), "utf8"), page(), "run npm run docs"));

  it("leaves nothing out, and repeats no table by which the program works", () =>
    assert.deepEqual(all.flatMap(gapsOf), []));

  for (const [what, { kind, shape }] of Object.entries(resources)) {
    it(`has every argument of the ${what} schema, and every field that the program manages`, () => {
      const schemas = new Set(all.map(({ schema }) => schema));
      const rows = new Set(all.flatMap((argument) => argument.rows));
      assert.deepEqual(
        Object.entries<Argument["schema"]>(shape).flatMap(([name, schema]) => (schemas.has(schema) ? [] : [name])),
        [],
      );
      assert.deepEqual(
        kind.fields.flatMap((row) => (rows.has(row) ? [] : [row.arg])),
        [],
      );
    });
  }

  it("knows every argument's name on the wire, but of addresses, requests and what only this program sees", () => {
    const withoutRow = all
      .filter(({ rows, partOf }) => rows.length === 0 && partOf.length === 0)
      .map(({ name }) => name);
    assert.deepEqual([...new Set(withoutRow)].sort(), [
      "absent",
      "account",
      "adopt",
      "allowDataLoss",
      "deletionPolicy",
      "extraConfig",
      "lowerBy",
      "resetTo",
      "snapshotTo",
      "stream",
    ]);
  });

  it("says for every argument what a change does", () => {
    const silent = all.filter((argument) => !/^\*\*(In place|Refused)\*\*|^As `/.test(changeOf(argument)));
    assert.deepEqual(
      silent.map(({ name }) => name),
      [],
    );
  });

  it("names parts as they are on the wire", () => {
    const transform = { src: "a", dest: "b" };
    const origin = {
      ...{
        name: "S",
        optStartSeq: 1,
        optStartTime: "2026-01-01T00:00:00Z",
        filterSubject: "a",
        subjectTransforms: [transform],
      },
      ...{ external: { api: "a", deliver: "b" }, consumer: { name: "c", deliverSubject: "d" } },
    };
    const args = {
      ...{ mirror: origin, subjectTransform: transform, republish: { ...transform, headersOnly: true } },
      consumerLimits: { maxAckPending: 1, inactiveThreshold: "1s" },
    };
    const found = new Set(
      JSON.stringify(toWire(streamKind.fields, args))
        .match(/"\w+"(?=:)/g)!
        .map((key) => key.slice(1, -1)),
    );
    const wires = all.filter(({ partOf }) => partOf.length).flatMap(wireNames);
    assert.ok(wires.length > 15, "they are there");
    assert.deepEqual(
      wires.filter((wire) => !found.has(wire)),
      [],
    );
  });

  it("says of a part that is newer than the whole since when it is there", () => {
    assert.equal(sinceOf(named("origin.consumer")), "2.14.0");
    const mirror = { name: "S", consumer: { name: "c", deliverSubject: "d" } };
    assert.deepEqual(levelsOf(streamKind.fields, toWire(streamKind.fields, { mirror })), [
      { field: "mirror", level: 4 },
    ]);
  });

  it("names the servers that the README names", () => {
    assert.ok(readFileSync(path.join(project, "README.md"), "utf8").includes(`servers ${servers}`), servers);
  });

  it("describes every field of buckets, and the stream's field that it becomes", () => {
    for (const { name, comment, becomes, ...beside } of [...buckets.both, ...buckets.keyValue]) {
      assert.ok(comment, name);
      assert.match(bucketMeaningOf({ name, comment, becomes, ...beside }), / Default: \S/, name);
      for (const field of becomes) assert.ok(named(field), `${name} becomes ${field}`);
    }
  });
});

describe("comments on arguments", () => {
  const [age, storage, ackWait] = ["maxAge", "storage", "ackWait"].map(named) as [Argument, Argument, Argument];
  const cases: [string, Argument, Partial<Argument>, string][] = [
    [
      "a comment that is missing",
      age,
      { comment: "" },
      "maxAge: has no comment; write what it means, its unit and its range",
    ],
    [
      "a value that is not explained",
      storage,
      { comment: "Place: `file`." },
      "storage: the comment does not explain the value memory",
    ],
    [
      "an error code that its rules have",
      age,
      { comment: "Age: 100ms at least (error 10052)." },
      "maxAge: the comment repeats error 10052 of its rules; remove it",
    ],
    [
      "a default that the table has",
      storage,
      { tags: { default: "`file`" } },
      "storage: @default repeats the table of fields; remove it",
    ],
    [
      "a default that contradicts the table",
      storage,
      { tags: { default: "`memory`" } },
      "storage: @default contradicts the table of fields, which has `file`",
    ],
    [
      "a default of what is required",
      named("region"),
      { tags: { default: "iad" } },
      "region: has @default, but is required",
    ],
    [
      "a default that follows from other fields, without words",
      ackWait,
      { tags: {} },
      "ackWait: the default follows from other fields; write how in @default",
    ],
    [
      "how a change is made that is always refused",
      storage,
      { tags: { change: "for new messages" } },
      "storage: has @change, but any change is refused",
    ],
    [
      "how the name of a stream changes",
      named("name"),
      { tags: { change: "it moves" } },
      "name: has @change, but any change is refused",
    ],
    [
      "how a part changes by itself",
      named("republish.src"),
      { tags: { change: "for new messages" } },
      "republish.src: has @change, but is a part",
    ],
    [
      "an API level that the table has",
      named("allowAtomic"),
      { tags: { level: "1" } },
      "allowAtomic: has @level, but its level stands in the table of fields",
    ],
    [
      "an API level that the program does not know",
      named("resetTo"),
      { tags: { ...named("resetTo").tags, level: "9" } },
      "resetTo: @level is 9, which is not an API level of jetstream/changes.ts",
    ],
  ];
  for (const [what, argument, change, expected] of cases) {
    it(`are refused with ${what}`, () => assert.deepEqual(gapsOf({ ...argument, ...change }), [expected]));
  }

  it("may have no other tag than the three", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "comments-"));
    const file = path.join(folder, "schema.ts");
    const read = (tag: string) => {
      writeFileSync(file, `const shape = {\n/** Age.\n * At most a day.\n * ${tag} none,\n * as a rule */\nage: 1 };`);
      return commentsOf(path.relative(project, file)).shape;
    };
    try {
      assert.deepEqual(read("@default"), [
        { name: "age", text: "Age. At most a day.", tags: { default: "none, as a rule" }, properties: [] },
      ]);
      assert.throws(() => read("@since"), /schema\.ts: @since is not a tag .* one of default, change, level$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("leave defaults, codes, versions and losses to the tables", () => {
    assert.match(meaningOf(storage), / Default: `file`\.$/);
    assert.match(meaningOf(named("noAck")), / Default: false\.$/);
    assert.match(meaningOf(named("maxBytes")), / Default: no limit\.$/);
    assert.match(meaningOf(age), / Default: never\. Server error: 10052\.$/);
    assert.match(meaningOf(named("origin.consumer.deliverSubject")), / Server errors: 10213, 10215\.$/);
    assert.match(meaningOf(named("description")), / Default: none\. Server error: 10052\.$/);
    assert.match(meaningOf(ackWait), / Default: 30s, or `backoff\[0\]`/);
    assert.equal(changeOf(named("noAck")), "**In place**.");
    assert.equal(changeOf(named("maxMsgSize")), "**In place**: for new messages.");
    assert.equal(changeOf(named("adopt")), "**In place**: nothing is sent to the server.");
    assert.equal(changeOf(named("name")), "**Refused**: it would be another stream.");
    assert.equal(changeOf(storage), "**Refused** (error 10052): a new stream would start empty.");
    assert.equal(changeOf(named("maxConsumers")), "**In place**. **Refused** before server 2.12.5 (error 10052).");
    assert.equal(changeOf(age), "**In place**. **Costs messages** (lower): would drop the messages that are older.");
    assert.equal(
      changeOf(named("denyPurge")),
      "**In place**. **Refused** (on to off; error 10052): it cannot be turned off once it is on.",
    );
    assert.deepEqual(
      ["allowAtomic", "resetTo"].map((name) => sinceOf(named(name))),
      ["2.12.0", "2.14.0"],
    );
  });
});

describe("examples of docs/streams.md", () => {
  const kinds: Record<string, AssetKind> = {
    "pulumi-nodejs:dynamic/nats:Stream": streamKind,
    "pulumi-nodejs:dynamic/nats:Consumer": consumerKind,
  };
  const login = { login: "", password: "", inboxPrefix: "" };
  const connection: ConnectionSettings = {
    owner: "supercluster/test",
    regions: [],
    ca: "",
    provisioners: { shop: login },
    system: login,
  };
  const noServers = {
    facts: async () => undefined,
    account: async () => undefined,
    accountAtOnce: async () => undefined,
  };

  /** What the engine would be asked to register, in the order of the page. */
  async function run(file: string) {
    const examples = require(path.join(docs, "examples", file)) as Record<
      string,
      (provider: JetstreamProvider, orders: Stream, returns: Stream) => void
    >;
    const stream = (name: string) => new Stream(name, { account: "shop", name, region: "iad", maxAge: "30d" });
    const { registrations } = await record(() => {
      for (const example of Object.values(examples))
        example(new JetstreamProvider("jetstream", connection), stream("ORDERS"), stream("RETURNS"));
    });
    return registrations.flatMap(({ type, name, inputs, options }) => {
      const { __provider: _, ...args } = inputs as AssetArgs;
      // Streams without the provider are only there for the example to refer to.
      return kinds[type] && options.provider ? [{ name, kind: kinds[type], args, options }] : [];
    });
  }

  it("are all on the page", () =>
    assert.deepEqual(
      readdirSync(path.join(docs, "examples")).filter((name) => name.endsWith(".ts")),
      [...exampleFiles].sort(),
    ));

  for (const file of exampleFiles) {
    it(`${file} registers streams or consumers in which the provider finds no mistake`, async () => {
      const found = await run(file);
      assert.ok(found.length > 0);
      for (const { name, kind, args } of found) {
        assert.deepEqual([...mistakes(kind, args), ...(await refusals(kind, undefined, args, noServers))], [], name);
      }
    });
  }

  it("lower a limit by the step they say, and stop at the limit", async () => {
    const [stream] = await run("lower-a-limit-in-steps.ts");
    const { kind, args } = stream!;
    const stepped = (maxAge: string) => stepDown(kind.fields, args, toWire(kind.fields, { ...args, maxAge })).maxAge;
    assert.deepEqual(["30d", "25d", "20d", "15d", "10d"].map(stepped), ["25d", "20d", "15d", "10d", "7d"]);
  });

  it("protect what they take over", async () => {
    const [stream] = await run("take-over-what-is-there.ts");
    assert.deepEqual([stream!.options.protect, stream!.options.retainOnDelete], [true, true]);
  });
});
