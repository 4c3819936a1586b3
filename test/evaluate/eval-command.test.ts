/** The command `ghostexec eval`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { newFolder, recordsIn } from '../model/support-model.ts';
import { cli } from '../support/cli.ts';
import { completion, endpointFor, refusing, WAIT } from '../support/scripted-endpoint.ts';

const SMALL = ['--tasks', 'phase2_core', '--samples', '2', '--workers', '0'];
const summaryIn = (out: string) => JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'));

describe('ghostexec eval --policy', () => {
  test('prints the tables and leaves the same bytes every time', async () => {
    const [one, other] = [newFolder(), newFolder()];
    const args = ['eval', '--policy', 'random', '--limit', '2', '--samples', '3'];
    const ran = await cli([...args, '--workers', '0', '--out', one]);
    expect(ran.code).toBe(0);
    expect((await cli([...args, '--workers', '2', '--out', other])).code).toBe(0);
    for (const file of ['trajectories.jsonl', 'summary.json']) {
      expect(readFileSync(join(other, file), 'utf8')).toBe(readFileSync(join(one, file), 'utf8'));
    }
    expect(ran.out).toContain('random: 2 worlds, 3 samples of each, 6 of 6 episodes evaluated');
    for (const word of ['do_nothing', 'greedy', 'oracle', 'pass^3: 0.6', 'phase2_core', '(medium)', 'apology']) {
      expect(ran.out).toContain(word);
    }
    const { rows } = summaryIn(one);
    const { mean, low, high } = rows[0].grade;
    expect(ran.out).toContain(`${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`);
    // A finished run is evaluated again without playing.
    const again = await cli(['eval', '--out', one, '--resume']);
    expect(again).toEqual({ code: 0, out: ran.out, err: '' });
  });

  test('plays scenario files', async () => {
    const out = newFolder();
    const file = join(dirname(out), 'short.json');
    writeFileSync(file, JSON.stringify({ ...loadTask('phase2_core').scenario, max_episode_steps: 3 }));
    const ran = await cli([
      'eval',
      '--policy',
      'greedy',
      '--scenario',
      file,
      '--samples',
      '1',
      '--workers',
      '0',
      '--out',
      out,
    ]);
    expect(ran.code).toBe(0);
    expect(summaryIn(out).rows.map(({ name }: { name: string }) => name)).toEqual(['all', 'short']);
  });

  test('evaluates the run of a rollout', async () => {
    const out = newFolder();
    const plan = ['--tasks', 'phase2_core', '--episodes', '4', '--group-size', '2', '--workers', '0'];
    expect((await cli(['rollout', '--policy', 'do_nothing', ...plan, '--out', out])).code).toBe(0);
    const ran = await cli(['eval', '--resume', '--out', out]);
    expect(ran.code).toBe(0);
    expect(summaryIn(out)).toMatchObject({ policy: 'do_nothing', samples: 4 });
  });

  test('refuses what does not fit together', async () => {
    const out = newFolder();
    expect((await cli(['eval', '--policy', 'do_nothing', ...SMALL, '--out', out])).code).toBe(0);
    const old = newFolder();
    const v1 = ['--rules', 'v1', '--episodes', '8', '--workers', '0', '--out', old];
    expect((await cli(['rollout', ...v1])).code).toBe(0);
    const refused: readonly [string, readonly string[]][] = [
      ['expected --model or --policy', []],
      ['cannot be used with option', ['--policy', 'greedy', '--model', 'm']],
      ['cannot be used with option', ['--policy', 'greedy', '--split', 'test', '--tasks', 'phase2_core']],
      ['there is no policy "best"', ['--policy', 'best', '--out', newFolder()]],
      ['--resume needs --out', ['--policy', 'greedy', '--resume']],
      ['holds a run already', ['--policy', 'do_nothing', ...SMALL, '--out', out]],
      [`the run in ${out} has samples 2, not 3`, ['--samples', '3', '--out', out, '--resume']],
      [`the run in ${out} plays ["phase2_core"], not`, ['--split', 'test', '--out', out, '--resume']],
      ['needs --model', ['--policy', 'greedy', '--temperature', '1', '--out', newFolder()]],
      [`the run in ${old} is of rules v1`, ['--resume', '--out', old]],
    ];
    for (const [why, args] of refused) {
      expect(await cli(['eval', ...args]), args.join(' ')).toMatchObject({
        code: 2,
        err: expect.stringContaining(why),
      });
    }
  });

  test('does not trust a record whose grade is not the one that its answers give', async () => {
    const out = newFolder();
    await cli(['eval', '--policy', 'greedy', ...SMALL, '--out', out]);
    const path = join(out, 'trajectories.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"grade":0\.\d+/g, '"grade":0.9'));
    const ran = await cli(['eval', '--resume', '--out', out]);
    expect(ran).toMatchObject({
      code: 1,
      err: expect.stringContaining('has the grade 0.9, and when it is played again'),
    });
    expect(ran.err).toContain('ghostexec regrade');
  });
});

describe('ghostexec eval --model', () => {
  test('counts cut-off answers, tokens and cost; plays lost episodes again and nothing else', async () => {
    let isDown = true;
    const cut = completion('{"action_type": "do', {}, { finish_reason: 'length' });
    const endpoint = await endpointFor(({ number }) => {
      if (isDown && number >= 9) return refusing(500, 'oops');
      return { body: number === 2 ? cut : completion(WAIT) };
    });
    const out = newFolder();
    const model = ['--model', 'scripted', '--base-url', endpoint.url, '--price-in', '1', '--price-out', '2'];
    const ran = await cli(['eval', ...model, ...SMALL, '--num-envs', '1', '--call-retries', '0', '--out', out]);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('1 episode was lost: 1 by infrastructure; the first, g000000-001: ');
    expect(ran.err).toContain(`Play those that lost a call again: ghostexec eval --out ${out} --resume`);
    expect(ran.out).toContain('model:scripted: 1 world, 2 samples of each, 1 of 2 episodes evaluated');
    const [all] = summaryIn(out).rows;
    expect(all).toMatchObject({ counted: 1, failures: { infrastructure: 1 }, steps: 8, prompt_tokens: 800 });
    expect(all.grade.mean).toBeCloseTo(0.01, 12);
    expect(all.cut_off_rate).toBe(1 / 8);
    expect(all.unreadable_rate).toBe(1 / 8);
    expect(all.cost).toBeCloseTo((8 * (100 + 20)) / 1e6, 12);
    expect(ran.out).toMatch(/s a call +p95 +tokens in +out +cost/);

    isDown = false;
    const before = endpoint.answered.length;
    const resumed = await cli(['eval', '--out', out, '--resume', '--base-url', endpoint.url]);
    expect(resumed).toMatchObject({ code: 0 });
    expect(endpoint.answered.length - before).toBe(16 - before);
    expect((await recordsIn(out)).map(({ status }) => status)).toEqual(['complete', 'complete']);
    expect(summaryIn(out)).toMatchObject({ endpoint_models: ['scripted-1'], lost: [], rows: [{ counted: 2 }, {}, {}] });
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ endpoint_models: ['scripted-1'], plan: { model: { model: 'scripted' } } });
    // Now there is nothing left to ask.
    expect((await cli(['eval', '--out', out, '--resume'])).code).toBe(0);
  });

  test('an endpoint without an answer is a failure', async () => {
    const ran = await cli([
      'eval',
      '--model',
      'm',
      '--base-url',
      'http://127.0.0.1:9/v1',
      ...SMALL,
      '--out',
      newFolder(),
    ]);
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('cannot be used') });
  });
});
