import assert from "node:assert/strict";
import * as fs from "node:fs";
import { engineMs } from "../support/limits";
import { Regions } from "../support/regions";

/** Where official plugins could not be downloaded, every start warns of it: that is not about regions. */
const withoutStandInNotice = (text: string): string =>
  text.replace(/^warning: keys, certificates and passwords[^]*?docs\/stand-ins\.md$/gm, "");

describe("one region that grows, with all tenants and three servers a region", function () {
  this.timeout(engineMs);
  let regions: Regions;

  /** The tenants' files of an installation that has only these regions. */
  const tenantsIn = (names: string[]) =>
    fs.writeFileSync(
      regions.deployment.path("tenants/index.ts"),
      `import { aigentflow } from "./aigentflow";
import { arrakis } from "./arrakis";
import { covenant } from "./covenant";
import { irisx } from "./irisx";
const names = ${JSON.stringify(names)};
const there = (mirrors: object) =>
  Object.fromEntries(Object.entries(mirrors).filter(([region]) => names.includes(region)));
const within = ({ streams, ...tenant }: any) => ({
  ...tenant,
  streams: Object.fromEntries(
    Object.entries<any>(streams).map(([name, { mirrors = {}, ...stream }]) => [
      name,
      { ...stream, mirrors: there(mirrors) },
    ]),
  ),
});
export const tenants = Object.fromEntries(
  [arrakis, covenant, irisx, aigentflow].map((tenant) => [tenant.name, within(tenant)]),
);
`,
    );

  before(async () => {
    regions = await Regions.prepare(["arrakis", "covenant", "irisx", "aigentflow"], { regions: ["iad"], servers: 3 });
  });
  after(() => regions?.remove());

  it("refuses mirrors in regions that it does not have", () => {
    const { status, text } = regions.deployment.cli("start");
    assert.equal(status, 2, text);
    assert.match(
      text,
      /tenants\.arrakis\.streams\.ELIGIBILITY\.mirrors\.ams: "ams" is not a region of the environment; .*known: iad\./,
    );
  });

  it("works alone", async () => {
    tenantsIn(["iad"]);
    const { status, text } = await regions.start();
    assert.equal(status, 0, text);
    assert.doesNotMatch(withoutStandInNotice(text), /warning/);
    await regions.meshIsComplete();
    await regions.publish("irisx", "api", "SMS", "sms.send");
    await regions.publish("arrakis", "gateway", "EVENTS", "events.test");
  });

  it("becomes two, one server after another: no loss, and a warning that two are not enough", async () => {
    tenantsIn(["iad", "ams"]);
    const { text, restarted } = await regions.grow(["iad", "ams"]);
    assert.match(text, /^warning: iad and ams do not survive each other's loss: .*Add a third region/m);
    assert.match(text, /settings +warning +iad and ams do not survive/);
    assert.deepEqual(restarted, ["iad-0", "iad-1", "iad-2"]);
    await regions.meshIsComplete();
    await regions.nothingLost();
  });

  it("becomes three, with every mirror that its tenants ask for", async () => {
    tenantsIn(["iad", "ams", "syd"]);
    const { text, restarted } = await regions.grow(["iad", "ams", "syd"]);
    assert.doesNotMatch(withoutStandInNotice(text), /warning/);
    assert.match(text, /mirrors covenant +ok +8 mirrors/);
    assert.deepEqual(restarted, ["ams-0", "ams-1", "ams-2", "iad-0", "iad-1", "iad-2"]);
    await regions.meshIsComplete();
    await regions.nothingLost();
  });
});
