import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { jetstream } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import type { Browser } from "playwright-core";
import { pollUntil } from "../../config/poll-until";
import type { Tenants } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
import { streamArgs } from "../../jetstream/asset-args";
import { streamFields } from "../../jetstream/fields";
import { toWire } from "../../jetstream/wire";
import { readAssets } from "../../console/server/assets";
import { contentSecurityPolicy } from "../../console/server/guard";
import { type RunningConsole, startConsole } from "../../console/server/serve";
import { manyStreams, streamNames } from "../../bench/console/many-streams";
import { statusOf } from "../../operations/supercluster/status";
import { arrakis } from "../../tenants/arrakis";
import { irisx } from "../../tenants/irisx";
import { accountsText, addStream, ask } from "../support/accounts";
import { accessibilityProblems, openPage, type Opened, screenshot, startBrowser } from "../support/browser";
import { ConsoleLab } from "../support/console-lab";
import { healthySnapshot } from "../support/healthy-snapshot";
import { serversMs, waitMs } from "../support/limits";
import { Monitoring } from "../support/monitoring";

const tenants: Tenants = { irisx, arrakis };
const shape = { regions: ["iad", "ams", "syd"], servers: 3 as const };

/** A name that JetStream takes, and that would be an element with a script where a page took names for HTML. */
const hostile = `<img"src='x'onerror=alert('stream')`;

