import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { projectFolder } from "../../tools/pins.mjs";

describe("tools: a process of the engine", () => {
  const started = (address: string) =>
    spawn(
      process.execPath,
      ["-r", join(projectFolder, "tools", "exit-with-engine.cjs"), "-e", "setInterval(() => {}, 60_000)", address],
      { stdio: "ignore" },
    );

  it("runs while the engine does, and exits with it", async () => {
    const engine = createServer().listen(0, "127.0.0.1");
    await once(engine, "listening");
    const plugin = started(`127.0.0.1:${(engine.address() as AddressInfo).port}`);
    const [session] = (await once(engine, "session")) as [import("node:http2").ServerHttp2Session];
    assert.equal(plugin.exitCode, null);
    session.destroy();
    engine.close();
    assert.deepEqual(await once(plugin, "exit"), [1, null]);
  });

  it("exits at once where the engine is gone already", async () => {
    const engine = createServer().listen(0, "127.0.0.1");
    await once(engine, "listening");
    const { port } = engine.address() as AddressInfo;
    engine.close();
    await once(engine, "close");
    assert.deepEqual(await once(started(`127.0.0.1:${port}`), "exit"), [1, null]);
  });
});
