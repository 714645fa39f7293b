import assert from "node:assert/strict";
import { ErrorReply } from "redis";
import { pollUntil } from "../../config/poll-until";
import { openRedis, RedisUnavailable } from "../../workers/redis/redis";
import { issue, makeAuthority } from "../support/certificates";
import { serversMs, waitMs } from "../support/limits";
import { claimPorts } from "../support/ports";
import { type RedisServer, startRedis } from "../support/redis";

const unexpected = (error: Error) => assert.fail(error);

describe("connections to a real Redis server", function () {
  this.timeout(serversMs);
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(() => server?.stop());

  it("wait for the first connection, run commands, and pass on what the server says about them", async () => {
    const redis = openRedis(server, "test", unexpected);
    assert.equal(await redis.use((client) => client.set("number", "1")), "OK");
    assert.equal(await redis.use((client) => client.incr("number")), 2);
    await assert.rejects(
      redis.use((client) => client.lPush("number", "x")),
      (error) => error instanceof ErrorReply && /^WRONGTYPE/.test(error.message),
    );
    assert.equal(await redis.use((client) => client.clientGetName()), "test");
    await redis.check();
    await redis.close();
    await assert.rejects(redis.check(), RedisUnavailable);
  });

  it("survive a restart of the server: calls fail, then work again, and the loss is reported once", async () => {
    const errors: Error[] = [];
    const redis = openRedis(server, "test", (error) => errors.push(error));
    await redis.use((client) => client.set("kept", "yes"));
    await server.pause();
    assert.ok(await pollUntil(() => errors.length > 0, waitMs));
    await assert.rejects(redis.check(), RedisUnavailable);
    await server.start();
    const works = () =>
      redis.check().then(
        () => true,
        () => false,
      );
    assert.ok(await pollUntil(works, waitMs));
    assert.equal(await redis.use((client) => client.get("kept")), "yes");
    assert.equal(errors.length, 1);
    await redis.close();
  });

  it("give up on a server that does not answer while its connection stays open, and go on when it does", async () => {
    const redis = openRedis(server, "test", () => undefined);
    await redis.check();
    server.freeze();
    await assert.rejects(redis.check(), /RedisUnavailable: Redis: no answer within 3000 ms/);
    server.thaw();
    const works = () =>
      redis.check().then(
        () => true,
        () => false,
      );
    assert.ok(await pollUntil(works, waitMs));
    await redis.close();
  });

  it("are unavailable, and say why, where the password is wrong or nothing listens", async () => {
    const port = await claimPorts();
    for (const [url, why] of [
      [server.url.replace(/:[^:@/]+@/, ":wrong@"), /^RedisUnavailable: Redis: WRONGPASS/],
      [`redis://127.0.0.1:${port}`, /^RedisUnavailable: Redis: connect ECONNREFUSED/],
    ] as const) {
      const errors: Error[] = [];
      const redis = openRedis({ url }, "test", (error) => errors.push(error));
      await assert.rejects(redis.check(), why);
      assert.equal(errors.length, 1);
      await redis.close();
    }
  });

  it("are unavailable while the server takes no commands, whatever they are", async () => {
    const redis = openRedis(server, "test", unexpected);
    await redis.use((client) => client.sendCommand(["CONFIG", "SET", "maxmemory", "1"]));
    const write = () => redis.use((client) => client.set("more", "x"));
    await assert.rejects(write(), /^RedisUnavailable: Redis: OOM/);
    await redis.use((client) => client.sendCommand(["CONFIG", "SET", "maxmemory", "0"]));
    assert.equal(await write(), "OK");
    await redis.close();
  });

  it("by TLS trust the authority that is given, and no other", async () => {
    const authority = await makeAuthority("redis");
    const secure = await startRedis({ ...(await issue(authority, "redis")), ca: authority.cert });
    const redis = openRedis({ url: secure.url, ca: authority.cert }, "test", unexpected);
    await redis.check();
    await redis.close();
    const other = openRedis({ url: secure.url, ca: (await makeAuthority("other")).cert }, "test", () => undefined);
    await assert.rejects(other.check(), /RedisUnavailable: Redis: .*(signature|certificate)/);
    await other.close();
    await secure.stop();
  });
});
