import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { EventLog } from "../../../engine/event-log";
import type { EngineEvent } from "../../../engine/events";

const line = (severity: string, message: string): string =>
  `${JSON.stringify({ diagnosticEvent: { severity, message } })}\n`;
const messages = (events: EngineEvent[]) => events.map(({ diagnosticEvent }) => diagnosticEvent?.message);

describe("the event log of a run", () => {
  let folder: string;
  let before: string | undefined;
  let log: EventLog;
  let file: string;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "event-log-"));
    before = process.env.SUPERCLUSTER_CACHE;
    process.env.SUPERCLUSTER_CACHE = folder;
    log = EventLog.of("up")!;
    file = log.flags[1]!;
  });

  afterEach(() => {
    if (before === undefined) delete process.env.SUPERCLUSTER_CACHE;
    else process.env.SUPERCLUSTER_CACHE = before;
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it("is there for the commands that report events, in a folder that only its owner may read", () => {
    assert.equal(EventLog.of("stack"), undefined);
    assert.equal(log.flags[0], "--event-log");
    assert.equal(fs.statSync(path.dirname(file)).mode & 0o777, 0o700);
  });

  it("drops the engine's debug messages, in which secrets are in plain text", () => {
    fs.writeFileSync(file, line("debug", "password=hidden") + line("error", "failed"));
    assert.deepEqual(messages(log.read()), ["failed"]);
    assert.ok(!JSON.stringify(log.read()).includes("hidden"));
  });

  it("reads on where it stopped, and leaves a half written line for the next time", () => {
    assert.deepEqual(log.read(), []);
    const [first, second] = [line("error", "one"), line("error", "zw\u00f6lf")];
    fs.writeFileSync(file, first + second.slice(0, -5));
    assert.deepEqual(messages(log.read()), ["one"]);
    fs.appendFileSync(file, second.slice(-5));
    assert.deepEqual(messages(log.read()), ["one", "zw\u00f6lf"]);
  });

  it("is removed with the run, and what a killed process left by the next run", () => {
    fs.writeFileSync(file, line("error", "failed"));
    // No process has this number: Linux's are below 4194304.
    const left = path.join(folder, "events-99999999");
    fs.mkdirSync(left);
    log.remove();
    assert.deepEqual(fs.readdirSync(folder), ["events-99999999"]);
    EventLog.of("preview")!.remove();
    assert.deepEqual(fs.readdirSync(folder), []);
  });
});
