import assert from "node:assert/strict";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import * as fc from "fast-check";
import { pollUntil } from "../../config/poll-until";
import { type AssetKind, consumerKind, streamKind } from "../../jetstream/kinds";
import { type Args, differences, toWire } from "../../jetstream/wire";
import type { Field, Wire } from "../../jetstream/fields";
import { fromBytes, fromNanoseconds } from "../../config/units";
import { isRenamedAway } from "../../config/subject-transform";
import { examples } from "./matrix-examples";
import type { Info } from "../../jetstream/info";
import type { AssetArgs } from "../../jetstream/schemas";
import { consumerArgumentRules } from "../../config/rules/arguments/consumer";
import { joinPath } from "../../config/problems";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { streamArgumentRules } from "../../config/rules/arguments/stream";
import { startSupercluster, type Supercluster } from "../support/nats";
import { untilAnswered } from "../support/publisher";
import { anyConsumer, type AnyRule, anyStream, exampleOf, plainConsumer, plainStream } from "../support/rule-examples";

interface Refusal {
  err_code: number;
  description: string;
}

interface Answer {
  error?: Refusal;
  /** Of what was created. */
  config?: Wire;
}

/** Values at every bound of a field, and any; undefined for a field that is not an amount. */
function amountsOf(kind: Field["kind"]): { bounds: unknown[]; any: fc.Arbitrary<unknown> } | undefined {
  const durations = ["0s", "1ns", "999us", "1ms", "99999us", "100ms", "999999999ns", "1s", "25551d", "36500d"];
  const duration = fc.bigInt({ min: 1n, max: 36_500n * 86_400_000_000_000n }).map((ns) => fromNanoseconds(Number(ns)));
  const sizes = ["0B", "1B", "2147483647B", "2GiB", "8191TiB"];
  const size = fc.maxSafeNat().map(fromBytes);
  const numbers = [1, 2, 2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER];
  const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const unlimited = ["unlimited"];
  const amounts: Partial<Record<Field["kind"], { bounds: unknown[]; any: fc.Arbitrary<unknown> }>> = {
    duration: { bounds: durations, any: duration },
    durationLimit: { bounds: [...durations, ...unlimited], any: duration },
    durations: { bounds: durations.map((one) => ["1s", one]), any: duration.map((one) => [one, one]) },
    size: { bounds: sizes, any: size },
    sizeLimit: { bounds: [...sizes, ...unlimited], any: size },
    number: { bounds: numbers, any: number },
    numberLimit: { bounds: [...numbers, ...unlimited], any: number },
  };
  return amounts[kind];
}

