/** The detail of a step reports that other tool calls were ignored, wherever a completion is played. */
import { describe, expect, test } from 'vitest';
import { MAX_NOTE } from '../../src/sim/episode.ts';
import { SoloEnv } from '../../src/vector/solo-env.ts';
import { compileSpec, loadSpec } from '../../src/vector/spec.ts';
import { BACKENDS, smallScenario, vectorFactory } from './support.ts';

const call = (name: string, given: object): string =>
  `<tool_call>${JSON.stringify({ name, arguments: given })}</tool_call>`;
const TWO = call('do_nothing', {}) + call('archive_email', { email_id: 'e1' });
const INVALID = TWO + call('archive_email', { email_id: 'e'.repeat(500) });
const SAID = '; 1 other call was left out: a step plays the last one';

describe.each(['v1', 'v2'] as const)('rules %s', (rules) => {
  test('one environment of this thread', () => {
    const env = new SoloEnv(compileSpec({ ...loadSpec({ scenario: smallScenario() }), rules, rewardMode: 'full' }));
    env.reset();
    const { step_ok, step_detail } = env.step(TWO).metadata;
    expect({ step_ok, said: step_detail.endsWith(SAID) }).toEqual({ step_ok: true, said: true });
    expect(env.step(TWO).briefing).toContain(SAID);
  });

  describe.each(BACKENDS)('$backend', ({ workers }) => {
    const create = vectorFactory();

    test('of a valid step and of an invalid one', async () => {
      const spec = { scenario: smallScenario() };
      const vector = await create({ workers, envs: [spec, spec, spec], rules });
      await vector.reset();
      const batch = await vector.step([TWO, INVALID, call('archive_email', { email_id: 'e1' })]);
      expect(batch.info(0).step_ok).toBe(true);
      expect(batch.info(0).step_detail).toBe(`${batch.info(2).step_detail}${SAID}`);
      const { step_error, step_detail } = batch.info(1);
      expect(step_error).toBe(step_detail);
      expect(step_detail).toMatch(/^there is no email ".*; 2 other calls were left out: a step plays the last one$/);
      expect([...step_detail].length).toBeLessThanOrEqual(MAX_NOTE);
    });
  });
});
