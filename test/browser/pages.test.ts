/** Properties of every page of the server. */
import { describe, expect, test } from 'vitest';
import { sharedServer } from '../server/support-server.ts';
import { NARROW, overflowsSideways, SCHEMES, seriousIssues, sharedBrowser, shoot, WIDE } from './support.ts';

const server = sharedServer();
const open = sharedBrowser();

/** Largest transfer of a first visit, in bytes. */
const FIRST_LOAD = 300_000;

describe.each([
  ['playground', '/web'],
  ['traces', '/web/traces'],
])('the page %s', (name, path) => {
  test.each(SCHEMES.flatMap((colorScheme) => [WIDE, NARROW].map((viewport) => ({ colorScheme, viewport }))))(
    'is accessible and fits into $viewport.width pixels, $colorScheme',
    async (look) => {
      const page = await open(look);
      await page.goto(server().url + path, { waitUntil: 'networkidle' });
      expect(await seriousIssues(page)).toEqual([]);
      expect(await overflowsSideways(page)).toBe(false);
      await shoot(page, `${name}-${look.viewport.width}-${look.colorScheme}`);
    },
  );

  test('transfers little', async () => {
    const page = await open();
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    let transferred = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
      transferred += encodedDataLength;
    });
    await page.goto(server().url + path, { waitUntil: 'networkidle' });
    expect(transferred).toBeGreaterThan(1_000);
    expect(transferred).toBeLessThan(FIRST_LOAD);
  });

  test('runs only its own files', async () => {
    const page = await open({ expected: /Content Security Policy/ });
    await page.goto(server().url + path, { waitUntil: 'networkidle' });
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      return 'ran' in window;
    });
    expect(ran).toBe(false);
  });
});

test.each(SCHEMES)('the documentation is %s, as the system is', async (colorScheme) => {
  const page = await open({ colorScheme });
  await page.goto(`${server().url}/docs`);
  await page.locator('.renderedMarkdown p').first().waitFor();
  const [ink = 0, paper = 0] = await page.evaluate(() => {
    const text = document.querySelector('.renderedMarkdown p');
    if (text === null) throw new Error('the description is missing');
    // The first number of rgb(...): all colours of the text and the paper are greys.
    const colors = [getComputedStyle(text).color, getComputedStyle(document.body).backgroundColor];
    return colors.map((color) => Number.parseInt(color.replace(/\D+/, ''), 10));
  });
  expect(colorScheme === 'dark' ? ink - paper : paper - ink).toBeGreaterThan(120);
  await shoot(page, `docs-${colorScheme}`);
});
