import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { levelsOf } from "../../../jetstream/changes";
import { JetstreamProvider } from "../../../components/jetstream/jetstream-provider";
import { mistakes, refusals } from "../../../components/jetstream/provider/check";
import { type AssetKind, consumerKind, streamKind } from "../../../jetstream/kinds";
import type { ConnectionSettings } from "../../../components/jetstream/provider/settings";
import { stepDown } from "../../../jetstream/steps";
import { Stream } from "../../../components/jetstream/stream";
import { toWire } from "../../../jetstream/wire";
import { contradictions } from "../../../docs/generator/contradictions";
import { exampleFiles, page, servers, wireNames } from "../../../docs/generator/page";
import { type Argument, buckets, resources, tables } from "../../../docs/generator/tables";
import { changeOf, sinceOf, split } from "../../../docs/generator/words";
import { record } from "../../support/mocks";
import { projectFolder } from "../../support/project-copy";

const project = projectFolder;
const docs = path.join(project, "docs");
const all = tables.flatMap((table) => table.arguments);
const named = (name: string): Argument => all.find((argument) => argument.name === name)!;

describe("docs/streams.md", () => {
  it("is what `npm run docs` writes", () =>
    assert.equal(readFileSync(path.join(docs, "streams.md"), "utf8"), page(), "run npm run docs"));

  it("contradicts no table by which the program works", () => assert.deepEqual(all.flatMap(contradictions), []));

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

  it("knows of every argument what it is on the wire, but of those that address, that are a request, or that only this program sees", () => {
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
    for (const { name, comment, becomes } of [...buckets.both, ...buckets.keyValue]) {
      assert.ok(split(comment).meaning, name);
      for (const field of becomes) assert.ok(named(field), `${name} becomes ${field}`);
    }
  });
});

describe("comments on arguments", () => {
  const age = named("maxAge");
  const storage = named("storage");
  const cases: [string, Argument, string, RegExp][] = [
    ["is missing", age, "", /^maxAge has no comment/],
    ["does not say what a change does", age, "Age. Default: never.", /does not end with what a change does/],
    [
      "calls in place what is always refused",
      storage,
      "`file` or `memory`. Default `file`. In place.",
      /does not say "Refused"/,
    ],
    [
      "calls refused what is free",
      named("noAck"),
      "No acknowledgement. Default false. Refused (error 10052).",
      /says "refused", no change is/,
    ],
    [
      "keeps quiet about a change that is refused",
      named("denyPurge"),
      "No purges. Default false. In place.",
      /a change is refused, the comment does not say/,
    ],
    ["keeps quiet about the cost of a change", age, "Age. Default: never. In place.", /does not say "costs messages"/],
    [
      "makes up a cost",
      named("noAck"),
      "No acknowledgement. Default false. In place; costs messages.",
      /says "costs messages", no change does/,
    ],
    [
      "has another error code",
      storage,
      "`file` or `memory`. Default `file`. Refused (error 10058).",
      /have the codes 10052, the comment says 10058/,
    ],
    [
      "has another server version",
      named("maxConsumers"),
      "Consumers. Default: no limit. In place; before server 2.12.4 refused (error 10052).",
      /depends on server 2\.12\.5/,
    ],
    [
      "has another default",
      storage,
      "`file` or `memory`. Default `memory`. Refused (error 10052).",
      /its default is `file`/,
    ],
    ["has no default", named("description"), "Words. In place.", /has no "Default"/],
    [
      "has another API level",
      named("allowAtomic"),
      "Batches. API level 1. Default false. In place.",
      /needs API level 2, the comment says 1/,
    ],
    [
      "leaves a value out",
      storage,
      "Place. Default `file`. Refused (error 10052).",
      /may be memory, which the comment does not name/,
    ],
    ["lets the name of a stream change", named("name"), "Its name. In place.", /does not say "Refused"/],
  ];
  for (const [what, argument, comment, expected] of cases) {
    it(`are found where one ${what}`, () => {
      const found = contradictions({ ...argument, comment });
      assert.ok(
        found.some((problem) => expected.test(problem)),
        found.join("\n"),
      );
    });
  }
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
  const noServers = { facts: async () => undefined, account: async () => undefined };

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
      const { __provider: _, ...args } = inputs;
      // Streams without the provider are only there for the example to refer to.
      return kinds[type] && options.provider ? [{ name, kind: kinds[type], args, options }] : [];
    });
  }

  it("are all on the page", () =>
    assert.deepEqual(readdirSync(path.join(docs, "examples")).sort(), [...exampleFiles].sort()));

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
