/** The ways in which a policy can answer, and how its answers are played and recorded. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { verifyRollout } from '../../src/cli/verify.ts';
import {
  type AnnotatedAnswer,
  answerOf,
  loadPolicy,
  type Policy,
  type PolicyTurn,
  readEpisodes,
  regradeRun,
  type TurnAnswer,
  verifyRun,
} from '../../src/index.ts';
import type { EpisodeActor } from '../../src/policies/policy.ts';
import { type EpisodeRecord, episodeRecordSchema } from '../../src/records/schema.ts';
import { collect } from '../../src/rollout/collect.ts';
import { checkPlan, plannedEpisode } from '../../src/rollout/plan.ts';
import { runRollout, TRAJECTORIES } from '../../src/rollout/run.ts';
import { ghostexec } from './remote-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLAN = checkPlan({
  ...{ tasks: ['phase2_core', 'dinner_disaster'], policy: 'mine', episodes: 12, groupSize: 2, seed: 3 },
  ...{ rules: 'v2', rewardMode: 'full' },
});

async function play(policy: Policy, { numEnvs = 4, workers = 0 } = {}): Promise<EpisodeRecord[]> {
  const records: EpisodeRecord[] = [];
  const options = { plan: PLAN, policy, from: 0, numEnvs, workers };
  for await (const record of collect(options, { steps: 0, underWay: 0 })) records.push(record);
  return records;
}

describe('a turn', () => {
  test('has the observation as data and text, and the episode so far as messages', async () => {
    const turns: PolicyTurn[] = [];
    const act = (turn: PolicyTurn): TurnAnswer => {
      turns.push(turn);
      return turn.messages.length === 1 ? 'I wait. <action>{"action_type": "do_nothing"}</action>' : { action: {} };
    };
    const [record] = await play({ name: 'mine', act }, { numEnvs: 1 });
    const own = turns.filter(({ episode }) => episode === 0);
    expect(own.map(({ briefing }) => briefing)).toEqual(record?.steps.map(({ observation }) => observation));
    expect(own.map(({ observation }) => observation.step)).toEqual(record?.steps.map((_, step) => step));
    const { task, policySeed } = plannedEpisode(PLAN, 0);
    expect(own[0]).toMatchObject({ task, seed: policySeed });
    expect(own[2]?.messages).toEqual([
      { role: 'user', content: own[0]?.briefing },
      { role: 'assistant', content: 'I wait. <action>{"action_type": "do_nothing"}</action>' },
      { role: 'user', content: own[1]?.briefing },
      { role: 'assistant', content: '{}' },
      { role: 'user', content: own[2]?.briefing },
    ]);
  });

  test('has the same texts if no observations are recorded', async () => {
    const texts = async (observations: 'all' | 'none'): Promise<unknown[]> => {
      const seen: unknown[] = [];
      const act = ({ messages }: PolicyTurn): TurnAnswer => {
        seen.push(messages);
        return {};
      };
      const options = {
        plan: { ...PLAN, observations },
        policy: { name: 'mine', act },
        from: 0,
        numEnvs: 1,
        workers: 0,
      };
      for await (const record of collect(options, { steps: 0, underWay: 0 })) expect(record.error).toBeNull();
      return seen;
    };
    expect(await texts('none')).toEqual(await texts('all'));
  });
});

describe('an answer with metadata', () => {
  const archive = { action_type: 'archive_email', email_id: 'e01' } as const;
  const metadata = { tokens: 7, note: 'a\u2028b', list: [1, { two: null }] };
  const broken = '\ud800 {"action_type": "archive_email", "email_id": "e01"}';

  test.each<[AnnotatedAnswer, unknown]>([
    [
      { action: archive, metadata },
      { ...archive, metadata },
    ],
    [{ completion: JSON.stringify(archive), metadata }, JSON.stringify(archive)],
    [{ completion: broken, metadata }, broken],
    [{ completion: broken }, broken],
    [{ action: archive }, archive],
  ])('%j: is played without them, and recorded with them', async (given, kept) => {
    const records = await play({ name: 'mine', act: () => given });
    const bare = 'action' in given ? given.action : given.completion;
    const expected = await play({ name: 'mine', act: () => bare });
    const played = (record: EpisodeRecord): unknown[] =>
      record.steps.map(({ action, reward, error, completion }) => ({ action, reward, error, completion }));
    expect(records.map(played)).toEqual(expected.map(played));
    for (const step of records.flatMap(({ steps }) => steps)) {
      const extra = step.extra_json === null ? {} : JSON.parse(step.extra_json);
      expect(extra.metadata).toEqual(given.metadata);
      expect(answerOf(step)).toEqual(kept);
    }
  });

  test('is played as it is if it is something else, and metadata that JSON cannot hold are replaced by a text', async () => {
    const odd = [{ action: archive, thought: 'no' }, { action: 7 }, { completion: '{}', action: {} }] as unknown[];
    const records = await play({ name: 'mine', act: ({ episode }) => odd[episode % odd.length] as TurnAnswer });
    for (const { steps, index } of records) {
      expect(steps.every(({ step_ok }) => !step_ok)).toBe(true);
      expect(steps.map(answerOf)).toEqual(steps.map(() => ({ action_type: 'do_nothing', ...Object(odd[index % 3]) })));
    }
    const [record] = await play({ name: 'mine', act: () => ({ action: {}, metadata: { big: 10n } }) });
    expect(record?.steps[0]?.extra_json).toContain('JSON cannot hold');
    expect(record?.steps[0]?.step_ok).toBe(true);
  });
});

describe('the metadata of an episode', () => {
  const metadata = { turns: 3, note: '\ud800 "\u2028', list: [{ two: null }] };
  const wait = (): TurnAnswer => ({});

  test.each<[string, EpisodeActor['end'], string | null]>([
    ['those that `end` returns', () => ({ metadata }), JSON.stringify({ metadata })],
    ['those of a promise', async () => ({ metadata }), JSON.stringify({ metadata })],
    ['none', () => {}, null],
    ['none, if it returns something else', () => ({ metadata: 7 }) as never, null],
  ])('%s are in its record', async (_, end, expected) => {
    const records = await play({ name: 'mine', start: () => ({ act: wait, ...(end && { end }) }) });
    expect(records.map(({ extra_json }) => extra_json)).toEqual(records.map(() => expected));
  });

  test('survive verify, replay and regrade', async () => {
    const out = join(folder, 'notes');
    const policy: Policy = { name: 'mine', start: (seed) => ({ act: wait, end: () => ({ metadata: { seed } }) }) };
    await runRollout({ plan: { ...PLAN, policy: 'mine' }, policy, out, workers: 0, numEnvs: 3 });
    expect(await verifyRun(out)).toMatchObject({ differing: 0, reproduced: PLAN.episodes });
    const notesIn = async (path: string): Promise<unknown[]> => {
      const notes: unknown[] = [];
      for await (const { extra_json } of readEpisodes(path)) notes.push(JSON.parse(extra_json ?? 'null'));
      return notes;
    };
    const notes = await notesIn(out);
    expect(new Set(notes.map((one) => JSON.stringify(one))).size).toBe(PLAN.episodes);
    const again = join(folder, 'notes-replayed');
    const replay = await loadPolicy(`replay:${join(out, TRAJECTORIES)}`);
    await runRollout({ plan: { ...PLAN, policy: 'mine' }, policy: replay, out: again, workers: 0, numEnvs: 3 });
    expect(await notesIn(again)).toEqual(notes);
    await regradeRun(out, `${out}-regraded`);
    expect(await notesIn(`${out}-regraded`)).toEqual(notes);
  });
});

describe('the episodes', () => {
  test('go on while one of them waits, and are recorded in the order of the plan', async () => {
    let others = 0;
    let letGo = (): void => undefined;
    const go = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const ends = new Set<number>();
    const act = async ({ episode, observation }: PolicyTurn): Promise<TurnAnswer> => {
      if (episode === 0) await go;
      else if (observation.steps_left === 1) ends.add(episode);
      if (ends.size === PLAN.episodes - 1) letGo();
      if (episode !== 0) others++;
      return {};
    };
    const records = await play({ name: 'mine', act }, { numEnvs: 2 });
    expect(records.map(({ index }) => index)).toEqual(records.map((_, index) => index));
    expect(others).toBe(records.slice(1).reduce((sum, { length }) => sum + length, 0));
  });

  test('begin only while those that wait for an earlier one are not too long', async () => {
    const long = 'x'.repeat(10_000_000);
    const begun = new Set<number>();
    let isFull = (): void => undefined;
    const full = new Promise<void>((resolve) => {
      isFull = resolve;
    });
    const act = async ({ episode }: PolicyTurn): Promise<TurnAnswer> => {
      begun.add(episode);
      if (episode > 0) return long;
      // After 50 turns of the event loop in which no episode begins, none can.
      for (let turn = 0, seen = 0; turn < 50; turn++, seen = begun.size) {
        await new Promise(setImmediate);
        if (begun.size !== seen) turn = 0;
      }
      isFull();
      return {};
    };
    const records = play({ name: 'mine', act }, { numEnvs: 2 });
    await full;
    const before = begun.size;
    expect(before).toBeGreaterThan(2);
    expect(before).toBeLessThan(PLAN.episodes);
    expect(await records).toHaveLength(PLAN.episodes);
  });
});

describe('actBatch', () => {
  test('is called with all turns that have come up, one call at a time', async () => {
    const sizes: number[] = [];
    let active = 0;
    const actBatch = async (turns: readonly PolicyTurn[]): Promise<TurnAnswer[]> => {
      expect(++active).toBe(1);
      sizes.push(turns.length);
      await new Promise(setImmediate);
      active--;
      return turns.map(({ observation }) => ({
        action_type: observation.step % 2 === 0 ? 'do_nothing' : 'archive_email',
      }));
    };
    const records = await play({ name: 'mine', actBatch }, { numEnvs: 6 });
    expect(sizes[0]).toBe(6);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(records.reduce((sum, { length }) => sum + length, 0));
    const act = ({ observation }: PolicyTurn): TurnAnswer => ({
      action_type: observation.step % 2 === 0 ? 'do_nothing' : 'archive_email',
    });
    expect(records).toEqual(await play({ name: 'mine', act }));
  });

  test.each([
    ['that throws', () => Promise.reject(new Error('no network')), 'the policy failed: no network'],
    ['with too few answers', () => [], /^the policy failed: expected \d results, .* got 0$/],
  ])('%s fails the episodes of the call, and the others go on', async (_, fail, error) => {
    let calls = 0;
    const actBatch = (turns: readonly PolicyTurn[]): TurnAnswer[] | Promise<TurnAnswer[]> =>
      ++calls === 3 ? fail() : turns.map(() => ({}));
    const records = await play({ name: 'mine', actBatch }, { numEnvs: 3 });
    const failed = records.filter(({ status }) => status === 'failed');
    expect(failed.map(({ index, length }) => [index, length])).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
    ]);
    for (const record of failed) expect(record.error).toMatch(error);
    expect(records).toHaveLength(PLAN.episodes);
  });
});

describe('a policy of a module', () => {
  const write = (name: string, source: string): string => {
    writeFileSync(join(folder, name), source);
    return join(folder, name);
  };
  const start = `export default { start: (seed) => { let step = 0; return { act: () => ({
    action: { action_type: 'archive_email', email_id: 'e0' + (seed + step++) % 9 }, metadata: { step } }) }; } };`;

  test.each([
    ['act', 'export default { act: ({ messages }) => JSON.stringify({ n: messages.length }) };'],
    ['a function', 'export default async ({ task }) => ({ message: task });'],
    ['start', start],
    ['actBatch', 'export default { actBatch: (turns) => turns.map(() => ({})) };'],
  ])('%s: plays in process and with workers, the same bytes, which verify', async (name, source) => {
    const path = write(`${name.replace(' ', '-')}.mjs`, source);
    const run = async (workers: number): Promise<string> => {
      const out = join(folder, `${name}-${workers}`);
      const { summaries } = await runRollout({
        plan: { ...PLAN, policy: path },
        out,
        workers,
        numEnvs: 5,
        resume: false,
      });
      expect(summaries.map(({ status, policy }) => [status, policy])).toEqual(summaries.map(() => ['complete', path]));
      return join(out, TRAJECTORIES);
    };
    const [here, there] = [await run(0), await run(2)];
    expect(readFileSync(there, 'utf8')).toBe(readFileSync(here, 'utf8'));
    expect(await verifyRollout(here)).toMatchObject({ differing: 0 });
  });

  test('is refused if it is not there, cannot be loaded, or exports no policy', async () => {
    await expect(loadPolicy('./nowhere.mjs')).rejects.toThrow('there is no module ./nowhere.mjs with a policy');
    const broken = write('broken.mjs', 'export default {');
    await expect(loadPolicy(broken)).rejects.toThrow(`the module ${broken} of the policy cannot be loaded: `);
    const empty = write('empty.mjs', 'export const act = 1; export default { act };');
    await expect(loadPolicy(empty)).rejects.toMatchObject({ code: 'BAD_POLICY' });
    await expect(loadPolicy('clever')).rejects.toThrow(
      'there is no policy "clever"; known: do_nothing, random, greedy, oracle, exec:COMMAND, replay:FILE, or the path of a module, such as ./mine.mjs',
    );
  });

  test('on the command line: failed episodes are reported and exit with 1, and resume loads the module again', async () => {
    const source = `export default ({ episode }) => { if (episode === 2) throw new Error('no answer'); return {}; };`;
    const path = relative(process.cwd(), write('failing.mjs', source));
    const out = join(folder, 'command');
    const args = ['rollout', '--tasks', 'phase2_core', '--episodes', '4', '--group-size', '2', '--out', out];
    const { code, err } = await ghostexec([...args, '--policy', path, '--workers', '1', '--num-envs', '3']);
    expect(err).toContain('ghostexec: 1 of 4 episodes failed; the first, g000001-000: the policy failed: no answer');
    expect(code).toBe(1);
    const text = readFileSync(join(out, TRAJECTORIES), 'utf8');
    const lines = text.split('\n').slice(0, -1);
    expect(lines.map((line) => episodeRecordSchema.parse(JSON.parse(line)).status)).toEqual([
      ...['complete', 'complete', 'failed', 'complete'],
    ]);
    writeFileSync(join(out, TRAJECTORIES), `${lines.slice(0, 1).join('\n')}\n`);
    expect((await ghostexec(['rollout', '--out', out, '--resume'])).code).toBe(1);
    expect(readFileSync(join(out, TRAJECTORIES), 'utf8')).toBe(text);
    expect((await ghostexec([...args, '--policy', 'clever'])).code).toBe(2);
  });
});