describe("the console, in a browser, over a real supercluster", function () {
  this.timeout(serversMs);
  let lab: ConsoleLab;
  let running: RunningConsole;
  let browser: Browser;
  let desktop: Opened;
  let publisher: NatsConnection;
  let traffic: NodeJS.Timeout;
  const others: Opened[] = [];

  before(async () => {
    lab = await ConsoleLab.start(tenants, shape);
    running = await lab.console({ paceMs: 500 });
    browser = await startBrowser();
    desktop = await openPage(browser, running.url);
    desktop.page.setDefaultTimeout(waitMs);
    publisher = await lab.as("irisx", "api");
    const js = jetstream(publisher);
    let n = 0;
    traffic = setInterval(() => {
      for (let one = 0; one < 3; one++) void js.publish("sms.send", JSON.stringify({ n: ++n })).catch(() => {});
      void js.publish("email.send", JSON.stringify({ n })).catch(() => {});
    }, 100);
  });
  after(async () => {
    clearInterval(traffic);
    await browser?.close();
    await running?.close();
    await publisher?.close();
    await lab?.cluster.stop();
  });

  afterEach(() => Promise.all(others.splice(0).map(({ page }) => page.context().close())));

  /** Another page, until the test has ended. */
  const open = async (options: Parameters<typeof openPage>[2] = {}, url = running.url) => {
    const opened = await openPage(browser, url, options);
    opened.page.setDefaultTimeout(waitMs);
    others.push(opened);
    return opened;
  };
  const go = async (hash: string, { page } = desktop) => {
    await page.evaluate((to) => (location.hash = to), hash);
    await page.waitForFunction((to) => location.hash === to, hash);
  };
  const sees = (text: string | RegExp, { page } = desktop) =>
    page.locator("body").getByText(text).first().waitFor({ timeout: waitMs });
  const origin = () => new URL(running.url).origin;
  const token = () => new URL(running.url).hash.replace("#token=", "");

  /** As a program may send it: browsers would not. */
  const send = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>((resolve, reject) => {
      const sent = request(`${origin()}${path}`, { method, headers }, (answer) => {
        let body = "";
        answer.on("data", (part: Buffer) => (body += part.toString()));
        answer.on("end", () => resolve({ status: answer.statusCode!, headers: answer.headers, body }));
      });
      sent.on("error", reject);
      sent.end();
    });

  describe("access", () => {
    it("has what it reads behind the token, and nothing of it in the address after the page was opened", async () => {
      const authorization = `Bearer ${token()}`;
      for (const path of ["/api/updates", "/api/lines?key=stream:irisx/SMS", "/api/dead-letters/irisx"]) {
        assert.equal((await send(path)).status, 401, path);
        assert.equal((await send(path, { authorization: "Bearer wrong" })).status, 401, path);
      }
      assert.equal((await send("/api/lines?key=a:b", { authorization })).status, 200);
      assert.ok(!desktop.page.url().includes(token()));
      await sees(/This address is no longer valid/, await open({}, origin()));
    });

    it("answers to its own name only, so that no site that resolves to this machine reads it", async () => {
      const authorization = `Bearer ${token()}`;
      for (const host of ["evil.example", `evil.example:${new URL(origin()).port}`, "127.0.0.1", "127.0.0.1:1"])
        assert.equal((await send("/api/lines", { host, authorization })).status, 421, host);
      const { port } = new URL(origin());
      assert.equal((await send("/", { host: `localhost:${port}` })).status, 200);
    });

    it("has nothing to change, and no file beside its own", async () => {
      const authorization = `Bearer ${token()}`;
      for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
        assert.equal((await send("/api/lines", { authorization }, method)).status, 405, method);
      for (const path of ["/page/../server/guard.ts", "/page/..%2Fserver%2Fguard.ts", "/package.json", "/vendor/"])
        assert.equal((await send(path)).status, 404, path);
    });

    it("lets no script in that is not its own", async () => {
      const { headers } = await send("/");
      assert.equal(headers["content-security-policy"], contentSecurityPolicy);
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.equal(headers["access-control-allow-origin"], undefined);
      const { page } = await open();
      const refused = await page.evaluate(() => {
        const tryIt = (make: () => void) => {
          try {
            make();
            return "taken";
          } catch (error) {
            return (error as Error).name;
          }
        };
        const script = document.createElement("script");
        const asHtml = tryIt(() => (document.body.innerHTML = "<b>html</b>"));
        const inline = tryIt(() => {
          script.text = "window.ran = true";
          document.body.append(script);
        });
        return { asHtml, inline, ran: "ran" in window };
      });
      assert.deepEqual(refused, { asHtml: "TypeError", inline: "TypeError", ran: false });
    });

    it("is less than 300 kB, all of it from this machine", () => {
      const bytes = [...readAssets().values()].reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
      console.log(`      ${Math.round(bytes / 1000)} kB in ${readAssets().size} files`);
      assert.ok(bytes < 300_000, `${bytes} bytes`);
    });
  });

  describe("what it shows", () => {
    it("the map: regions, gateways with their round trips, servers with their roles", async () => {
      await go("#/");
      for (const region of shape.regions)
        await desktop.page.getByRole("link", { name: new RegExp(`^Region ${region} 3 of 3`) }).waitFor();
      await desktop.page.getByRole("img", { name: /^iad and ams: [\d.]+ ms/ }).waitFor();
      await sees("meta leader");
      await sees("9 of 9 servers answer");
      await sees(/^2\.\d+\.\d+|· 2\.\d+/);
      await sees("All is well");
      await screenshot(desktop.page, "console-healthy");
    });

    it("streams: leader and replicas, rate, fullness; one is found by its name, without a mouse", async () => {
      await go("#/streams");
      const { page } = desktop;
      await page.keyboard.press("/");
      await page.keyboard.type("sms");
      const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: "irisx/SMS", exact: true }) });
      await row.getByText(/, leader/).waitFor({ state: "attached" });
      assert.equal(await page.locator(".virtual .body .cells").count(), 2, "it and its mirror");
      assert.equal(await row.locator(".chip").count(), 3);
      await page.waitForFunction(
        () => Number(document.querySelector('.virtual .body [data-name="Msg/s"]')!.textContent) > 5,
      );
      await page.keyboard.press("Tab");
      await page.locator(".virtual .body").focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => location.hash === "#/tenant/irisx/stream/SMS");
      await page.getByRole("heading", { level: 1, name: "SMS" }).waitFor();
      await page.getByRole("row", { name: /sms-worker-high/ }).waitFor();
    });

    it("a page for each object, by its address alone", async () => {
      const pages: [hash: string, heading: RegExp | string, text: RegExp | string][] = [
        ["#/tenant/irisx", "irisx", /^Tenant, home region/],
        ["#/tenant/irisx/stream/SMS", /SMS/, "sms.send, sms.send.normal, sms.send.high, sms.send.low, sms.status"],
        ["#/tenant/arrakis/stream/ELIGIBILITY-ams", /ELIGIBILITY-ams/, "Mirror of"],
        ["#/tenant/irisx/stream/SMS/durable/sms-worker", /sms-worker/, "Delivered again"],
        ["#/region/ams", /Region ams/, "3 of 3 answer"],
        ["#/server/syd-1", /syd-1/, "answers, healthy"],
        ["#/workers", "Workers", /No workers were deployed/],
        ["#/events", "Events", /What servers reported/],
        ["#/tenant/nobody/stream/NOTHING", /nobody\/NOTHING/, /Nothing of this name is there/],
        ["#/nonsense", /There is nothing/, "To the overview"],
      ];
      const fresh = await open();
      await sees("live", fresh);
      for (const [hash, heading, text] of pages) {
        await go(hash, fresh);
        await fresh.page.getByRole("heading", { level: 1, name: heading }).waitFor({ timeout: waitMs });
        await sees(text, fresh);
      }
      await fresh.page.goto(`${origin()}/?again${pages[2]![0]}`);
      await fresh.page.getByRole("heading", { level: 1, name: "ELIGIBILITY-ams" }).waitFor();
      assert.deepEqual(fresh.complaints, []);
    });

    it("names of streams as text, whatever is in them", async () => {
      const provisioner = await lab.as("arrakis", "provisioner");
      await addStream(provisioner, { name: hostile, subjects: ["hostile"], num_replicas: 1 });
      await go("#/streams");
      await desktop.page.getByRole("searchbox").fill("onerror");
      const link = desktop.page.getByRole("link", { name: `arrakis/${hostile}` });
      await link.click();
      await desktop.page.getByRole("heading", { level: 1, name: hostile }).waitFor();
      await go("#/events");
      await sees(`stream arrakis/${hostile} is new`);
      assert.equal(await desktop.page.locator("img:not(.brand img)").count(), 0);
      await ask(provisioner, `STREAM.DELETE.${hostile}`);
      await provisioner.close();
      assert.deepEqual(desktop.complaints, []);
    });

    it("the last hour as lines, once there are two samples", async () => {
      await go("#/tenant/irisx/stream/SMS");
      await desktop.page.getByRole("img", { name: /^Messages: now [\d,]+, between/ }).waitFor();
      await go("#/tenant/irisx");
      await sees("irisx/SMS");
      await desktop.page.locator(".virtual .spark path").nth(2).waitFor({ state: "attached" });
      await screenshot(desktop.page, "console-tenant");
    });
  });

  describe("workers and dead letters", () => {
    const id = "SMS.17.sms-worker";
    const letter = { to: "+12025550100", apiKey: "a secret", note: "<img src=x onerror=alert('body')>" };

    before(async () => {
      const worker = await lab.as("irisx", "sms-worker");
      const header = headers();
      for (const [name, value] of Object.entries({
        ...{ "Dead-Letter-Subject": "sms.send", "Dead-Letter-Stream": "SMS", "Dead-Letter-Sequence": "17" },
        ...{ "Dead-Letter-Durable": "sms-worker", "Dead-Letter-Deliveries": "5", "Dead-Letter-Reason": "attempts" },
        ...{ "Dead-Letter-Error": "Twilio answered 503 <b>busy</b>", "X-Trace": "abc", Authorization: "Bearer x" },
      }))
        header.set(name, value);
      const js = jetstream(worker);
      await js.publish(`dead.${id}`, JSON.stringify(letter), { headers: header });
      for (let n = 18; n < 26; n++) {
        header.set("Dead-Letter-Sequence", String(n));
        header.set("Dead-Letter-Reason", n % 2 ? "invalid" : "attempts");
        await js.publish(`dead.SMS.${n}.sms-worker`, "no JSON at all", { headers: header });
      }
      await worker.close();
    });

    it("dead letters by reason, each with the command that replays it", async () => {
      await go("#/dead-letters");
      const { page } = desktop;
      await page.getByRole("link", { name: "Dead letters" }).getByText("9").waitFor();
      await sees("npm run dead-letters -- replay --account irisx --stream SMS --durable sms-worker --reason attempts");
      await sees("npm run dead-letters -- drop --account irisx --stream SMS --durable sms-worker --reason invalid");
      await sees("Twilio answered 503 <b>busy</b>");
      await screenshot(page, "console-dead-letters");
      await page.getByRole("link", { name: id }).click();
      await sees(`npm run dead-letters -- replay --account irisx ${id}`);
    });

    it("headers and body once they are asked for, as text, without what the tenant redacts", async () => {
      const { page } = desktop;
      await go(`#/tenant/irisx/dead-letter/${id}`);
      assert.equal(await page.locator("pre").count(), 0);
      await page.getByRole("button", { name: "Show headers and body" }).click();
      const body = await page.locator("pre").innerText();
      assert.deepEqual(JSON.parse(body), { ...letter, to: "[redacted]", apiKey: "[redacted]" });
      await sees("X-Trace");
      assert.ok(!(await page.locator("main").innerText()).includes("Bearer x"));
      assert.equal(await page.locator("main img").count(), 0);
      await go("#/tenant/irisx/dead-letter/SMS.18.sms-worker");
      await page.getByRole("button", { name: "Show headers and body" }).click();
      await sees("[redacted]: it is no JSON, and its tenant redacts fields");
      await go("#/tenant/irisx/dead-letter/SMS.999.sms-worker");
      await page.getByRole("button", { name: "Show headers and body" }).click();
      await page
        .getByRole("alert")
        .getByText(/irisx has no 1 dead letter SMS.999.sms-worker/)
        .waitFor();
      assert.deepEqual(
        desktop.complaints.filter((one) => !one.includes("502")),
        [],
      );
      desktop.complaints.length = 0;
    });

    it("workers: ready or why not, what they processed, what waits for them", async () => {
      const health = (ok: boolean) => ({
        checks: {
          nats: { ok: true },
          consumers: { ok, consumers: { "sms-worker": { unavailable: "Twilio is down" } } },
        },
        stats: { totalMessagesProcessed: 41, totalMessagesErrored: 1 },
      });
      const served = createServer((asked, answer) => {
        const ok = !asked.url!.startsWith("/bad");
        answer.statusCode = asked.url!.endsWith("/readyz") && !ok ? 503 : 200;
        answer.end(JSON.stringify(health(ok)));
      }).listen(0, "127.0.0.1");
      await once(served, "listening");
      const url = `http://127.0.0.1:${(served.address() as AddressInfo).port}`;
      lab.writeOutputs("iad", {
        workers: { "irisx/email-worker": { health: `${url}/good` }, "irisx/sms-worker": { health: `${url}/bad` } },
      });
      await go("#/workers");
      const row = (name: string) => desktop.page.getByRole("row").filter({ hasText: name });
      await row("irisx/sms-worker").getByText("Twilio is down").waitFor();
      await row("irisx/email-worker").getByText("41").waitFor();
      await desktop.page.getByRole("link", { name: "irisx/sms-worker" }).click();
      await sees("Durables that it reads");
      await desktop.page.getByRole("link", { name: "SMS/sms-worker-high" }).waitFor();
      assert.ok(desktop.page.url().endsWith("#/worker/irisx/sms-worker/iad"));
      assert.deepEqual(await accessibilityProblems(desktop.page), []);
      await go("#/");
      await sees("workers irisx");
      const [runbook] = await Promise.all([
        desktop.page.context().waitForEvent("page"),
        desktop.page.getByRole("link", { name: "docs/runbooks/alerts/NATSWorkerDown.md" }).click(),
      ]);
      await runbook.getByText("# NATSWorkerDown").waitFor();
      await runbook.close();
      lab.writeOutputs("iad", {});
      served.closeAllConnections();
      served.close();
    });
  });

  describe("for people", () => {
    const views = ["#/", "#/streams", "#/tenant/irisx/stream/SMS", "#/durables", "#/dead-letters"];
    const more = ["#/region/iad", "#/server/iad-0", "#/tenant/irisx/stream/SMS/durable/sms-worker"];
    it("lines have colours of the theme, also in the dark", async () => {
      const opened = await open({ colorScheme: "dark" });
      await sees("live", opened);
      await go("#/tenant/irisx/stream/SMS", opened);
      const canvas = opened.page.locator(".chart canvas").first();
      await canvas.waitFor();
      const darkest = await canvas.evaluate((element: HTMLCanvasElement) => {
        const { data } = element.getContext("2d")!.getImageData(0, 0, element.width, element.height);
        let least = 255;
        for (let at = 0; at < data.length; at += 4)
          if (data[at + 3] === 255) least = Math.min(least, Math.max(data[at]!, data[at + 1]!, data[at + 2]!));
        return least;
      });
      assert.ok(darkest > 30, `something is drawn in a colour as dark as ${darkest} of 255`);
    });

    for (const [what, options, shown] of [
      ["light", { colorScheme: "light" }, [...views, ...more, "#/workers", "#/events"]],
      ["dark", { colorScheme: "dark" }, [...views, ...more]],
      ["on a phone", { colorScheme: "dark", viewport: { width: 390, height: 844 } }, [...views, ...more]],
    ] as const)
      it(`axe finds nothing wrong in any view, ${what}`, async () => {
        const opened = await open(options);
        await sees("live", opened);
        for (const view of shown) {
          await go(view, opened);
          await opened.page.locator("h1").waitFor();
          await opened.page.waitForTimeout(300);
          assert.deepEqual(await accessibilityProblems(opened.page), [], view);
          const wide = await opened.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(wide <= 0, `${view} is ${wide} pixels too wide`);
        }
        assert.deepEqual(opened.complaints, []);
      });
  });

  describe("what it costs", () => {
    /** Requests that servers got in at least so many milliseconds, and in how many. */
    const requests = async (ms: number) => {
      const system = await lab.cluster.connect("sys-admin");
      let count = 0;
      system.subscribe("$SYS.REQ.SERVER.PING.VARZ", { callback: () => void count++ });
      await system.flush();
      const began = Date.now();
      await new Promise((resolve) => setTimeout(resolve, ms));
      const found = { count, ms: Date.now() - began };
      await system.close();
      return found;
    };

    it("is the same for one page and for many, and next to nothing while none is open", async () => {
      const one = await requests(4_000);
      const more = await Promise.all([1, 2, 3].map(() => open()));
      await Promise.all(more.map((opened) => sees("live", opened)));
      const many = await requests(4_000);
      const most = (one.count / one.ms) * many.ms + 3;
      assert.ok(one.count >= 2 && many.count <= most, `${one.count} with one page, ${many.count} with four`);
      await Promise.all([desktop, ...more].map(({ page }) => page.goto("about:blank")));
      assert.ok(await pollUntil(async () => (await requests(5_000)).count <= 1, waitMs));
      await desktop.page.goto(running.url);
    });
  });

  describe("500 streams with 2,000 durables", () => {
    const names = streamNames(500);
    const many = manyStreams(names, 4);
    let large: RunningConsole;
    let system: NatsConnection;
    let messages = 1;

    before(async () => {
      const checked = { ...lab.checked, tenants: { many }, accounts: { many } };
      system = await lab.cluster.connect("sys-admin");
      // What servers would say of so many; made once, so that the page is not kept waiting by this process.
      const snapshot = healthySnapshot(checked);
      const status = { ...statusOf(checked, snapshot), problems: [] };
      const look = () => {
        for (const { state, consumer_detail: durables } of Object.values(snapshot.streams.many!)) {
          Object.assign(state, { messages, last_seq: messages });
          for (const durable of durables!) durable.num_pending = messages;
        }
        return Promise.resolve({ status: { ...status, time: new Date().toISOString() }, snapshot, failovers: [] });
      };
      const open = () => Promise.resolve({ system, look, close: () => Promise.resolve() });
      large = await startConsole(checked, { access: lab.access, paceMs: 1_000, open });
    });
    after(async () => {
      await large?.close();
      await system?.close();
    });

    /** Rows of which something changes until `done`. */
    const changedRows = async ({ page }: Opened, done: () => Promise<unknown>) => {
      await page.evaluate(() => {
        const rows = new Set<Element | null>();
        Object.assign(window, { rows });
        new MutationObserver((records) => {
          for (const { target } of records)
            rows.add((target instanceof Element ? target : target.parentElement)!.closest(".body [role=row]"));
        }).observe(document.querySelector(".virtual .body")!, {
          ...{ subtree: true, childList: true, characterData: true, attributes: true },
        });
      });
      await done();
      return page.evaluate(() => (window as unknown as { rows: Set<Element | null> }).rows.size);
    };

    for (const [view, column, count] of [
      ["streams", "Messages", 500],
      ["durables", "Waiting", 2_000],
    ] as const)
      it(`has only the ${view} that can be seen in the page, and draws no others when all of them change`, async () => {
        const opened = await open({}, large.url);
        const { page } = opened;
        await sees("live", opened);
        await go(`#/${view}`, opened);
        await page.waitForFunction(
          (least) => Number(document.querySelector(".virtual")?.getAttribute("aria-rowcount")) > least,
          count,
        );
        const rows = page.locator(".virtual .body .cells");
        const most = 40;
        assert.ok((await rows.count()) <= most, `${await rows.count()} rows`);
        const busy = await changedRows(opened, async () => {
          messages += 41;
          const cells = page.locator(`.virtual .body [data-name="${column}"]`);
          await cells
            .filter({ hasText: new RegExp(`^${messages}$`) })
            .nth(5)
            .waitFor();
        });
        assert.ok(busy > 5 && busy <= most, `${busy} rows were drawn`);
        await page.locator(".virtual .body").evaluate((body) => (body.scrollTop = body.scrollHeight));
        await page
          .locator(`.virtual [aria-rowindex="${await page.locator(".virtual").getAttribute("aria-rowcount")}"]`)
          .waitFor();
        assert.ok((await rows.count()) <= most, `${await rows.count()} rows at the end`);
        assert.deepEqual(opened.complaints, []);
      });
  });

  describe("in an incident", () => {
    it("alerts that fire are among the problems, where a Prometheus is known", async () => {
      const alert = {
        ...{ alert: "NATSStreamNearFull", expr: "vector(1)" },
        labels: { severity: "critical", account: "irisx", stream_name: "SMS" },
        annotations: { summary: "Stream irisx/SMS is 97 % full" },
      };
      const rules = JSON.stringify({ groups: [{ name: "nats-iad-alerts", rules: [alert] }] });
      const monitoring = await Monitoring.start({
        ...{ environment: `console-${process.pid}`, servers: [] },
        regions: [{ region: "iad", rules, workers: [] }],
      });
      try {
        lab.writeOutputs("iad", { monitoring: monitoring.outputs });
        await go("#/");
        const problems = desktop.page.getByRole("list", { name: "Problems" });
        await problems.getByText("Stream irisx/SMS is 97 % full").waitFor();
        await problems.getByText("docs/runbooks/alerts/NATSStreamNearFull.md").waitFor();
        await sees(/Prometheus\s+reads 0 targets; alerts that fire are among the problems/);
      } finally {
        await monitoring.stop();
      }
      await sees(/Prometheus\s+does not answer: alerts are not known/);
      lab.writeOutputs("iad", {});
    });

    it("a killed server is named at once, where it is and what to do; healed, that is said too", async () => {
      await go("#/");
      await sees("9 of 9 servers answer");
      await lab.cluster.kill("iad-2");
      await sees("8 of 9 servers answer");
      await desktop.page.getByRole("heading", { level: 1, name: /problem/ }).waitFor();
      await desktop.page
        .getByRole("status")
        .getByText(/^iad-2 does not answer/)
        .waitFor();
      await desktop.page.getByRole("link", { name: /^Region iad 2 of 3/ }).waitFor();
      await go("#/events");
      await sees("iad-2 does not answer any more");
      await go("#/");
      await lab.cluster.ensure();
      await sees("9 of 9 servers answer");
      await go("#/events");
      await sees("iad-2 answers again");
    });

    it("a lost region is said to be lost, what only it knows is not made up, and the rest goes on", async () => {
      await go("#/");
      const servers = ["ams-0", "ams-1", "ams-2"];
      await Promise.all(servers.map((name) => lab.cluster.kill(name)));
      await desktop.page.getByRole("link", { name: /^Region ams lost/ }).waitFor();
      const problems = desktop.page.getByRole("list", { name: "Problems" });
      await problems.getByText("is lost: none of its 3 servers answers").waitFor();
      const follows = problems.getByText(/more follow from it: .*mirrors/);
      await follows.click();
      await problems.getByRole("link", { name: "mirror arrakis/ELIGIBILITY-ams" }).waitFor();
      await follows.click();
      await sees(/streams have no leader that answers: messages, lag and durables are not known now/);
      await desktop.page.getByRole("img", { name: "iad and ams: not connected" }).waitFor();
      await screenshot(desktop.page, "console-incident");
      // The overview has the last few only.
      await go("#/events");
      await sees("region ams is lost: none of its servers answers");
      await go("#/tenant/arrakis/stream/ELIGIBILITY-ams");
      await sees("not known");
      await go("#/tenant/irisx/stream/SMS");
      await sees(/^\d+\/s$/);
      assert.deepEqual(await accessibilityProblems(desktop.page), []);
      await lab.cluster.ensure();
      await go("#/");
      await sees("9 of 9 servers answer");
    });

    it("goes on by another server when the one that it asks ends", async () => {
      const closed = desktop.page.getByText(/No server answers since/);
      await Promise.all(["iad-0", "iad-1", "iad-2"].map((name) => lab.cluster.kill(name)));
      await desktop.page.getByRole("link", { name: /^Region iad lost/ }).waitFor();
      await closed.waitFor({ state: "detached" });
      await lab.cluster.ensure();
      await sees("9 of 9 servers answer");
    });

    it("says since when it sees nothing, where no server answers, and comes back by itself", async () => {
      const all = Object.keys(lab.cluster.inputs());
      await Promise.all(all.map((name) => lab.cluster.kill(name)));
      await desktop.page
        .getByRole("alert")
        .getByText(/^No server answers since \d\d:\d\d:\d\d; what is shown is of/)
        .waitFor();
      await lab.cluster.ensure();
      await lab.cluster.ready();
      await desktop.page.getByRole("alert").waitFor({ state: "detached" });
      await sees("9 of 9 servers answer");
    });

    it("a stream that failed over is on the map, and servers that do not map its subjects are named", async () => {
      const failovers = { "irisx/SMS": { to: "ams", consumers: {} } };
      const { environment } = lab.checked;
      const inputs = lab.cluster.inputs({ accounts: accountsText(environment, tenants, failovers) });
      const { "syd-2": last, ...others } = inputs;
      await lab.cluster.ensure(others);
      const promoted = assetsOf(environment, tenants, failovers).streams.find(({ name }) => name === "SMS-ams")!;
      const provisioner = await lab.as("irisx", "provisioner");
      await ask(provisioner, "STREAM.UPDATE.SMS-ams", toWire(streamFields, streamArgs(promoted)));
      await provisioner.close();
      await go("#/");
      await sees("1 stream of iad now in ams");
      await sees(/^failed over to ams, but syd-2 does not map its subjects/);
      await lab.cluster.ensure({ "syd-2": last! });
      await sees(/all 9 servers that answer map its subjects there/);
      // Among the last events it may still be.
      const problems = desktop.page.getByRole("list", { name: "Problems" });
      await problems.getByText(/does not map its subjects/).waitFor({ state: "detached" });
      await go("#/tenant/irisx/stream/SMS");
      await sees(/failed over: its mirror in/);
    });
  });
});
