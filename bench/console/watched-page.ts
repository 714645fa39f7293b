import type { Browser, CDPSession, Page } from "playwright-core";
import { openPage } from "../../tests/support/browser";
import { waitMs } from "../../tests/support/limits";

/** A page of the console in a browser that has no other, and what it costs. */
export class WatchedPage {
  private constructor(
    private readonly page: Page,
    private readonly own: CDPSession,
    private readonly whole: CDPSession,
  ) {}

  static async open(browser: Browser, url: string): Promise<WatchedPage> {
    const { page } = await openPage(browser, url);
    page.setDefaultTimeout(waitMs);
    const own = await page.context().newCDPSession(page);
    await own.send("Performance.enable");
    return new WatchedPage(page, own, await browser.newBrowserCDPSession());
  }

  /** Goes to a list, and waits until it has so many rows or more: streams that every tenant has are there too. */
  async list(view: "streams" | "durables", rows: number): Promise<void> {
    await this.page.evaluate((hash) => (location.hash = hash), `#/${view}`);
    await this.page.waitForFunction(
      ([label, least]) => {
        const list = document.querySelector(`.virtual[aria-label="${label}"]`);
        // Its head is a row too.
        return Number(list?.getAttribute("aria-rowcount")) > least;
      },
      [view === "streams" ? "Streams" : "Durables", rows] as const,
    );
  }

  /** Ids of the processes that have pages. */
  async processes(): Promise<number[]> {
    const { processInfo } = await this.whole.send("SystemInfo.getProcessInfo");
    return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  }

  /** Bytes of its scripts' objects that are in use, and elements, texts and the like that it has. */
  async holds(): Promise<{ heap: number; nodes: number }> {
    await this.own.send("HeapProfiler.collectGarbage");
    const { metrics } = await this.own.send("Performance.getMetrics");
    const valueOf = (wanted: string) => metrics.find(({ name }) => name === wanted)!.value;
    return { heap: valueOf("JSHeapUsedSize"), nodes: valueOf("Nodes") };
  }

  /** When it has painted that the stream of this address has so many messages, in milliseconds since 1970. */
  painted(address: string, messages: number): Promise<number> {
    return this.page.evaluate(
      ([link, wanted, limitMs]) =>
        new Promise<number>((resolve, reject) => {
          const body = document.querySelector(".virtual .body")!;
          const limit = setTimeout(() => {
            reject(new Error(`${link} does not have ${wanted} messages within ${limitMs} ms`));
          }, limitMs);
          const look = () => {
            const row = body.querySelector(`[data-row][href="${link}"]`)?.closest("[role=row]");
            if (Number(row?.querySelector('[data-name="Messages"]')?.textContent) !== wanted) return;
            changes.disconnect();
            clearTimeout(limit);
            // A frame is painted after its callbacks, and before the next task.
            requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
          };
          const changes = new MutationObserver(look);
          changes.observe(body, { subtree: true, childList: true, characterData: true });
          look();
        }),
      [address, messages, waitMs] as const,
    );
  }

  /** Milliseconds of each frame while the list is scrolled up and down, some pixels a frame. */
  scrolled(seconds: number, pixels = 100): Promise<number[]> {
    return this.page.evaluate(
      ([step, lengthMs]) =>
        new Promise<number[]>((resolve) => {
          const body = document.querySelector(".virtual .body")!;
          const frames: number[] = [];
          const began = performance.now();
          let [before, direction] = [began, step];
          const next = () => {
            const now = performance.now();
            frames.push(now - before);
            before = now;
            if (now - began > lengthMs) return resolve(frames.slice(1));
            const { scrollTop } = body;
            body.scrollTop += direction;
            if (body.scrollTop === scrollTop) direction = -direction;
            requestAnimationFrame(next);
          };
          requestAnimationFrame(next);
        }),
      [pixels, seconds * 1_000] as const,
    );
  }
}
