import { readFileSync } from "node:fs";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { TenantSpec } from "../../config/schema/tenant";
import { BadUsage, Failure } from "../../engine/failure";
import type { AccountLetters } from "../../operations/dead-letters/account-letters";
import { isLetterId } from "../../operations/dead-letters/letter";
import type { Lines } from "../picture";
import { readAssets, runbooks } from "./assets";
import type { Gatherer, Told } from "./gatherer";
import { ownHostOnly, withToken } from "./guard";
import { listView, mostLetters, wholeView } from "./letters";

export interface AppOptions {
  environment: string;
  token: string;
  /** Known once it listens. */
  port: () => number;
  gatherer: Gatherer;
  /**
   * Reads dead letters of an account by its own user for that.
   * @throws {Failure} with what a server refused
   */
  letters: <T>(account: string, work: (letters: AccountLetters, tenant: TenantSpec) => Promise<T>) => Promise<T>;
}

/** Updates that a page has not taken; it gets the whole picture again instead of more. */
const mostWaiting = 30;

const beatMs = 5_000;

/** Objects whose lines are asked for at once: what one screen shows. */
const mostLines = 200;

/** What the console answers; every request reads. */
export function consoleApp({ environment, token, port, gatherer, letters }: AppOptions): Hono {
  const app = new Hono();
  const assets = readAssets();
  app.use(ownHostOnly(port));
  app.use("/api/*", withToken(token));
  app.onError((error, context) => {
    const isKnown = error instanceof Failure;
    return context.json({ error: error.message }, error instanceof BadUsage ? 404 : isKnown ? 502 : 500);
  });
  app.get("/api/updates", (context) =>
    streamSSE(context, async (stream) => {
      const waiting: Told[] = [];
      let wake = () => {};
      const unsubscribe = gatherer.subscribe((update) => {
        waiting.push(update);
        wake();
      });
      // Also where no server answers: a page takes silence for the end of the console.
      const beat = setInterval(() => void stream.write(": beat\n\n"), beatMs);
      stream.onAbort(() => wake());
      while (!stream.aborted && !stream.closed && waiting.length <= mostWaiting) {
        const next = waiting.shift();
        if (next) await stream.writeSSE({ event: next.kind, data: next.text });
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      clearInterval(beat);
      unsubscribe();
    }),
  );
  app.get("/api/lines", (context) => {
    const keys = context.req.queries("key") ?? [];
    const found = keys.slice(0, mostLines).map((key): [string, Lines] => {
      return [key, gatherer.history.of(key) ?? { times: [], values: {} }];
    });
    return context.json(Object.fromEntries(found));
  });
  app.get("/api/dead-letters/:account", async (context) => {
    const { account } = context.req.param();
    return context.json(
      await letters(account, async (own, tenant) => listView({ environment, tenant }, await own.newest(mostLetters))),
    );
  });
  app.get("/api/dead-letters/:account/:id", async (context) => {
    const { account, id } = context.req.param();
    if (!isLetterId(id)) throw new BadUsage(`${id} is not the id of a dead letter`);
    return context.json(
      await letters(account, async (own, tenant) => wholeView({ environment, tenant }, await own.show(id))),
    );
  });
  app.get("/docs/runbooks/*", (context) => {
    const file = runbooks.get(context.req.path);
    return file === undefined ? context.notFound() : context.text(readFileSync(file, "utf8"));
  });
  app.get("*", (context) => {
    const asset = assets.get(context.req.path);
    return asset ? context.body(asset.text, 200, { "Content-Type": asset.type }) : context.notFound();
  });
  return app;
}
