/** What the panels compute from real scenes: differences, rewards, curves, due times. */
import { describe, expect, test } from 'vitest';
import { episodeRecordSchema } from '../../src/records/schema.ts';
import { actionWords, stepLookOf } from '../../src/web/panels/action.tsx';
import { diffBriefings } from '../../src/web/panels/briefing.tsx';
import { placeMeetings } from '../../src/web/panels/calendar.tsx';
import { compareScenes, sentence } from '../../src/web/panels/changes.ts';
import { curvesOf } from '../../src/web/panels/potentials.tsx';
import { splitReward } from '../../src/web/panels/reward.tsx';
import { freeTimes } from '../../src/web/panels/thing.tsx';
import { recordOf } from '../../src/web/playground/copy.tsx';
import { groupTasks } from '../../src/web/playground/picker.tsx';
import { sharedServer } from '../server/support-server.ts';
import { play, playWith, sceneAt } from './support-scenes.ts';

const server = sharedServer();
const HASH = 'f'.repeat(64);

const EPISODES = ['v1', 'v2'].flatMap((rules) =>
  ['full', 'base'].flatMap((mode) => ['greedy', 'random'].map((policy) => [rules, mode, policy] as const)),
);

describe.each(EPISODES)('an episode under rules %s, reward %s, played by %s', (rules, mode, policy) => {
  const asked = { task_id: 'monday_morning', rules: rules as 'v1', reward_mode: mode as 'full', seed: 3 };

  test('has rewards that equal the sums of their parts', async () => {
    const { scenes } = await playWith(server().url, asked, policy);
    expect(scenes.length).toBeGreaterThan(3);
    for (const scene of scenes) {
      const parts = splitReward(scene);
      expect(parts.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(scene.reward, 9);
      expect(parts.map(({ channel }) => channel)).not.toContain('rest');
    }
  });

  test('has a point on each curve for every scene', async () => {
    const { scenes } = await playWith(server().url, asked, policy);
    const { curves, steps } = curvesOf(scenes);
    expect(steps).toEqual(scenes.map((_, step) => step));
    expect(curves.map(({ values }) => values.length)).toEqual(curves.map(() => scenes.length));
    expect(curves).toHaveLength(rules === 'v2' ? 4 : 3);
  });

  test('makes a record as a rollout writes it', async () => {
    const { episode, scenes } = await playWith(server().url, asked, policy);
    const record = episodeRecordSchema.parse(JSON.parse(JSON.stringify(recordOf(episode, scenes, HASH))));
    expect(record.status).toBe('complete');
    expect(record.return).toBeCloseTo(
      record.steps.reduce((sum, { reward }) => sum + reward, 0),
      9,
    );
    expect(record.grade).not.toBeNull();
    expect(record.grade_parts === null).toBe(rules === 'v1');
    expect(record.prompt_sha256).toBe(rules === 'v1' ? null : HASH);
    expect(record.steps[0]?.observation).toBe(sceneAt(scenes, 0).briefing);
    const unfinished = episodeRecordSchema.parse(recordOf(episode, scenes.slice(0, 2), HASH));
    expect([unfinished.status, unfinished.return]).toEqual(['failed', null]);
  });
});

describe('two scenes', () => {
  test('differ in what an action changed, in words', async () => {
    const actions = [
      { action_type: 'cancel_meeting', meeting_id: 'm01', reason: 'Something more urgent has come up.' },
      { action_type: 'delegate_task', task_id: 't03', contact_name: 'Kofi Asante' },
    ];
    const { scenes } = await play(server().url, { task_id: 'monday_morning' }, actions);
    const sentences = compareScenes(sceneAt(scenes, 0), sceneAt(scenes, 1)).all.map(sentence);
    expect(sentences).toContain('Meeting m01: cancelled');
    expect(sentences.some((one) => one.startsWith('Time: 08:30 to '))).toBe(true);
    expect(compareScenes(sceneAt(scenes, 1), sceneAt(scenes, 2)).of('task', 't03')?.words).toContain(
      'handed to Kofi Asante',
    );
    expect(compareScenes(undefined, sceneAt(scenes, 1)).all).toEqual([]);
    expect(compareScenes(sceneAt(scenes, 1), sceneAt(scenes, 1)).all).toEqual([]);
    expect(scenes.map(actionWords)).toEqual(['the day begins', 'cancel m01', 'delegate t03 to Kofi Asante']);
  });

  test('differ in arriving emails and in moods, over a whole day', async () => {
    const { scenes } = await playWith(server().url, { task_id: 'dinner_disaster', seed: 1 }, 'do_nothing');
    const sentences = scenes.flatMap((scene, at) =>
      compareScenes(at === 0 ? undefined : scenes[at - 1], scene).all.map(sentence),
    );
    expect(sentences.some((one) => /^Mail \S+: arrived$/.test(one))).toBe(true);
    expect(sentences.some((one) => /: (neutral|annoyed|happy) to (annoyed|angry|neutral)/.test(one))).toBe(true);
  });
});

test('a step that was valid and furthered nothing looks different from one that did, and from an invalid one', async () => {
  const { scenes } = await play(server().url, { task_id: 'phase2_core' }, [
    { action_type: 'complete_task', task_id: 't01' },
    { action_type: 'reply_email', email_id: 'e03', message_body: 'Thank you for your message.' },
    { action_type: 'reply_email', email_id: 'nowhere', message_body: 'Thank you.' },
  ]);
  const looks = [1, 2, 3].map((at) => stepLookOf(sceneAt(scenes, at).step_ok, sceneAt(scenes, at).breakdown));
  expect(looks).toEqual(['ok', 'vain', 'invalid']);
});

test('the free times of a briefing', async () => {
  const { scenes } = await play(server().url, { task_id: 'monday_morning' });
  expect(freeTimes(sceneAt(scenes, 0).briefing)).toMatch(/^now until 09:00, /);
  expect(freeTimes('')).toBe('');
});

describe('the difference of two briefings', () => {
  test('is the new lines and the removed ones, regardless of their positions', () => {
    const { lines, gone } = diffBriefings('a\nb\nb\nc', 'c\nb\nd\n\na');
    expect(lines.filter(({ isNew }) => isNew).map(({ text }) => text)).toEqual(['d']);
    expect(gone).toEqual(['b']);
    expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
  });

  test('is nothing at the beginning', () => {
    expect(diffBriefings(undefined, 'a\nb').lines.some(({ isNew }) => isNew)).toBe(false);
  });
});

describe('the meetings of a day', () => {
  const slot = (id: string, start: number, end: number) => ({ id, start, end });
  const columnsOf = (...slots: ReturnType<typeof slot>[]) =>
    Object.fromEntries(placeMeetings(slots).map((one) => [one.slot.id, `${one.column}/${one.columns}`]));

  test('are below each other if they do not overlap', () => {
    expect(columnsOf(slot('a', 0, 30), slot('b', 30, 60))).toEqual({ a: '0/1', b: '0/1' });
  });

  test('are side by side if they overlap', () => {
    const placed = columnsOf(slot('c', 90, 120), slot('a', 0, 60), slot('b', 30, 90), slot('d', 100, 110));
    expect(placed).toEqual({ a: '0/2', b: '1/2', c: '0/2', d: '1/2' });
    expect(columnsOf(slot('a', 0, 60), slot('b', 10, 60), slot('c', 20, 60))).toEqual({ a: '0/3', b: '1/3', c: '2/3' });
  });
});

test('tasks are grouped by difficulty, variants of one scenario under its name', () => {
  const task = (task_id: string, group: string, difficulty: 'easy' | 'hard') => ({
    task_id,
    group,
    difficulty,
    description: '',
    has_drift: false,
    v1_grader: false,
  });
  const groups = groupTasks([
    task('a', 'a', 'easy'),
    task('b', 'b', 'hard'),
    task('c1', 'c', 'easy'),
    task('c2', 'c', 'hard'),
  ]);
  expect(groups.map(({ title, tasks }) => [title, tasks.map(({ task_id }) => task_id)])).toEqual([
    ['easy', ['a']],
    ['hard', ['b']],
    ['c', ['c1', 'c2']],
  ]);
});
