import * as assert from "node:assert/strict";
import type { JsMsg } from "@nats-io/jetstream";
import * as fc from "fast-check";
import { Registry } from "prom-client";
import * as z from "zod";
import {
  byType,
  checkMessage,
  createMessage,
  createWorkerMetrics,
  envelope,
  handles,
  MessageError,
  readMessage,
} from "../../../../workers/messaging";

const taskCreated = envelope(
  z.object({ type: z.literal("task.created"), taskId: z.uuid(), payload: z.record(z.string(), z.json()) }),
);
const taskDone = envelope(z.object({ type: z.literal("task.done"), attempts: z.int().min(1) }));

const problemsOf = (run: () => unknown): readonly string[] => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof MessageError, String(error));
    return error.problems;
  }
  return [];
};

const bytes = (text: string) => new TextEncoder().encode(text);
const encoded = (message: unknown) => bytes(JSON.stringify(message));

const text = fc.string({ minLength: 1 });
/** As JSON has it, which has no -0. Zod drops `__proto__`, on purpose. */
const payload = fc
  .dictionary(fc.string(), fc.jsonValue())
  .filter((value) => !JSON.stringify(value).includes("__proto__"))
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, z.core.util.JSONType>);
const fields = fc.record(
  {
    type: fc.constant("task.created" as const),
    source: text,
    tenantId: text,
    correlationId: text,
    taskId: fc.uuid(),
    payload,
  },
  { requiredKeys: ["type", "source", "tenantId", "taskId", "payload"] },
);

describe("envelope", () => {
  it("is read as it was made, whatever the fields are", () => {
    fc.assert(
      fc.property(fields, (given) => {
        const made = createMessage(taskCreated, given);
        const read = readMessage(taskCreated, encoded(made));
        assert.deepEqual(read, made);
        const { id, timestamp, ...rest } = read;
        assert.deepEqual(rest, JSON.parse(JSON.stringify(given)));
        assert.match(id, /^[0-9a-f-]{36}$/);
        assert.equal(new Date(timestamp).toISOString(), timestamp);
      }),
    );
  });

  it("has an id of its own, unless one is given", () => {
    const given = { type: "task.done", source: "a", tenantId: "t", attempts: 1 } as const;
    const [one, other] = [createMessage(taskDone, given), createMessage(taskDone, given)];
    assert.notEqual(one.id, other.id);
    const timestamp = "2026-01-01T00:00:00+02:00";
    assert.deepEqual(createMessage(taskDone, { ...given, id: "mine", timestamp }), { ...given, id: "mine", timestamp });
    assert.match(createMessage(taskDone, { ...given, id: undefined }).id, /^[0-9a-f-]{36}$/);
  });

  it("is refused by both sides without any one of its fields, by name", () => {
    const required = fc.constantFrom("id", "timestamp", "source", "tenantId", "type", "taskId", "payload");
    const wrong = fc.constantFrom<unknown>(undefined, null, 7, "", [], {}, true);
    fc.assert(
      fc.property(fields, required, wrong, (given, field, value) => {
        const acceptable = field === "payload" && JSON.stringify(value) === "{}";
        fc.pre(!acceptable);
        const broken = { ...createMessage(taskCreated, given), [field]: value };
        const problems = problemsOf(() => readMessage(taskCreated, encoded(broken)));
        assert.notEqual(problems.length, 0);
        for (const problem of problems) assert.ok(problem.startsWith(`${field}: `), problem);
        if (field === "id" || field === "timestamp") return;
        assert.deepEqual(
          problemsOf(() => createMessage(taskCreated, broken)),
          problemsOf(() => checkMessage(taskCreated, broken)),
        );
      }),
    );
  });

  it("reports every mistake at once, and no values", () => {
    const problems = problemsOf(() =>
      checkMessage(taskDone, { id: "1", type: "task.done", attempts: 0, secret: "s3" }),
    );
    assert.deepEqual(
      problems.map((problem) => problem.split(":")[0]),
      ["timestamp", "source", "tenantId", "attempts"],
    );
    assert.ok(!problems.join().includes("s3"));
  });

  it("drops fields that the receiver does not know: senders may be newer", () => {
    const made = createMessage(taskDone, { type: "task.done", source: "a", tenantId: "t", attempts: 1 });
    assert.deepEqual(readMessage(taskDone, encoded({ ...made, colour: "red" })), made);
  });

  it("is a mistake where it is not JSON in UTF-8, whatever the bytes are", () => {
    for (const data of [bytes(""), bytes("{"), new Uint8Array([0x22, 0xff, 0x22])])
      assert.match(problemsOf(() => readMessage(taskDone, data))[0]!, /^message: not JSON in UTF-8/);
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        assert.notEqual(problemsOf(() => readMessage(taskDone, data)).length, 0);
      }),
    );
  });

  it("refuses a schema that gives its fields another meaning", () => {
    assert.throws(() => envelope(z.object({ id: z.number(), tenantId: z.string() })), /declared again: id, tenantId/);
    const narrowed = envelope(z.object({})).extend({ tenantId: z.uuid() });
    assert.deepEqual(
      problemsOf(() => createMessage(narrowed, { source: "a", tenantId: "t" })).map((one) => one.split(":")[0]),
      ["tenantId"],
    );
  });
});

describe("messages by type", () => {
  const metrics = createWorkerMetrics(new Registry());
  const msg = {} as JsMsg;
  const seen: unknown[] = [];
  const process = byType(
    {
      "task.created": handles(taskCreated, async ({ taskId }, received) => {
        seen.push([taskId, received]);
        return { success: true };
      }),
      "task.done": handles(taskDone, async () => {
        throw new Error("database");
      }),
    },
    { durable: "tasks", metrics },
  );
  const unknown = async () => (await metrics.unknownMessages.get()).values[0]?.value ?? 0;

  it("go to the handler of their type, checked", async () => {
    const [given] = fc.sample(fields, 1);
    const made = createMessage(taskCreated, given!);
    assert.deepEqual(await process(made, msg), { success: true });
    assert.deepEqual(seen, [[given!.taskId, msg]]);
    assert.equal(await unknown(), 0);
  });

  it("are terminal where they do not fit its schema", async () => {
    const { success, retryable, error } = await process({ type: "task.created", taskId: "1" }, msg);
    assert.deepEqual([success, retryable], [false, undefined]);
    assert.match(error!.message, /wrong message: id: .*; taskId: .*; payload: /);
  });

  it("are counted and terminal where the type is unknown or missing, whatever it is called", async () => {
    const before = await unknown();
    const messages = [{ type: "task.deleted" }, { type: "constructor" }, { type: 7 }, {}, null, "task.created"];
    for (const message of messages) {
      const { success, retryable, unavailable, error } = await process(message, msg);
      assert.deepEqual([success, retryable, unavailable], [false, undefined, undefined]);
      assert.match(error!.message, /type: .*expected one of task.created, task.done/);
    }
    assert.equal(await unknown(), before + messages.length);
  });

  it("pass on what a handler throws", async () => {
    const made = createMessage(taskDone, { type: "task.done", source: "a", tenantId: "t", attempts: 1 });
    await assert.rejects(process(made, msg), /database/);
  });
});
