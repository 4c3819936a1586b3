/** A real browser for tests: Debian's Chromium, or the one that CHROMIUM names. It only reaches this machine. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { beforeAll, expect, onTestFinished } from 'vitest';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const SCREENSHOTS = process.env.SCREENSHOTS ?? fileURLToPath(new URL('screenshots', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

export const WIDE = { width: 1280, height: 900 } as const;
export const NARROW = { width: 390, height: 844 } as const;
export const SCHEMES = ['light', 'dark'] as const;

export type Look = {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: (typeof SCHEMES)[number];
  /** Problems that the test causes on purpose, such as a refused request; all others fail it. */
  readonly expected?: RegExp;
};

/** One browser for all tests of a file. */
export function sharedBrowser(): (look?: Look) => Promise<Page> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
    return () => browser?.close();
  });
  return async (look = {}) => {
    if (browser === undefined) throw new Error('the browser only exists while tests run');
    return newPage(browser, look);
  };
}

/**
 * A new page with its own storage. The test fails if the page logs an error, throws, violates its content security policy or
 * requests anything beyond this machine.
 */
async function newPage(browser: Browser, { viewport = WIDE, colorScheme = 'light', expected }: Look): Promise<Page> {
  const context = await browser.newContext({
    viewport,
    colorScheme,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const problems: string[] = [];
  const note = (problem: string): void => {
    if (expected?.test(problem) !== true) problems.push(problem);
  };
  await context.route('**', (route) => {
    const url = new URL(route.request().url());
    if (!url.protocol.startsWith('http') || LOOPBACK.has(url.hostname)) return route.continue();
    note(`it asks for ${url.href}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => note(`it throws ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      note(`it logs ${message.text()} (${message.location().url})`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(problems, 'problems of the page').toEqual([]);
  });
  return page;
}

/** Serious and critical findings of axe, one line each. */
export async function seriousIssues(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate<AxeResults>(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  );
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
    );
}

/** Whether the page is wider than its window. */
export async function overflowsSideways(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}

/** Saves a screenshot of the whole page to the folder that SCREENSHOTS names. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
