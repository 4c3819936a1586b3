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
