import assert from "node:assert/strict";
import { changedBy, selectionOf } from "../../../../cli/commands/dead-letters";
import { jsonOf, renderDone, renderLetter, renderLetters } from "../../../../cli/render/dead-letters";
import { BadUsage } from "../../../../engine/failure";
import { keeping } from "../../../../operations/dead-letters/dead-letters";
import type { DeadLetter } from "../../../../operations/dead-letters/letter";
import { tenants } from "../../../../tenants";

const letter = (change: Partial<DeadLetter> = {}): DeadLetter => ({
  id: "SMS.17.sms-worker",
  sequence: 3,
  subject: "sms.send",
  stream: "SMS",
  streamSequence: 17,
  durable: "sms-worker",
  deliveries: 5,
  published: "2026-11-27T03:00:00Z",
  givenUp: "2026-11-27T03:15:09.1Z",
  reason: "attempts",
  error: "Error: 503",
  replays: 1,
  data: Buffer.from('{"to":"+1"}'),
  headers: { traceparent: ["00-1"] },
  messageId: "id-1",
  ...change,
});
const refused = (work: () => unknown, message: RegExp): void =>
  assert.throws(work, (error: Error) => error instanceof BadUsage && message.test(error.message));

describe("dead-letters: what is selected", () => {
  it("must be said, in one way, before anything is changed", () => {
    assert.deepEqual(changedBy(["SMS.17.sms-worker"], false, selectionOf({})), { ids: ["SMS.17.sms-worker"] });
    assert.equal(changedBy([], true, selectionOf({})).ids, undefined);
    assert.equal(changedBy([], false, selectionOf({ durable: "sms-worker" })).durable, "sms-worker");
    refused(() => changedBy([], false, selectionOf({})), /nothing is selected; pass ids, filters, or --all/);
    refused(() => changedBy(["SMS.17.sms-worker"], true, selectionOf({})), /but not two of them/);
    refused(() => changedBy([], true, selectionOf({ stream: "SMS" })), /but not two of them/);
    refused(() => changedBy(["SMS", "17"], false, selectionOf({})), /^SMS, 17: not the id of a dead letter/);
  });

  it("has durations with units, and names without wildcards", () => {
    refused(() => selectionOf({ since: "2" }), /--since: "2" is not a duration/);
    refused(() => selectionOf({ stream: "S*" }), /--stream "S\*": write one name, without wildcards/);
  });

  it("is of an account that keeps dead letters", () => {
    assert.equal(keeping({ tenants }, "irisx").name, "irisx");
    refused(() => keeping({ tenants }, "irixs"), /"irixs" is not an account; did you mean "irisx"/);
    const without = { ...tenants, covenant: { ...tenants.covenant!, deadLetters: undefined } };
    refused(() => keeping({ tenants: without }, "covenant"), /covenant keeps no dead letters; write deadLetters: \{\}/);
  });
});

describe("dead-letters: what is printed", () => {
  it("is a table with counts", () => {
    const text = renderLetters({ letters: [letter()], all: [letter(), letter()], backlog: 2 });
    assert.match(text, /^ID +SUBJECT +REASON +DELIVERIES +GIVEN UP \(UTC\) +REPLAYED +ERROR$/m);
    assert.match(text, /^SMS\.17\.sms-worker +sms\.send +attempts +5 +2026-11-27T03:15:09 +1\/3 +Error: 503$/m);
    assert.match(text, /^2 dead letters, the first 1 shown\n {2}SMS\/sms-worker: 2 attempts\n2 events that/m);
    assert.equal(renderLetters({ letters: [], all: [], backlog: 0 }), "0 dead letters");
  });

  it("is one letter whole, its JSON spread over lines", () => {
    const text = renderLetter(letter());
    for (const line of ["stream: SMS, sequence 17", "header traceparent: 00-1", "message id: id-1", '  "to": "+1"'])
      assert.ok(text.split("\n").includes(line), `${line} in ${text}`);
    assert.match(renderLetter(letter({ data: Buffer.from([0xff, 0xfe]) })), /2 bytes that are not text/);
    assert.match(renderLetter(letter({ data: Buffer.alloc(0), missing: "expired" })), /had expired before/);
  });

  it("cannot command the terminal", () => {
    const evil = letter({ error: "\u001b[2Jgone\u0007", data: Buffer.from("a\u001b]0;x\u0007b\nc") });
    for (const text of [renderLetter(evil), renderLetters({ letters: [evil], all: [evil], backlog: 0 })])
      assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(text), JSON.stringify(text));
    assert.match(renderLetter(evil), /\\u001b\[2Jgone/);
  });

  it("is JSON with the body as text, or in base64", () => {
    const { body } = jsonOf(letter()) as { body: string };
    assert.equal(body, '{"to":"+1"}');
    assert.equal((jsonOf(letter({ data: Buffer.from([0xff]) })) as { bodyBase64: string }).bodyBase64, "/w==");
  });

  it("is what was done, and what was not with its reason", () =>
    assert.equal(
      renderDone("replayed", { done: ["a"], refused: [{ id: "b", reason: "no worker" }] }),
      "replayed 1 dead letter\n  not b: no worker",
    ));
});
