import assert from "node:assert/strict";
import { type Msg, type NatsConnection, RequestError, TimeoutError } from "@nats-io/transport-node";
import { bucketRequests } from "../../../../operations/verify/bucket-requests";

const { keyValues } = bucketRequests;
const place = { bucket: "profiles", stream: "KV_profiles" };

/** Answers requests in turn, by a body or an error. */
function connectionOf(answers: (string | Error)[]): { connection: NatsConnection; asked: string[] } {
  const asked: string[] = [];
  const request = async (subject: string): Promise<Pick<Msg, "string" | "json">> => {
    asked.push(subject);
    const answer = answers.shift();
    if (typeof answer !== "string") throw answer ?? new Error(`unexpected request: ${subject}`);
    return { string: () => answer, json: <T>() => JSON.parse(answer) as T };
  };
  return { connection: { request } as unknown as NatsConnection, asked };
}

describe("what a proof asks of a bucket", () => {
  it("is asked again where no answer came and a second request changes nothing: reads, and what replaces", async () => {
    const reader = connectionOf([new TimeoutError(), "proof 1"]);
    assert.equal(await keyValues.isRead(reader.connection, place, "proof 1", "_INBOX.1"), true);
    const read = "$JS.API.DIRECT.GET.KV_profiles.$KV.profiles.supercluster-verify";
    assert.deepEqual(reader.asked, [read, read]);

    const writer = connectionOf([new TimeoutError(), "{}"]);
    await keyValues.remove(writer.connection, place, "proof 1");
    assert.deepEqual(writer.asked, Array<string>(2).fill("$KV.profiles.supercluster-verify"));
  });

  it("is not where the request is refused", async () => {
    const reader = connectionOf([new RequestError("not allowed")]);
    await assert.rejects(keyValues.isRead(reader.connection, place, "proof 1", "_INBOX.1"), /not allowed/);
    assert.equal(reader.asked.length, 1);
  });
});
