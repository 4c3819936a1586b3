/** How a new episode follows the last one, with Gymnasium's semantics of next_step, same_step and disabled. */
import { describe, expect, test } from 'vitest';
import { type Action, type Batch, BREAKDOWN_FIELDS, type EnvSpec, type VectorOptions } from '../../src/index.ts';
import { BACKENDS, HandEpisode, lineOf, OVER_AT_ONCE, smallScenario, vectorFactory } from './support.ts';

const IDLE: Action = { action_type: 'do_nothing' };
const ARCHIVE: Action = { action_type: 'archive_email', email_id: 'e1' };
/** An episode of two steps. */
const SHORT: EnvSpec = { task: 'short', scenario: smallScenario({ max_episode_steps: 2 }) };
/** An episode of five steps. */
const LONG: EnvSpec = { task: 'long', scenario: smallScenario({ max_episode_steps: 5 }) };
const OVER: EnvSpec = { task: 'over', scenario: OVER_AT_ONCE };

function flags(batch: Batch): { terminated: number[]; truncated: number[] } {
  return { terminated: [...batch.terminated], truncated: [...batch.truncated] };
}

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();
  const make = (options: VectorOptions) => create({ workers, ...options });

  describe('next_step', () => {
    test('the step after the last one ignores its action and begins the next episode', async () => {
      const vector = await make({ envs: [SHORT, LONG] });
      const first = await vector.reset();
      const opening = first.briefing(0);
      await vector.step([IDLE, IDLE]);
      const last = await vector.step([ARCHIVE, ARCHIVE]);
      expect(flags(last)).toEqual({ terminated: [0, 0], truncated: [1, 0] });
      expect(last.info(0)).toMatchObject({ episode: 0, episode_step: 2, episode_end_reason: 'step_limit' });
      expect(last.briefing(0)).toContain('archived [e1]');
      expect(last.info(0).reward_breakdown?.final).toBe(last.reward[0]);

      const next = await vector.step([ARCHIVE, ARCHIVE]);
      expect(flags(next)).toEqual({ terminated: [0, 0], truncated: [0, 0] });
      expect(next.reward[0]).toBe(0);
      for (const field of BREAKDOWN_FIELDS) expect(next.breakdown[field][0], field).toBe(0);
      expect(next.info(0)).toMatchObject({ episode: 1, episode_step: 0, unread_email_count: 2, step_detail: '' });
      expect(next.info(0)).not.toHaveProperty('reward_breakdown');
      expect(next.briefing(0)).toBe(opening);
      expect(next.final(0)).toBeUndefined();
      expect(next.info(1)).toMatchObject({ episode: 0, episode_step: 3 });

      const played = await vector.step([ARCHIVE, IDLE]);
      expect(played.info(0)).toMatchObject({ episode: 1, episode_step: 1, unread_email_count: 1 });
    });

    test('reset in between begins another episode at once, which is played from its first step on', async () => {
      const vector = await make({ envs: [SHORT, LONG] });
      await vector.reset();
      await vector.step([IDLE, IDLE]);
      await vector.step([IDLE, IDLE]);
      const batch = await vector.reset({ ids: [0] });
      expect(batch.info(0)).toMatchObject({ episode: 1, episode_step: 0 });
      const step = await vector.step([IDLE, IDLE]);
      expect(step.info(0)).toMatchObject({ episode: 1, episode_step: 1 });
      expect(step.reward[0]).toBeLessThan(0);
    });
  });

  describe('same_step', () => {
    test('the last step gives the next first observation, and keeps the final one aside', async () => {
      const vector = await make({ envs: [SHORT, LONG], autoreset: 'same_step' });
      const opening = (await vector.reset()).briefing(0);
      const hand = HandEpisode.ofDocuments(SHORT.scenario);
      await vector.step([IDLE, IDLE]);
      hand.step(IDLE);
      const last = await vector.step([ARCHIVE, ARCHIVE]);
      const expected = hand.step(ARCHIVE);
      expect(flags(last)).toEqual({ terminated: [0, 0], truncated: [1, 0] });
      expect(last.reward[0]).toBe(expected.reward);
      expect(last.stepOk[0]).toBe(1);
      expect(last.breakdownOf(0)).toStrictEqual(expected.breakdown);
      expect(last.final(0)).toStrictEqual({
        observation: expected.observation,
        briefing: expected.briefing,
        info: expected.metadata,
      });
      expect(last.final(1)).toBeUndefined();
      expect(last.briefing(0)).toBe(opening);
      expect(last.info(0)).toMatchObject({ episode: 1, episode_step: 0, unread_email_count: 2, step_ok: true });
      expect(last.info(0)).not.toHaveProperty('reward_breakdown');

      const next = await vector.step([ARCHIVE, ARCHIVE]);
      expect(next.info(0)).toMatchObject({ episode: 1, episode_step: 1 });
      expect(next.final(0)).toBeUndefined();
    });

    test('final observations are still right after further steps, resets and the end of the next episode', async () => {
      const vector = await make({ envs: [SHORT, SHORT], autoreset: 'same_step' });
      await vector.reset();
      await vector.step([IDLE, IDLE]);
      const last = await vector.step([ARCHIVE, 'no']);
      const finals = structuredClone([last.final(0), last.final(1)]);
      expect(finals[0]?.info.step_detail).toContain('archived [e1]');
      expect(finals[1]?.info.step_ok).toBe(false);
      for (let turn = 0; turn < 4; turn++) await vector.step([IDLE, IDLE]);
      await vector.reset();
      expect([last.final(0), last.final(1)]).toStrictEqual(finals);
    });

    test('an episode of a single step ends and begins with every step', async () => {
      const scenario = smallScenario({ max_episode_steps: 1 });
      const vector = await make({ envs: [{ scenario }, LONG], autoreset: 'same_step' });
      await vector.reset();
      for (let turn = 1; turn <= 3; turn++) {
        const batch = await vector.step([ARCHIVE, IDLE]);
        expect(batch.truncated[0]).toBe(1);
        expect(batch.info(0)).toMatchObject({ episode: turn, episode_step: 0 });
        expect(batch.final(0)?.info).toMatchObject({ episode_step: 1, unread_email_count: 1 });
      }
    });
  });

  describe('disabled', () => {
    test('every step after the last one is refused and costs 0.25, until reset', async () => {
      const vector = await make({ envs: [SHORT, LONG], autoreset: 'disabled' });
      await vector.reset();
      await vector.step([IDLE, IDLE]);
      const last = await vector.step([IDLE, IDLE]);
      expect(flags(last)).toEqual({ terminated: [0, 0], truncated: [1, 0] });
      const before = last.info(0);
      for (let turn = 0; turn < 2; turn++) {
        const refused = await vector.step([ARCHIVE, IDLE]);
        expect(refused.reward[0]).toBe(-0.25);
        expect(refused.stepOk[0]).toBe(0);
        expect(refused.truncated[0]).toBe(1);
        expect(refused.breakdownOf(0)).toMatchObject({ final: -0.25, invalid_step_adjustment: -0.25, output_scale: 1 });
        expect(refused.info(0)).toMatchObject({
          episode: 0,
          episode_step: 2,
          simulation_time: before.simulation_time,
          unread_email_ids: before.unread_email_ids,
          step_ok: false,
        });
        expect(refused.briefing(0)).toContain('Last action FAILED: the episode is over');
        expect(refused.final(0)).toBeUndefined();
      }
      await vector.reset({ ids: [0] });
      const played = await vector.step([ARCHIVE, IDLE]);
      expect(played.info(0)).toMatchObject({ episode: 1, episode_step: 1, unread_email_count: 1 });
      expect(played.info(1)).toMatchObject({ episode: 0, episode_step: 5 });
    });

    test.each([
      ['ids', { ids: [3, 0] }, [3, 0]],
      ['a mask of booleans', { mask: [true, false, false, true] }, [0, 3]],
      ['a mask of numbers', { mask: [1, 0, 0, 1] as const }, [0, 3]],
      ['a column of a batch', { mask: Uint8Array.of(1, 0, 0, 1) }, [0, 3]],
    ])('a partial reset by %s resets those and touches no other', async (_, options, expected) => {
      const vector = await make({ envs: [SHORT, LONG, SHORT, LONG], autoreset: 'disabled' });
      await vector.reset();
      const before = await vector.step([ARCHIVE, ARCHIVE, IDLE, 'no']);
      const untouched = [1, 2].map((i) => lineOf(before, i));
      const batch = await vector.reset(options);
      expect(batch.envIds).toEqual(expected);
      for (const row of [0, 1]) {
        expect(batch.info(row)).toMatchObject({ env_id: expected[row], episode: 1, episode_step: 0, step_detail: '' });
        expect(batch.reward[row]).toBe(0);
      }
      expect([1, 2].map((i) => lineOf(before, i))).toEqual(untouched);
      const next = await vector.step([IDLE, IDLE, IDLE, IDLE]);
      expect(next.envIds.map((_, i) => next.info(i).episode_step)).toEqual([1, 2, 2, 1]);
    });

    test('a reset of no environments resets none', async () => {
      const vector = await make({ envs: [SHORT, LONG], autoreset: 'disabled' });
      await vector.reset();
      await vector.step([IDLE, IDLE]);
      expect((await vector.reset({ ids: [] })).size).toBe(0);
      expect((await vector.reset({ mask: [false, 0] })).envIds).toEqual([]);
      const next = await vector.step([IDLE, IDLE]);
      expect(next.envIds.map((_, i) => next.info(i).episode_step)).toEqual([2, 2]);
    });
  });

  describe('terminated and truncated', () => {
    test.each([
      // Two steps, then the step that resets.
      ['next_step', [0, 1, 0, 0, 1, 0]],
      ['same_step', [0, 1, 0, 1, 0, 1]],
      ['disabled', [0, 1, 1, 1, 1, 1]],
    ] as const)('the step limit truncates and does not terminate (%s)', async (autoreset, expected) => {
      const vector = await make({ envs: [SHORT], autoreset });
      await vector.reset();
      const truncated: (number | undefined)[] = [];
      for (let turn = 0; turn < 6; turn++) {
        const batch = await vector.step([IDLE]);
        truncated.push(batch.truncated[0]);
        expect(batch.terminated[0]).toBe(0);
      }
      expect(truncated).toEqual(expected);
    });

    test('the grade of a row is that of the episode that ended in it', async () => {
      for (const autoreset of ['next_step', 'same_step', 'disabled'] as const) {
        const vector = await make({ envs: [SHORT, LONG], rules: 'v2', autoreset });
        await vector.reset();
        expect((await vector.step([IDLE, IDLE])).grade(0), autoreset).toBeUndefined();
        const last = await vector.step([ARCHIVE, IDLE]);
        expect(last.grade(0)?.grade, autoreset).toBeGreaterThan(0);
        expect(last.grade(0), autoreset).toStrictEqual((last.final(0)?.info ?? last.info(0)).grade);
        expect(last.grade(1), autoreset).toBeUndefined();
        await vector.close();
      }
    });

    test('an episode that its file ends terminates and is not truncated', async () => {
      for (const autoreset of ['next_step', 'same_step', 'disabled'] as const) {
        const vector = await make({ envs: [OVER, LONG], autoreset });
        const first = await vector.reset();
        expect(flags(first)).toEqual({ terminated: [0, 0], truncated: [0, 0] });
        expect(first.info(0)).toMatchObject({ episode_active: false, episode_end_reason: 'closed by the file' });
        const step = await vector.step([ARCHIVE, ARCHIVE]);
        expect(flags(step), autoreset).toEqual({ terminated: [1, 0], truncated: [0, 0] });
        expect(step.reward[0]).toBe(-0.25);
        const ended = autoreset === 'same_step' ? step.final(0)?.info : step.info(0);
        expect(ended).toMatchObject({ episode_step: 0, unread_email_count: 2, step_ok: false });
        expect(step.info(0).episode).toBe(autoreset === 'same_step' ? 1 : 0);
        const next = await vector.step([ARCHIVE, ARCHIVE]);
        expect(next.terminated[0], autoreset).toBe(autoreset === 'next_step' ? 0 : 1);
        await vector.close();
      }
    });
  });
});
