/** Reports in Chromium, from the file system. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { writeReport } from '../../src/report/report.ts';
import { folderOf, hostileRecord, playRun } from '../report/support.ts';
import { NARROW, overflowsSideways, SCHEMES, seriousIssues, sharedBrowser, shoot, WIDE } from './support.ts';

const open = sharedBrowser();

async function reportOf(folder: string): Promise<string> {
  const { written } = await writeReport(
    join(folder, 'trajectories.jsonl'),
    mkdtempSync(join(tmpdir(), 'ghostexec-report-')),
  );
  return pathToFileURL(written[0] ?? '').href;
}

const random = playRun({ observations: 'all' }).then(reportOf);
const greedy = playRun({ policy: 'greedy', rules: 'v1' }).then(reportOf);

describe.each(SCHEMES)('%s', (colorScheme) => {
  test.each([
    ['wide', WIDE],
    ['narrow', NARROW],
  ] as const)('%s: accessible, no wider than the window, quiet', async (size, viewport) => {
    for (const [name, address] of Object.entries({ random: await random, greedy: await greedy })) {
      const page = await open({ viewport, colorScheme });
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(address);
      expect(await seriousIssues(page)).toEqual([]);
      expect(await overflowsSideways(page)).toBe(false);
      expect(asked).toEqual([address]);
      await shoot(page, `report-${name}-${size}-${colorScheme}`);
    }
  });
});

test('drawings are visible, and a table that is wider than its box scrolls by keyboard', async () => {
  const page = await open({ viewport: NARROW });
  await page.goto(await random);
  for (const drawing of await page.locator('figure svg').all()) {
    const box = await drawing.boundingBox();
    expect(box?.width).toBeGreaterThan(200);
    expect(box?.height).toBeGreaterThan(80);
  }
  const box = page.locator('section.scroll').first();
  await box.focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => box.evaluate((node) => Number(Reflect.get(node, 'scrollLeft')))).toBeGreaterThan(0);
});

test('markup in every text of a run is shown as text', async () => {
  const page = await open();
  await page.goto(await reportOf(folderOf([0, 1, 2, 3].map(hostileRecord))));
  expect(await page.title()).not.toBe('owned');
  expect(await page.locator('script, img, iframe, [onerror]').count()).toBe(0);
  expect(await page.locator('style').count()).toBe(1);
  expect(await page.locator('h1').textContent()).toContain('<script>');
  expect(await seriousIssues(page)).toEqual([]);
  expect(await overflowsSideways(page)).toBe(false);
  await shoot(page, 'report-hostile');
});
