import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import * as fc from "fast-check";
import pLimit from "p-limit";
import { isAtLeast } from "../../config/versions";
import { type Change, changesOf, firstVersionOf } from "../../jetstream/changes";
import type { Field, Wire } from "../../jetstream/fields";
import { mistakes } from "../../components/jetstream/provider/check";
import { ApiError } from "../../jetstream/errors";
import { readServerFacts, type ServerFacts } from "../../jetstream/facts";
import { type AssetKind, consumerKind, streamKind } from "../../jetstream/kinds";
import { timeouts } from "../../jetstream/timeouts";
import type { AssetArgs } from "../../jetstream/schemas";
import { type Args, differences, merge, toWire } from "../../jetstream/wire";
import { pollUntil } from "../../config/poll-until";
import { describeTool } from "../../tools/pins.mjs";
import { ask } from "../support/accounts";
import { serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { Supercluster } from "../support/nats";
import {
  base,
  type Example,
  examples,
  full,
  messages,
  named,
  statesOf,
  type Step,
  stepsOf,
  surroundings,
} from "./matrix-examples";
import { errorOf, levelOf, type Outcome, Walk } from "./matrix-walk";

const versions = {
  pinned: describeTool("nats-server").pin,
  previous: describeTool("nats-server-previous").pin,
  oldest: describeTool("nats-server-oldest").pin,
};
const levelOfVersion = (version: string): number =>
  Math.max(...Object.entries(firstVersionOf).map(([level, first]) => (isAtLeast(version, first) ? Number(level) : 0)));

/** What the plan says of a change, for a server version. */
const plan = ({ fields }: AssetKind, { before, after }: Step, version: string): Change[] =>
  changesOf(fields, toWire(fields, before), toWire(fields, after), version);

/** Mistakes in arguments that a program may write; a stream's region may be left out here. */
const mistakesOf = (kind: AssetKind, args: Args) =>
  mistakes(kind, kind === streamKind ? { region: "iad", ...args } : args);

const namedStep = (step: Step): Step => named(step, "X");

describe("the examples for the tables of fields", () => {
  for (const [kind, given] of examples) {
    const rows = kind.fields.filter(({ arg }) => !kind.identity.some((part) => part === arg));

    it(`have each of the ${rows.length} rows of ${kind.what}s, and one with as much as can be combined`, () => {
      assert.deepEqual(given.map(({ field }) => field).sort(), rows.map(({ arg }) => arg).sort());
      const together = new Set(full.get(kind)!.flatMap((args) => Object.keys(args)));
      assert.deepEqual(
        rows.map(({ arg }) => arg).filter((arg) => !together.has(arg)),
        [],
      );
    });

    it(`are ${kind.what}s that a program may ask for`, () => {
      for (const example of given)
        for (const state of statesOf(kind, example))
          assert.deepEqual(mistakesOf(kind, named(state, "X")), [], example.field);
    });

    for (const version of Object.values(versions)) {
      const level = levelOfVersion(version);
      const refused = rows.flatMap(({ arg, refused = [] }) =>
        refused.filter(({ until }) => !(until && isAtLeast(version, until))).map((refusal) => ({ arg, refusal })),
      );

      it(`change each of these rows, and meet each of their ${refused.length} refusals by server ${version}`, () => {
        const steps = given
          .flatMap((example) => stepsOf(kind, example))
          .map(namedStep)
          .filter(({ before, after }) => Math.max(levelOf(kind, before), levelOf(kind, after)) <= level);
        const changes = steps.flatMap((step) => plan(kind, step, version));
        const met = new Set(changes.map(({ refusal }) => refusal));
        assert.deepEqual(
          refused.filter(({ refusal }) => !met.has(refusal)).map(({ arg, refusal }) => `${arg}: ${refusal.what}`),
          [],
        );
        const changed = new Set(changes.map(({ field }) => field));
        assert.deepEqual(
          rows
            .filter((row) => !changed.has(row.arg) && !(typeof row.level === "number" && row.level > level))
            .map(({ arg }) => arg),
          [],
        );
      });
    }
  }
});

for (const which of ["pinned", "previous", "oldest"] as const) {
  const version = versions[which];

  describe(`the plan says X, server ${version} does X`, function () {
    this.timeout(serversMs);
    let cluster: Supercluster;
    let app: NatsConnection;
    let facts: ServerFacts;
    let walk: Walk;
    /** Changes that were made, by what became of them. */
    const outcomes: Partial<Record<Outcome, number>> = {};

    before(async () => {
      cluster = await Supercluster.prepare({ regions: ["iad"], servers: 3, version: which });
      const inputs = cluster.inputs();
      for (const { config } of Object.values(inputs)) Object.assign(config, { server_tags: ["disk:ssd", "zone:a"] });
      await cluster.ensure(inputs);
      await cluster.ready(inputs);
      app = await cluster.connect("app");
      const system = await cluster.connect("admin");
      facts = (await readServerFacts(system, 3, waitMs))!;
      await system.close();
      walk = new Walk(
        app,
        facts,
        Object.values(inputs).map(({ config }) => config.jetstream.store_dir),
      );
      for (const stream of surroundings) await walk.request(`STREAM.CREATE.${stream.name}`, stream);
      for (const subject of messages) await requestUntilHeard(app, subject, "");
    });

    const patient = { ...timeouts };
    before(() => Object.assign(timeouts, { requestMs: 2_000, deadlineMs: 8_000 }));
    after(() => Object.assign(timeouts, patient));
    after(async () => {
      await app?.close();
      await cluster?.stop();
    });

    /** Some at once: the servers share this machine. */
    const limit = pLimit(8);
    const each = <T>(items: T[], run: (item: T) => Promise<unknown>): Promise<unknown> =>
      Promise.all(items.map((item) => limit(() => run(item))));

    it("knows what this server can do", () =>
      assert.deepEqual(facts, {
        version,
        level: levelOfVersion(version),
        servers: Array.from({ length: 3 }, () => ({ cluster: "iad", tags: ["disk:ssd", "zone:a"] })),
      }));

    for (const [kind, given] of examples) {
      for (const example of given) {
        const steps = stepsOf(kind, example);
        it(`${kind.what} ${example.field}: ${steps.length} changes`, () =>
          each(steps, async (step) => {
            const outcome = await walk.step(kind, step);
            outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
          }));
      }
    }

    const all = [...examples].flatMap(([kind, given]) => given.flatMap((example) => stepsOf(kind, example)));
    it(`each of the ${all.length} changes became what the plan said`, () => {
      const {
        refused = 0,
        "in place": inPlace = 0,
        "accepted, and nothing done": nothing = 0,
        "needs a higher API level": tooNew = 0,
      } = outcomes;
      assert.equal(refused + inPlace + nothing + tooNew, all.length);
      assert.ok(refused > 100 && inPlace > 100 && nothing > 20, JSON.stringify(outcomes));
      assert.equal(tooNew > 0, facts.level < 4);
    });

    for (const [kind, given] of examples) {
      const { what, fields } = kind;
      /** Only this program adds labels. */
      const underived = fields.map(({ derived: _, ...field }): Field => field);
      const bare = underived.map(({ default: _, forced: __, ...field }): Field => field);
      const states = given.flatMap((example) => statesOf(kind, example)).filter((state) => !state.sealed);

      it(`fills in as the table says what is left out of ${states.length} ${what}s of another client`, () =>
        each(
          states.filter((state) => levelOf(kind, state) <= facts.level),
          async (state) => {
            const args = walk.named(state);
            await walk.request(kind.subject("CREATE", args), {
              ...(kind.body("create", toWire(bare, args), args) as Wire),
              pedantic: false,
            });
            assert.deepEqual(differences(underived, args, await walk.config(kind, args)), [], JSON.stringify(args));
            await walk.drop(kind, args);
          },
        ));

      it(`shows ${what}s with many fields as they were written`, () =>
        each(full.get(kind)!, async (state) => {
          const args = walk.named(state);
          if (levelOf(kind, args) > facts.level) return walk.isTooNew(kind, args);
          await walk.make(kind, args);
          return walk.drop(kind, args);
        }));

      it(`brings 50 ${what}s of any values to any others as planned`, () => {
        const mixed = mixOf(kind, given);
        const isTaken = async (state: AssetArgs): Promise<boolean> => {
          const args = walk.named(state);
          if (levelOf(kind, args) > facts.level || mistakesOf(kind, args).length) return false;
          try {
            await walk.make(kind, args);
          } catch (error) {
            // What others have is no rule about its own arguments.
            if (error instanceof ApiError) return false;
            throw error;
          }
          await walk.drop(kind, args);
          return true;
        };
        return fc.assert(
          fc.asyncProperty(mixed, mixed, async (before, after) => {
            const step = { before, after };
            fc.pre(plan(kind, namedStep(step), version).every(({ refusal }) => !refusal || errorOf(refusal, version)));
            fc.pre((await isTaken(before)) && (await isTaken(after)));
            await walk.step(kind, step);
          }),
          { numRuns: Number(process.env.RUNS ?? 50), endOnFailure: true },
        );
      });
    }

    describe("what depends on others is for the server to say:", () => {
      const explicit = { ackPolicy: "explicit" };
      interface Circumstance extends Step {
        what: string;
        kind: AssetKind;
        /** Other streams and consumers, first. */
        others?: [AssetKind, AssetArgs][];
        /** Who listens meanwhile. */
        subscribed?: string;
        error: number;
      }
      const stream = (change: Args): AssetArgs => ({ ...base(streamKind), ...change });
      const consumer = (change: Args, of = "CONSUMED"): AssetArgs => ({
        ...base(consumerKind, of),
        ...explicit,
        ...change,
      });
      const limited: [AssetKind, AssetArgs][] = [[consumerKind, consumer({ name: "reader" }, "NAME")]];
      const circumstances: Circumstance[] = [
        {
          what: "a deliver subject while a client listens",
          kind: consumerKind,
          before: consumer({ deliverSubject: "deliver.NAME" }),
          after: consumer({ deliverSubject: "other.NAME" }),
          subscribed: "deliver.NAME",
          error: 10013,
        },
        {
          what: "more replicas than the stream has",
          kind: consumerKind,
          before: consumer({}),
          after: consumer({ replicas: 3 }),
          error: 10126,
        },
        {
          what: "limits under what a consumer has",
          kind: streamKind,
          before: stream({}),
          after: stream({ consumerLimits: { maxAckPending: 10 } }),
          others: limited,
          error: which === "oldest" ? 10051 : 10069,
        },
        {
          what: "a subject that another stream has",
          kind: streamKind,
          before: stream({}),
          after: stream({ subjects: ["NAME", "consumed.a"] }),
          error: 10065,
        },
        {
          what: "direct reads from a mirror whose origin has none",
          kind: streamKind,
          before: stream({ mirror: "ORIGIN", subjects: undefined }),
          after: stream({ mirror: "ORIGIN", subjects: undefined, mirrorDirect: true }),
          error: 10157,
        },
        {
          what: "more bytes than the servers have",
          kind: streamKind,
          before: stream({ storage: "file" }),
          after: stream({ storage: "file", maxBytes: "1TiB" }),
          error: 10047,
        },
      ];
      for (const { what, kind, others = [], subscribed, error, ...step } of circumstances) {
        it(`${what} (error ${error})`, async () => {
          const { name } = walk.named({ name: "NAME" });
          const [before, after] = [named(step.before, name), named(step.after, name)];
          await walk.make(kind, before);
          for (const [other, args] of others) await walk.make(other, named(args, name));
          const subscription =
            subscribed === undefined ? undefined : app.subscribe(named({ subscribed }, name).subscribed);
          assert.deepEqual(
            plan(kind, { before, after }, version).filter(({ refusal }) => refusal),
            [],
            "the plan does not know",
          );
          if (subscription)
            assert.ok(
              await pollUntil(
                async () => ((await ask(app, kind.subject("INFO", before))).push_bound ? true : undefined),
                waitMs,
              ),
            );
          await assert.rejects(walk.send(kind, "update", after), { errCode: error });
          subscription?.unsubscribe();
          await walk.shows(kind, before);
          await walk.drop(kind, before);
        });
      }
    });

    it("refuses another name for a stream, and takes no notice of one for a consumer", async () => {
      assert.ok(
        streamKind.identity.includes("name") && consumerKind.identity.includes("name"),
        "the plan refuses both",
      );
      const [stream, consumer] = [
        walk.named(base(streamKind)),
        walk.named({ ...base(consumerKind), ackPolicy: "explicit" }),
      ];
      await walk.make(streamKind, stream);
      await walk.make(consumerKind, consumer);
      await assert.rejects(walk.request(`STREAM.UPDATE.${stream.name}`, { name: "ANOTHER" }), {
        errCode: 10056,
      });
      const config = { ...toWire(consumerKind.fields, consumer), name: "ANOTHER" };
      await walk.request(consumerKind.subject("UPDATE", consumer), consumerKind.body("update", config, consumer));
      await walk.shows(consumerKind, consumer);
      await walk.drop(streamKind, stream);
      await walk.drop(consumerKind, consumer);
    });

    it("keeps another client's spelling of a mirror's start time, where the server would refuse its own", async () => {
      const { name } = walk.named({ name: "NAME" });
      const theirs = {
        name,
        storage: "memory",
        num_replicas: 1,
        mirror: { name: "ORIGIN", opt_start_time: "2026-01-31T01:00:00+01:00" },
      };
      await walk.request(`STREAM.CREATE.${name}`, theirs);
      const ours = {
        account: "app",
        name,
        storage: "memory",
        mirror: { name: "ORIGIN", optStartTime: "2026-01-31T01:00:00+01:00" },
        description: "copy",
      };
      await assert.rejects(walk.send(streamKind, "update", ours), { errCode: 10055 });
      const merged = merge(streamKind.fields, toWire(streamKind.fields, ours), await walk.config(streamKind, ours));
      await walk.request(`STREAM.UPDATE.${name}`, { ...merged, pedantic: true });
      await walk.shows(streamKind, ours);
      await walk.drop(streamKind, ours);
    });
  });
}

/** Some values of any fields together. */
function mixOf(kind: AssetKind, given: Example[]): fc.Arbitrary<AssetArgs> {
  const values = given
    .filter(({ stream }) => stream === undefined)
    .flatMap(({ beside, values }) => values.map((value): Args => ({ ...beside, ...value })));
  const first = kind === streamKind ? base(kind) : { ...base(kind), ackPolicy: "explicit" };
  return fc
    .uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 6 })
    .map((some) => Object.assign({}, first, ...some) as AssetArgs);
}
