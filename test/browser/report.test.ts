import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { User } from "../../src/journal/wire.ts";
import type { ClosedTrade } from "../../src/statistics/closed-trade.ts";
import { renderPage } from "../../src/workers/analyze-stats/page/page.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { trade } from "../statistics/trades.ts";
import { shownOf, userOf } from "../workers/analyze-stats/shown.ts";
import { browserMsMax, chromiumPath, devices, launch, type Opened, open } from "./chromium.ts";
import { history } from "./history.ts";

/** Where to keep what the pages look like, for somebody to look at. */
const screenshots = process.env.AMI_SCREENSHOTS;
const makeFolder = temporaryFolders();
const inPage = readFileSync(join(import.meta.dir, "in-page.js"), "utf8");
const backgroundOf = "getComputedStyle(document.body).backgroundColor";
const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>`;

const user: Partial<User> = {
  timezone: "Europe/Madrid",
  starting_balance: "25000",
  breakeven_band: { min: "-1", max: "1" },
};
const pages: Record<string, { trades: ClosedTrade[]; user: Partial<User> }> = {
  "two years": { trades: history({ trades: 2_400, days: 600 }), user },
  "two currencies": {
    trades: [
      ...history({ trades: 60, days: 40 }),
      ...history({ trades: 25, days: 30, change: { pnlCurrency: "EUR", pnlInBaseCurrency: null, symbol: "DE40" } }),
    ],
    user: { timezone: "UTC" },
  },
  "one trade": { trades: [trade({ netPnl: "-12.345", symbol: evil })], user: {} },
  "no trade": { trades: [], user: {} },
};

describe.skipIf(chromiumPath === undefined)("the report in a browser", () => {
  let browser: Browser;
  let folder = "";
  let opened: Opened | null = null;
  const pathOf = (name: string) => join(folder, `${name.replaceAll(" ", "-")}.html`);

  beforeAll(async () => {
    folder = makeFolder();
    for (const [name, { trades, user }] of Object.entries(pages)) {
      writeFileSync(pathOf(name), renderPage(userOf(user), shownOf(trades, user)));
    }
    browser = await launch();
  }, browserMsMax);
  afterAll(async () => {
    await browser.close();
  });
  beforeEach(() => {
    opened = null;
  });
  afterEach(async () => {
    await opened?.context.close();
  });

  async function see(name: string, options: Parameters<typeof open>[2] = devices.desktop): Promise<Page> {
    opened = await open(browser, pathOf(name), options);
    return opened.page;
  }

  const looks = Object.keys(pages).flatMap((name) =>
    Object.keys(devices).map((device) => [name, device as keyof typeof devices] as const),
  );

  test.each(looks)(
    "%s on a %s: silent, without a request, nothing beside the screen, legible in light and dark",
    async (name, device) => {
      const page = await see(name, devices[device]);
      const { width } = devices[device].viewport;
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      expect(await page.evaluate(`${inPage}looks.beyondTheScreen()`)).toEqual([]);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await page.evaluate(`${inPage}looks.faintTexts()`)).toEqual([]);
        const [red] = String(await page.evaluate(backgroundOf)).match(/\d+/g) ?? [];
        expect(Number(red) > 128).toBe(colorScheme === "light");
        await keepPicture(page, `${name}-${device}-${colorScheme}`);
      }
      expect(opened?.said).toEqual([]);
      expect(opened?.requests).toEqual([]);
    },
    browserMsMax,
  );

  async function keepPicture(page: Page, name: string): Promise<void> {
    if (screenshots === undefined) return;
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name.replaceAll(" ", "-")}.png`), fullPage: true });
  }

  const isShown = async (page: Page, selector: string) => await page.locator(selector).first().isVisible();

  test(
    "a definition comes on hover, and goes",
    async () => {
      const page = await see("two years");
      const term = page.locator(".tile .def").first();
      expect(await isShown(page, ".tile .tip")).toBeFalse();
      await term.hover();
      const tip = term.locator(".tip");
      expect(await tip.isVisible()).toBeTrue();
      expect(await tip.textContent()).toContain("Wins / trades");
      await page.mouse.move(0, 0);
      expect(await tip.isVisible()).toBeFalse();
    },
    browserMsMax,
  );

  test(
    "every definition that is hovered over is on the screen, whole",
    async () => {
      for (const device of ["desktop", "tablet"] as const) {
        const page = await see("two years", devices[device]);
        await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
        const terms = await page.locator(".def").all();
        const outside: string[] = [];
        for (const term of terms.filter((_, index) => index % 4 === 0)) {
          await term.hover();
          const box = await term.locator(".tip").boundingBox();
          if (box === null || box.x < 0 || box.x + box.width > devices[device].viewport.width) {
            outside.push(`${device} ${await term.locator("button").textContent()} ${JSON.stringify(box)}`);
          }
        }
        expect(outside).toEqual([]);
        expect(terms.length).toBeGreaterThan(80);
        await opened?.context.close();
      }
    },
    browserMsMax,
  );

  test(
    "a definition is reached by keyboard: Tab shows it, Enter holds it, Escape closes it",
    async () => {
      const page = await see("two years");
      await page.keyboard.press("Tab");
      const tip = page.locator(".def:has(button:focus) .tip");
      expect(await tip.isVisible()).toBeTrue();
      expect(await tip.textContent()).toContain("Gross P&L - fees - funding");
      await page.keyboard.press("Enter");
      expect(await page.locator(".tip:popover-open").count()).toBe(1);
      await page.keyboard.press("Escape");
      expect(await page.locator(".tip:popover-open").count()).toBe(0);
    },
    browserMsMax,
  );

  test(
    "a definition is reached by a finger, within the screen, and goes at a tap beside it",
    async () => {
      const page = await see("two years", devices.phone);
      await page.locator(".tile .def > button").nth(5).tap();
      const panel = page.locator(".tip:popover-open");
      expect(await panel.textContent()).toContain("risk-free rate 0");
      const box = await panel.boundingBox();
      expect(box?.x).toBeGreaterThan(0);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThan(390);
      await page.locator("h1").tap();
      expect(await panel.count()).toBe(0);
    },
    browserMsMax,
  );

  test(
    "the curve, the calendar and the columns say what is under the pointer, and all digits",
    async () => {
      const page = await see("two years");
      const read = page.locator(".draw > .read");
      const band = page.locator(".bands i").nth(90);
      await band.hover();
      expect(await band.locator("b").isVisible()).toBeTrue();
      expect(await read.isVisible()).toBeFalse();
      expect(await band.locator("b").textContent()).toMatch(
        /^\d+ – \d+ \w+ \d{4} +[\d,]+\.\d\d +[+−]?[\d,]+\.\d\d \d+ trades?$/,
      );
      expect(await band.getAttribute("title")).toMatch(/^\d+(\.\d+)? USD$/);
      const day = page.locator(".days i[title]").first();
      await day.hover();
      expect(await day.locator("b").textContent()).toMatch(/^\d+: [+−]?[\d,]+\.\d\d \d+ trades?, \d+ won$/);
      const column = page.locator(".bars g").nth(3);
      await column.hover();
      expect(await column.locator(".tiptext").isVisible()).toBeTrue();
      expect(await column.locator(".tiptext").textContent()).toMatch(/USD: \d+ of 2,400 \(\d+\.\d%\)/);
    },
    browserMsMax,
  );

  test(
    "on a phone a day answers to a finger",
    async () => {
      const page = await see("two years", devices.phone);
      const day = page.locator(".days i[title]").nth(4);
      await day.tap();
      expect(await day.locator("b").isVisible()).toBeTrue();
    },
    browserMsMax,
  );

  test(
    "its policy lets no script run, and no picture load, whatever gets into it",
    async () => {
      const page = await see("one trade");
      await page.evaluate(`${inPage}looks.breakIn()`);
      expect(await page.title()).toBe("Trading performance · −12.34 USD");
      expect(opened?.said.filter((line) => /Content Security Policy/.test(line)).length).toBe(2);
      expect(await page.locator("table", { hasText: "<img src=x" }).first().isVisible()).toBeTrue();
    },
    browserMsMax,
  );

  test(
    "on paper it is light, without what only a pointer finds, and nothing is folded",
    async () => {
      const page = await see("two years", { ...devices.desktop, colorScheme: "dark" });
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      expect(await page.evaluate(backgroundOf)).toBe("rgb(255, 255, 255)");
      expect(await isShown(page, ".bands")).toBeFalse();
      const { height = 0 } = (await page.locator(".glossary dl").boundingBox()) ?? {};
      expect(height).toBeGreaterThan(500);
      const pdf = await page.pdf({ format: "A4" });
      expect(new TextDecoder().decode(pdf.subarray(0, 5))).toBe("%PDF-");
    },
    browserMsMax,
  );

  test(
    "a link leads to each currency's part",
    async () => {
      const page = await see("two currencies");
      expect(await page.locator("nav a").allTextContents()).toEqual(["USD", "EUR"]);
      await page.locator("nav a").nth(1).click();
      expect(await page.locator("#s1 h2").textContent()).toBe("EUR");
      expect(((await page.locator("#s1 h2").boundingBox())?.y ?? 999) < 200).toBeTrue();
      expect(await page.locator(".warning").allTextContents()).toEqual([
        expect.stringContaining("No amount in USD of 25 trades"),
      ]);
    },
    browserMsMax,
  );
});
