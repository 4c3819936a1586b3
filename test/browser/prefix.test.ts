/** The pages of a server that a proxy shows below a path: they load, ask and lead below it. */
import { expect, test } from 'vitest';
import { type ProxyOptions, startProxy } from '../server/support-proxy.ts';
import { startServer } from '../server/support-server.ts';
import { sharedBrowser, shoot } from './support.ts';

const open = sharedBrowser();
const LOOPBACK = ['127.0.0.0/8'];

const CASES: readonly (readonly [string, Parameters<typeof startServer>[0], Omit<ProxyOptions, 'prefix'>])[] = [
  ['--base-path, stripped', { basePath: '/ghost' }, { strips: true }],
  ['--base-path', { basePath: '/ghost' }, { strips: false }],
  ['X-Forwarded-Prefix', { trustProxy: LOOPBACK }, { strips: true, headers: { 'x-forwarded-prefix': '/ghost' } }],
];

test.each(CASES)('%s', async (name, options, proxy) => {
  const { url } = await startServer(options);
  const address = await startProxy(url, { prefix: '/ghost', ...proxy });
  const page = await open();
  const outside: string[] = [];
  page.on('response', (answer) => {
    const { pathname } = new URL(answer.url());
    if (!/^\/ghost(?:\/|$)/.test(pathname) || answer.status() >= 400) outside.push(`${answer.status()} ${pathname}`);
  });

  await page.goto(`${address}/ghost#task=phase2_core&seed=1`, { waitUntil: 'networkidle' });
  expect(new URL(page.url()).pathname).toBe('/ghost/web/');
  await page.getByRole('tree').waitFor();
  await page.getByRole('radio', { name: 'do nothing' }).check();
  await page.getByRole('button', { name: 'Step', exact: true }).click();
  await page.getByRole('treeitem').nth(1).waitFor();
  await page.getByRole('button', { name: 'curl', exact: true }).click();
  await page.getByText('Copied: a shell script').first().waitFor();
  const snippet = await page.evaluate(() => navigator.clipboard.readText());
  expect(snippet).toContain(`'${address}/ghost/reset'`);
  if (name === '--base-path') await shoot(page, 'prefix-playground');

  await page.getByRole('link', { name: 'Traces' }).click();
  await page.waitForLoadState('networkidle');
  expect(new URL(page.url()).pathname).toBe('/ghost/web/traces');
  await page.getByRole('link', { name: 'Playground' }).click();
  await page.waitForLoadState('networkidle');
  expect(new URL(page.url()).pathname).toBe('/ghost/web/');
  await page.getByRole('link', { name: 'API', exact: true }).click();
  await page.getByText('Begin an episode').first().waitFor();
  expect(new URL(page.url()).pathname).toBe('/ghost/docs');
  if (name === '--base-path') await shoot(page, 'prefix-docs');
  // Tried out from the page, a route is requested below the path.
  await page.getByText('Whether the server is up').first().click();
  await page.getByRole('button', { name: 'Execute' }).click();
  await page.getByText(`${address}/ghost/health`).first().waitFor();
  await page.getByText('"healthy"').first().waitFor();
  await page.getByRole('link', { name: '← Playground' }).click();
  await page.waitForLoadState('networkidle');
  expect(new URL(page.url()).pathname).toBe('/ghost/web/');
  expect(outside).toEqual([]);
});
