import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { NatsConnection } from "@nats-io/transport-node";
import { isAtLeast } from "../../config/versions";
import { changesOf, levelsOf } from "../../jetstream/changes";
import type { Refusal, Wire } from "../../jetstream/fields";
import { read, write } from "../../jetstream/api";
import { ApiError, NoAnswer } from "../../jetstream/errors";
import type { ServerFacts } from "../../jetstream/facts";
import type { Info } from "../../jetstream/info";
import type { AssetKind } from "../../jetstream/kinds";
import { stepsOf } from "../../jetstream/steps";
import type { AssetArgs } from "../../jetstream/schemas";
import { differences, fromWire, toWire, unknownFields } from "../../jetstream/wire";
import { pollUntil } from "../../config/poll-until";
import { named, type Step } from "./matrix-examples";
import { waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";

/** API level that the table knows for a configuration. */
export const levelOf = ({ fields }: AssetKind, args: AssetArgs): number =>
  levelsOf(fields, toWire(fields, args))[0]?.level ?? 0;

/** What a server answers to a refused change; undefined: it accepts it and does nothing. */
export const errorOf = ({ error, errorSince }: Refusal, version: string): number | undefined =>
  errorSince && !isAtLeast(version, errorSince) ? undefined : error;

export type Outcome = "in place" | "refused" | "accepted, and nothing done" | "needs a higher API level";

/** Looks until it is as expected. */
async function eventually<T>(look: () => Promise<T>, isRight: (found: T) => boolean): Promise<T> {
  const right = await pollUntil(
    async () => {
      const found = await look();
      return isRight(found) ? { found } : undefined;
    },
    waitMs,
    20,
  );
  assert.ok(right, "not in time");
  return right.found;
}

const movesAndScales = 10123;

/**
 * Of a request right after another one: the meta leader does not know of that one yet, there is none yet, or the answer
 * is lost (one refusal in a hundred by 2.12 servers). What was done twice is as if it was done once.
 */
const isTooEarly = (error: unknown): boolean =>
  error instanceof NoAnswer || (error instanceof ApiError && (error.isNotFound || error.errCode === movesAndScales));
async function inTime<T>(request: () => Promise<T>): Promise<T> {
  const answer = await eventually(
    () =>
      request().catch((error: unknown) => {
        if (isTooEarly(error)) return undefined;
        throw error;
      }),
    (answer) => answer !== undefined,
  );
  return answer!;
}

/** Makes changes on real servers, and compares what they do with what the plan says. */
export class Walk {
  private names = 0;

  /** @param stores folders of all servers' JetStream data */
  constructor(
    private readonly app: NatsConnection,
    private readonly facts: ServerFacts,
    private readonly stores: string[],
  ) {}

  /** Arguments with a name that nothing else has. */
  named<A extends object>(args: A): A {
    return named(args, `X${++this.names}`);
  }

  /**
   * Makes what is before, changes it to what is after, and takes it away. What became of the change is what the plan
   * says, or it throws.
   */
  async step(kind: AssetKind, step: Step): Promise<Outcome> {
    const { before, after } = this.named(step);
    if (levelOf(kind, before) > this.facts.level) return this.isTooNew(kind, before);
    try {
      await this.make(kind, before);
      return await this.change(kind, before, after);
    } catch (error) {
      throw new Error(`${JSON.stringify(before)} -> ${JSON.stringify(after)}: ${(error as Error).message}`, {
        cause: error,
      });
    } finally {
      await this.drop(kind, before);
    }
  }

  /** Makes it as the program does; what the server does not take at creation comes after it. */
  async make(kind: AssetKind, { sealed, ...open }: AssetArgs): Promise<void> {
    const args = sealed === undefined ? open : { ...open, sealed };
    await this.send(kind, "create", sealed ? open : args);
    if (sealed) await this.send(kind, "update", args);
    await this.shows(kind, args);
  }

  /**
   * The server shows what was asked for, a refresh keeps it as it was written, and the server notes the API level that
   * the table knows.
   */
  async shows(kind: AssetKind, args: AssetArgs): Promise<void> {
    const found = await this.config(kind, args);
    assert.deepEqual(differences(kind.fields, args, found), []);
    assert.deepEqual(unknownFields(kind.fields, found, args), [], "the table has all fields that a server shows");
    assert.deepEqual(fromWire(kind.fields, found, args), args, "a refresh keeps what was written");
    const imported = fromWire(kind.fields, found, Object.fromEntries(kind.identity.map((key) => [key, args[key]])));
    assert.deepEqual(
      differences(kind.fields, imported, found),
      [],
      "who starts from the server's configuration gets all of it",
    );
    const noted = Number((found.metadata as Record<string, string>)["_nats.req.level"]);
    // Servers forget to note it for a source's own consumer.
    if (!JSON.stringify(args).includes('"consumer":')) assert.equal(noted, levelOf(kind, args), "API level");
  }

  /**
   * A higher API level than the server has: it is refused by the header that names the level, and the field by itself.
   */
  async isTooNew(kind: AssetKind, args: AssetArgs): Promise<Outcome> {
    await refusedWith(this.send(kind, "create", args), [10185]);
    await refusedWith(this.send(kind, "create", args, 0), [10025]);
    return "needs a higher API level";
  }

  /** Not while it is copied to other servers: they would not answer. */
  async drop(kind: AssetKind, args: AssetArgs): Promise<void> {
    await this.settled(kind, args);
    const gone = { success: true };
    await inTime(() =>
      write(this.app, kind.subject("DELETE", args)).catch((error: unknown) => {
        if (error instanceof ApiError && error.isNotFound) return gone;
        throw error;
      }),
    );
  }

  async config(kind: AssetKind, args: AssetArgs): Promise<Wire> {
    return (await this.info(kind, args)).config;
  }

  /** Asks for a configuration as the program does: all of it, pedantic, with the API level that it needs. */
  async send(kind: AssetKind, verb: "create" | "update", args: AssetArgs, level = levelOf(kind, args)): Promise<void> {
    const wanted = toWire(kind.fields, args);
    const subject = kind.subject(verb === "create" ? "CREATE" : "UPDATE", args);
    for (const step of verb === "create" ? [wanted] : stepsOf(await this.config(kind, args), wanted)) {
      await this.request(subject, kind.body(verb, step, args), level);
      if (step !== wanted) await this.settled(kind, args);
    }
  }

  request(subject: string, body: unknown, level = 0): Promise<Wire> {
    return inTime(() => write<Wire>(this.app, subject, body, level));
  }

  private settled(kind: AssetKind, args: AssetArgs): Promise<Info> {
    return eventually(
      () => this.info(kind, args),
      ({ cluster }) =>
        Boolean(cluster?.leader) && !cluster!.desired && (cluster!.replicas ?? []).every(({ current }) => current),
    );
  }

  private info(kind: AssetKind, args: AssetArgs): Promise<Info> {
    return inTime(() => read<Info>(this.app, kind.subject("INFO", args), undefined, 1_000));
  }

  private async change(kind: AssetKind, before: AssetArgs, after: AssetArgs): Promise<Outcome> {
    if (levelOf(kind, after) > this.facts.level) {
      await refusedWith(this.send(kind, "update", after), [10185]);
      return "needs a higher API level";
    }
    const planned = changesOf(kind.fields, toWire(kind.fields, before), toWire(kind.fields, after), this.facts.version);
    const refused = planned.flatMap(({ field, refusal }) =>
      refusal ? [{ field, error: errorOf(refusal, this.facts.version) }] : [],
    );
    if (refused.some(({ error }) => error)) {
      const [first, ...more] = stepsOf(await this.config(kind, before), toWire(kind.fields, after));
      await refusedWith(
        this.send(kind, "update", after),
        refused.map(({ error }) => error),
      );
      // Of two requests, the first may be done: it has nothing of what the server refuses.
      const half = fromWire(kind.fields, first!, after) as AssetArgs;
      const isHalf = more.length > 0 && !differences(kind.fields, half, await this.config(kind, before)).length;
      await this.shows(kind, isHalf ? half : before);
      return "refused";
    }
    if (refused.length) {
      const effect = () => Promise.all(refused.map(({ field }) => this.effects[field]!(before)));
      const was = await effect();
      await this.send(kind, "update", after);
      assert.deepEqual(await effect(), was, "accepted, and nothing done");
      return "accepted, and nothing done";
    }
    await this.send(kind, "update", after);
    const own = planned.filter(({ field }) => kind.ownRequests[field]).map(({ field }) => field);
    if (own.length) {
      const left = Object.fromEntries(own.map((field) => [field, before[field]]));
      assert.deepEqual(
        differences(kind.fields, { ...after, ...left }, await this.config(kind, after)),
        [],
        "an update leaves it",
      );
      for (const field of own) await inTime(() => kind.ownRequests[field]!(this.app, after));
      // The answer comes before the server that leads it has it.
      await eventually(
        () => this.config(kind, after),
        (found) => differences(kind.fields, after, found).length === 0,
      );
    }
    await this.shows(kind, after);
    return "in place";
  }

  /** What a change would have moved that the server only seems to make. */
  private readonly effects: Record<string, (args: AssetArgs) => unknown> = {
    /** Sequences. */
    firstSeq: async ({ name }) => {
      const { state } = await read<Info>(this.app, `STREAM.INFO.${name}`);
      return [state!.first_seq, state!.last_seq];
    },
    /** Whether any server has it on disk. */
    memStorage: ({ stream, name }) =>
      this.stores.some((store) =>
        fs.existsSync(path.join(store, "jetstream/app/streams", stream as string, "obs", name)),
      ),
    /** How often it has each of the origin's first messages, once it has the newest. */
    sources: async ({ name }) => {
      const newest = `origin.${name}-${++this.names}`;
      await requestUntilHeard(this.app, newest, "");
      const { subjects } = await eventually(
        async () => (await read<Info>(this.app, `STREAM.INFO.${name}`, { subjects_filter: "origin.*" })).state!,
        ({ subjects }) => Boolean(subjects?.[newest]),
      );
      return ["origin.1", "origin.2", "origin.3"].map((subject) => subjects![subject] ?? 0);
    },
  };
}

function refusedWith(request: Promise<unknown>, codes: (number | undefined)[]): Promise<void> {
  return assert.rejects(request, (error: unknown) => {
    assert.ok(
      error instanceof ApiError && codes.includes(error.errCode),
      `expected error ${codes.join(" or ")}, got ${(error as Error).message}`,
    );
    return true;
  });
}
