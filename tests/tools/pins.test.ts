import { strict as assert } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { kubernetes } from "../../config/schema/kubernetes";
import { atLeast, DEFAULT_TOOLS, describeTool, KUBE_TOOLS, projectFolder, TEST_TOOLS } from "../../tools/pins.mjs";

const TOOLS = [...DEFAULT_TOOLS, ...TEST_TOOLS, ...KUBE_TOOLS, "nats"];
const read = (...path: string[]) => readFileSync(join(projectFolder, ...path), "utf8");

describe("tools: pins", () => {
  it("have a version for every tool", () => {
    for (const name of TOOLS) assert.match(describeTool(name).pin, /^\d+\.\d+\.\d+$/, name);
  });

  it("stand in one place each: no version of a tool is repeated in the code", () => {
    const sources = readdirSync(join(projectFolder, "tools"), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(mjs|mts|ts|js)$/.test(file))
      .map((file) => ({ file, text: read("tools", file) }));
    for (const name of TOOLS) {
      const { pin } = describeTool(name);
      for (const { file, text } of sources) assert.ok(!text.includes(pin), `${file} repeats ${name} ${pin}`);
    }
  });

  it("are what the official download and the Go module proxy are asked for", () => {
    for (const name of ["pulumi", "nats-server", "nats", ...TEST_TOOLS, ...KUBE_TOOLS]) {
      const tool = describeTool(name);
      // Published as source only.
      assert.equal(tool.release === undefined, ["redis", "chromium"].includes(name));
      if (!tool.release) continue;
      assert.ok(
        tool.release({ pulumi: "https://p", github: "https://g", helm: "https://h" }).url.includes(tool.pin),
        name,
      );
      for (const build of tool.builds!) {
        assert.match(
          readFileSync(join(build.folder, "go.sum"), "utf8"),
          new RegExp(`^${build.module} v${build.version} `, "m"),
        );
        assert.ok(build.package.startsWith(build.module));
      }
    }
  });

  it("have an oldest server that is older than the project's own", () => {
    assert.ok(!atLeast(describeTool("nats-server-oldest").pin, describeTool("nats-server").pin));
  });

  it("of the exporter are the same for tests and for production", () => {
    const { tag } = kubernetes.parse({ clusters: {} }).images.exporter;
    assert.equal(describeTool("prometheus-nats-exporter").pin, tag);
  });

  it("of plugins are those of the npm packages that talk to them", () => {
    for (const plugin of ["random", "tls"]) {
      const { version } = JSON.parse(read("node_modules", "@pulumi", plugin, "package.json")) as { version: string };
      assert.equal(describeTool(`pulumi-resource-${plugin}`).pin, version);
    }
  });

  it("are compared number by number", () => {
    assert.ok(atLeast("3.259.0", "3.259.0"));
    assert.ok(atLeast("3.1000.0", "3.259.0"));
    assert.ok(atLeast("1.26", "1.9.4"));
    assert.ok(!atLeast("3.258.9", "3.259.0"));
  });

  it("refuse a name that is no tool, and list those there are", () => {
    assert.throws(() => describeTool("kubectl"), /no tool is called kubectl; there are pulumi, .*nats-server/);
  });
});
