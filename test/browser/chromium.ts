import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Set by scripts/browser-test; without it the tests of this folder are skipped. */
export const chromiumPath = process.env.AMI_CHROMIUM;
/** Of tests that start a browser, on a slow and busy machine. */
export const browserMsMax = 60_000;

/** Nothing of it asks the network, so that what does is the page. */
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launch(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("AMI_CHROMIUM is not set");
  return await chromium.launch({ executablePath: chromiumPath, args: flags, timeout: browserMsMax });
}

export interface Opened {
  page: Page;
  context: BrowserContext;
  /** What the page asked for besides itself. */
  requests: string[];
  /** Errors, warnings and whatever else it said; dialogs, too. */
  said: string[];
}

export async function open(browser: Browser, path: string, options: BrowserContextOptions): Promise<Opened> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const own = Bun.pathToFileURL(path).href;
  const opened: Opened = { page, context, requests: [], said: [] };
  page.on("request", (request) => {
    if (request.url() !== own) opened.requests.push(request.url());
  });
  page.on("console", (message) => opened.said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => opened.said.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    opened.said.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(own);
  return opened;
}

export const devices = {
  desktop: { viewport: { width: 1_280, height: 900 } },
  tablet: { viewport: { width: 760, height: 1_000 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  "small phone": { viewport: { width: 320, height: 640 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const satisfies Record<string, BrowserContextOptions>;
