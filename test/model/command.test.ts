/** The options of `ghostexec rollout` for language models. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { cli } from '../support/cli.ts';
import { completion, endpointFor, refusing, WAIT } from '../support/scripted-endpoint.ts';
import { newFolder, recordsIn } from './support-model.ts';

const waiting = () => ({ body: completion(WAIT) });
const PLAN = ['--tasks', 'phase2_core', '--episodes', '2', '--group-size', '2', '--workers', '0'];

const rollout = (url: string, out: string, ...more: string[]) =>
  cli(['rollout', '--model', 'scripted', '--base-url', url, '--out', out, ...PLAN, ...more]);

describe('ghostexec rollout --model', () => {
  test('plays, and prints tokens, latency and cost', async () => {
    const { url } = await endpointFor(waiting);
    const out = newFolder();
    const ran = await rollout(url, out, '--temperature', '0.5', '--price-in', '1', '--price-out', '2');
    expect(ran).toMatchObject({ code: 0 });
    const [record] = await recordsIn(out);
    const answers = 2 * (record?.length ?? 0);
    expect(ran.out).toMatch(
      new RegExp(`model:scripted: ${answers} answers, 0\\.\\d\\d s a call, .* \\+ .* tokens, cost 0\\.00\\d\\d\\n`),
    );
    const { plan } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(plan).toMatchObject({
      policy: 'model:scripted',
      model: { model: 'scripted', temperature: 0.5, format: 'text', history: 'all', observation: 'delta' },
    });
  });

  test('keeps its settings when it is resumed, which the options must not contradict', async () => {
    let isDown = true;
    const endpoint = await endpointFor(({ number }) =>
      isDown && number > 4 ? refusing(500, 'oops') : { body: completion(WAIT) },
    );
    const out = newFolder();
    const ran = await rollout(endpoint.url, out, '--temperature', '0.5', '--call-retries', '0');
    expect(ran.code).toBe(1);
    expect(ran.err).toContain(`lost a call; play again with --out ${out} --resume`);
    isDown = false;
    const resume = (...more: string[]) => cli(['rollout', '--out', out, '--resume', ...more]);
    expect(await resume()).toMatchObject({
      code: 2,
      err: 'ghostexec: --base-url gives the endpoint of the model "scripted"\n',
    });
    expect(await resume('--base-url', endpoint.url, '--temperature', '0.6')).toMatchObject({
      code: 2,
      err: `ghostexec: the run in ${out} has temperature 0.5, not 0.6; leave the option out to resume it\n`,
    });
    expect(await resume('--base-url', endpoint.url)).toMatchObject({ code: 0 });
    expect(endpoint.calls.every(({ body }) => body.temperature === 0.5)).toBe(true);
    expect((await recordsIn(out)).map(({ status }) => status)).toEqual(['complete', 'complete']);
  });

  test('takes the key from a variable', async () => {
    const { url } = await endpointFor(waiting, { key: 'secret' });
    vi.stubEnv('MY_KEY', 'secret');
    vi.stubEnv('OPENAI_API_KEY', 'other');
    expect((await rollout(url, newFolder(), '--api-key-env', 'MY_KEY')).code).toBe(0);
    expect(await rollout(url, newFolder())).toMatchObject({ code: 1, err: expect.stringContaining('401') });
    expect(await rollout(url, newFolder(), '--api-key-env', 'NO_KEY')).toMatchObject({
      code: 2,
      err: 'ghostexec: --api-key-env names NO_KEY, which is not set\n',
    });
  });

  test('refuses what does not fit together', async () => {
    const { url } = await endpointFor(waiting);
    const out = newFolder();
    const refused = async (why: string, ...args: string[]): Promise<void> => {
      expect(await cli(args)).toMatchObject({ code: 2, err: expect.stringContaining(why) });
    };
    await refused('has no model "other"; it has: scripted', 'rollout', '--model', 'other', '--base-url', url);
    await refused('--base-url gives the endpoint', 'rollout', '--model', 'scripted');
    await refused("'--policy <name>' cannot be used with option '--model", 'rollout', '--model', 'm', '--policy', 'x');
    await refused('needs --model', 'rollout', '--temperature', '1');
    await refused('needs --model', 'rollout', '--base-url', url);
    await refused('Expected a JSON object', 'rollout', '--extra-body', '[1]');
    await refused(
      'Expected all, none or last:N',
      'rollout',
      '--model',
      'scripted',
      '--base-url',
      url,
      '--history',
      'some',
    );
    await refused(
      '--max-cost needs',
      'rollout',
      '--model',
      'scripted',
      '--base-url',
      url,
      '--max-cost',
      '1',
      '--out',
      out,
    );
    await refused('plays rules v2', 'rollout', '--model', 'scripted', '--base-url', url, '--rules', 'v1');
  });

  test('says how to go on if the run ends early', async () => {
    const endpoint = await endpointFor(({ number }) =>
      number < 3 ? { body: completion(WAIT) } : refusing(401, 'expired key'),
    );
    const out = newFolder();
    const { code, err } = await rollout(endpoint.url, out);
    expect(code).toBe(1);
    expect(err).toContain(`refuses the calls: 401 expired key; run again with --out ${out} --resume`);
  });
});