describe("what rules say that JetStream answers, real servers answer", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let app: NatsConnection;
  let tried = 0;

  /** Refused for now, whatever is asked: a busy machine may make the meta group elect a leader, or create no store. */
  const temporary = [10008, 10049];

  const consumerNotFound = 10014;

  const answerTo = async (request: string, body?: unknown, timeout = requestMs): Promise<Answer> => {
    const send = () =>
      app.request(`$JS.API.${request}`, body === undefined ? undefined : JSON.stringify(body), { timeout });
    // A leader that steps down drops requests. What was deleted would not be found the second time.
    const deadline = Date.now() + (request.includes("DELETE") ? 0 : waitMs);
    const ask = async () => (await untilAnswered(send, () => Date.now() >= deadline)).json<Answer>();
    const isAnswer = (answer: Answer) => (temporary.includes(answer.error?.err_code ?? 0) ? undefined : answer);
    const answer = await pollUntil(async () => isAnswer(await ask()), waitMs);
    assert.ok(answer, `${request}: no meta leader`);
    return answer;
  };

  /** The error that JetStream answers a request with; none if it does what is asked. */
  const refusalOf = async (...request: Parameters<typeof answerTo>): Promise<Refusal | undefined> =>
    (await answerTo(...request)).error;

  /** Only the durable's leader answers, and one that was just made may have none yet. */
  async function resetRefusal({ stream, name, resetTo }: Args): Promise<Refusal | undefined> {
    const ask = () => refusalOf(`CONSUMER.RESET.${stream as string}.${name as string}`, { seq: resetTo }, 2_000);
    const answer = await pollUntil(
      () =>
        ask().then(
          (refusal) => ({ refusal }),
          () => undefined,
        ),
      waitMs,
    );
    assert.ok(answer, "no answer");
    return answer.refusal;
  }

  /** As the provider asks. */
  const creation = (kind: AssetKind, args: Args): [request: string, body: unknown] => [
    kind.subject("CREATE", args as AssetArgs),
    kind.body("create", toWire(kind.fields, args), args as AssetArgs),
  ];
  const create = (kind: AssetKind, args: Args) => refusalOf(...creation(kind, args));

  /**
   * Makes it, under a name that nothing had before, and takes it away again. A new `resetTo` has a request of its own.
   */
  async function tryOut(
    kind: AssetKind,
    example: Args,
    look?: (args: AssetArgs, held: Wire) => void,
  ): Promise<Refusal | undefined> {
    const args = JSON.parse(
      JSON.stringify(example).replaceAll(`"${example.name as string}"`, `"${example.name as string}-${++tried}"`),
    ) as Args;
    const { error, config } = await answerTo(...creation(kind, args));
    if (error) return error;
    const reset = args.resetTo === undefined ? undefined : await resetRefusal(args);
    look?.(args as AssetArgs, config!);
    const deletion = await refusalOf(kind.subject("DELETE", args as AssetArgs));
    // After a short `inactiveThreshold` a consumer is gone by itself.
    if (args.inactiveThreshold === undefined || deletion?.err_code !== consumerNotFound)
      assert.equal(deletion, undefined);
    return reset;
  }

  before(async () => {
    // Two, because one server alone elects no leader.
    cluster = await startSupercluster({ regions: ["iad", "ams"] });
    app = await cluster.connect("app");
  });

  after(async () => {
    await app?.close();
    await cluster?.stop();
  });

  const kinds: [AssetKind, readonly AnyRule[], Args, fc.Arbitrary<Args>][] = [
    [streamKind, streamArgumentRules, plainStream, anyStream],
    [consumerKind, consumerArgumentRules, plainConsumer, anyConsumer],
  ];
  for (const [kind, rules, plain, any] of kinds) {
    describe(`about a ${kind.what}`, () => {
      before(async () => {
        if (kind === consumerKind)
          assert.equal(await create(streamKind, plainStream), undefined, "the stream they read");
      });

      it("nothing is wrong with the one that examples start from", async () =>
        assert.equal(await tryOut(kind, plain), undefined));

      for (const rule of rules) {
        const args = exampleOf(plain, rule);
        const { at, message } = rule.findings(args as never)[0]!;
        it(`${rule.error ?? "accepts in silence"}: ${joinPath(...at)} ${message}`, async () => {
          const refusal = await tryOut(kind, args);
          assert.equal(refusal?.err_code, rule.error, refusal?.description);
        });
      }

      it("the server refuses what a rule with that error finds, and makes what none finds", async () => {
        const answers = { made: 0, refused: 0 };
        const agrees = async (args: Args) => {
          assert.deepEqual(kind.schema(args).safeParse(args).error?.issues ?? [], []);
          const expected = rules.flatMap(({ error, findings }) =>
            error && findings(args as never).length ? [error] : [],
          );
          const refusal = await tryOut(kind, args);
          answers[refusal ? "refused" : "made"]++;
          if (refusal)
            assert.ok(
              expected.includes(refusal.err_code),
              `${refusal.err_code} ${refusal.description}; the rules find ${expected.join(", ")}`,
            );
          else assert.deepEqual(expected, [], "and the server makes it");
        };
        await fc.assert(fc.asyncProperty(any, agrees), { numRuns: 500, includeErrorInReport: true });
        assert.ok(answers.made > 50 && answers.refused > 50, JSON.stringify(answers));
      });

      /** The server holds what was asked for, to the last nanosecond, byte and number. */
      const isHeld = (args: AssetArgs, held: Wire) => assert.deepEqual(differences(kind.fields, args, held), []);

      if (kind === streamKind)
        it("the longest duration still expires in the future; beyond, servers' sums overflow", async () => {
          const name = `TTL-${++tried}`;
          const subject = (token: string) => `ttl.${tried}.${token}`;
          assert.equal(await create(kind, { ...plain, name, subjects: [subject("*")], allowMsgTtl: true }), undefined);
          const publish = async (token: string, days: number) => {
            const ttl = headers();
            ttl.set("Nats-TTL", `${days * 24}h`);
            await requestUntilHeard(app, subject(token), "", ttl);
          };
          await publish("longest", 36_500);
          await publish("beyond", 106_751);
          const left = async () => {
            const info = await app.request(`$JS.API.STREAM.INFO.${name}`, JSON.stringify({ subjects_filter: ">" }), {
              timeout: requestMs,
            });
            return Object.keys(info.json<Info>().state!.subjects ?? {});
          };
          const isDropped = async () => ((await left()).includes(subject("beyond")) ? undefined : true);
          assert.ok(await pollUntil(isDropped, waitMs), "int64 overflows");
          assert.deepEqual(await left(), [subject("longest")]);
          await refusalOf(kind.subject("DELETE", { name }));
        });

      const limits = ["inactiveThreshold", "maxAckPending"].map((part) => ({
        ...{ field: "consumerLimits", part, values: [{}], beside: {} },
        amounts: amountsOf(part === "maxAckPending" ? "number" : "duration"),
      }));
      const fields = examples.get(kind)!.map((example) => ({
        ...example,
        part: undefined,
        amounts: amountsOf(kind.fields.find(({ arg }) => arg === example.field)!.kind),
      }));
      for (const { field, part, values, beside, amounts } of [...fields, ...(kind === streamKind ? limits : [])]) {
        // How many replicas there may be depends on the servers, and has a rule of its own.
        if (!amounts || field === "replicas") continue;
        const what = part ? `${field}.${part}` : field;
        it(`${what} has the bounds of the server, from the smallest value to the largest`, async () => {
          const agrees = async (amount: unknown) => {
            const context = JSON.parse(
              JSON.stringify({ ...beside, ...values[0] }).replaceAll("NAME", "deliver"),
            ) as Args;
            const args = { ...plain, ...context, [field]: part ? { [part]: amount } : amount };
            if (!kind.schema(args).safeParse(args).success) return;
            const found = rules.flatMap(({ error, findings }) => (findings(args as never).length ? [error] : []));
            const refusal = await tryOut(kind, args, found.length ? undefined : isHeld);
            const reservesMore = field === "maxBytes" && kind === streamKind ? [10047, 10005] : [];
            if (refusal) assert.ok([...found, ...reservesMore].includes(refusal.err_code), JSON.stringify(refusal));
            else
              assert.ok(
                found.every((error) => error === undefined),
                `the rules find ${found.join()}`,
              );
          };
          for (const bound of amounts.bounds) await agrees(bound);
          await fc.assert(fc.asyncProperty(amounts.any, agrees), { numRuns: 10, includeErrorInReport: true });
        });
      }
    });
  }

  it("a filter gets none of what a transform renames, of own messages and of those that are collected", async () => {
    const name = `RENAMING-${++tried}`;
    const own = `renaming.${tried}`;
    const subjectTransform = { src: `${own}.*`, dest: `renamed.${tried}.{{wildcard(1)}}` };
    const spec = { subjects: [`${own}.>`], subjectTransform };
    assert.equal(await create(streamKind, { ...plainStream, name, ...spec }), undefined);
    const filters = [`${own}.a`, `${own}.b.c`, `renamed.${tried}.a`];
    for (const subject of [`${own}.a`, `${own}.b.c`]) await requestUntilHeard(app, subject, "");
    for (const [index, filterSubject] of filters.entries()) {
      const consumer = { ...plainConsumer, stream: name, name: `filter-${index}`, filterSubject };
      assert.equal(await create(consumerKind, consumer), undefined);
      const pending = async () => {
        const info = await app.request(`$JS.API.CONSUMER.INFO.${name}.filter-${index}`, "", { timeout: requestMs });
        const { num_pending: count } = info.json<Partial<Info>>();
        return count === undefined ? undefined : { count };
      };
      const found = await pollUntil(pending, waitMs);
      assert.equal(found?.count, isRenamedAway(spec, filterSubject) ? 0 : 1, filterSubject);
    }
    const collecting = { subjects: [`other.${tried}`], sources: [name], subjectTransform: { dest: `all.${tried}.>` } };
    const collected = `${name}-ALL`;
    assert.equal(await create(streamKind, { ...plainStream, name: collected, ...collecting }), undefined);
    const subjects = async () => {
      const info = await app.request(`$JS.API.STREAM.INFO.${collected}`, JSON.stringify({ subjects_filter: ">" }), {
        timeout: requestMs,
      });
      const all = Object.keys(info.json<Info>().state!.subjects ?? {});
      return all.length === 2 ? all : undefined;
    };
    const held = await pollUntil(subjects, waitMs);
    assert.deepEqual(
      held?.filter((subject) => !subject.startsWith(`all.${tried}.`)),
      [],
    );
    assert.ok(isRenamedAway(collecting, `renamed.${tried}.a`));
    for (const gone of [collected, name]) await refusalOf(streamKind.subject("DELETE", { name: gone }));
  });

  /** What config/rules/rules.ts says of assets that do not fit together; the last one is refused. */
  const together: [error: number, ...assets: [AssetKind, Args][]][] = [
    [10065, [streamKind, { subjects: ["pair.>"] }], [streamKind, { name: "PAIR-b", subjects: ["pair.a"] }]],
    [10052, [streamKind, { sources: ["PAIR-b"] }], [streamKind, { name: "PAIR-b", sources: ["PAIR"] }]],
    [
      10052,
      [streamKind, { subjects: ["pair.>"], sources: ["PAIR-b"] }],
      [streamKind, { name: "PAIR-b", subjects: ["other.>"], sources: [{ name: "PAIR", filterSubject: "pair.>" }] }],
    ],
    [
      10052,
      [streamKind, { mirror: "PAIR-b" }],
      [streamKind, { name: "PAIR-b", subjects: ["pair.>"], sources: ["PAIR"] }],
    ],
    [10026, [streamKind, { subjects: ["pair.>"], maxConsumers: 1 }], [consumerKind, {}], [consumerKind, { name: "b" }]],
    [10126, [streamKind, { subjects: ["pair.>"] }], [consumerKind, { replicas: 3 }]],
    [10121, [streamKind, { subjects: ["pair.>"], consumerLimits: { maxAckPending: 500 } }], [consumerKind, {}]],
    [
      10153,
      [streamKind, { subjects: ["pair.>"], consumerLimits: { inactiveThreshold: "1h" } }],
      [consumerKind, { inactiveThreshold: "2h" }],
    ],
    [10157, [streamKind, { subjects: ["pair.>"], consumerLimits: { inactiveThreshold: "1h" } }], [consumerKind, {}]],
    [10081, [streamKind, { subjects: ["pair.>"] }], [consumerKind, { deliverSubject: "pair.a" }]],
    [10098, [streamKind, { subjects: ["pair.>"], retention: "workqueue" }], [consumerKind, { ackPolicy: "all" }]],
    [10101, [streamKind, { subjects: ["pair.>"], retention: "workqueue" }], [consumerKind, { deliverPolicy: "new" }]],
    [
      10099,
      [streamKind, { subjects: ["pair.>"], retention: "workqueue" }],
      [consumerKind, {}],
      [consumerKind, { name: "b" }],
    ],
    [
      10100,
      [streamKind, { subjects: ["pair.>"], retention: "workqueue" }],
      [consumerKind, { filterSubject: "pair.*" }],
      [consumerKind, { name: "b", filterSubject: "pair.a" }],
    ],
  ];
  for (const [error, ...assets] of together) {
    const listed = assets.map(([{ what }, args]) => `${what} ${JSON.stringify(args)}`).join(", ");
    it(`about several, ${error}: ${listed}`, async () => {
      const name = `PAIR-${++tried}`;
      const complete = assets.map(([kind, args]): [AssetKind, Args] => [
        kind,
        JSON.parse(
          JSON.stringify({
            ...(kind === streamKind
              ? { ...plainStream, name: "PAIR", subjects: undefined }
              : { ...plainConsumer, stream: "PAIR" }),
            ...args,
          }).replaceAll("PAIR", name),
        ) as Args,
      ]);
      const answers: (number | undefined)[] = [];
      for (const [kind, args] of complete) answers.push((await create(kind, args))?.err_code);
      for (const [kind, args] of complete.reverse())
        if (kind === streamKind) await refusalOf(kind.subject("DELETE", args as AssetArgs));
      assert.deepEqual(answers, [...assets.slice(1).map(() => undefined), error]);
    });
  }
});
