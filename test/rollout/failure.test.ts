/** What happens when a policy fails its episode in a certain way, or ends the run; and what it learns when its episode is over. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type EpisodeOutcome,
  type EpisodeRecord,
  type Policy,
  PolicyFailure,
  type PolicyTurn,
  RunHalted,
  type RunResult,
  readEpisodes,
  runRollout,
  type TurnAnswer,
  verifyRun,
} from '../../src/index.ts';
import { MANIFEST, TRAJECTORIES } from '../../src/rollout/run.ts';

const root = mkdtempSync(join(tmpdir(), 'ghostexec-failure-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newFolder = (): string => join(mkdtempSync(join(root, 'run-')), 'out');

const PLAN = { tasks: ['phase2_core'], episodes: 8, groupSize: 4, seed: 1 };

type Act = (turn: PolicyTurn) => TurnAnswer;

const run = (act: Act, out: string, resume = false): Promise<RunResult> =>
  runRollout({ plan: PLAN, policy: { name: 'mine', act }, out, workers: 0, numEnvs: 3, resume });

const wait: Act = () => ({ action_type: 'do_nothing' });
const lines = (out: string): string => readFileSync(join(out, TRAJECTORIES), 'utf8');

async function recordsIn(out: string): Promise<EpisodeRecord[]> {
  const records: EpisodeRecord[] = [];
  for await (const record of readEpisodes(out)) records.push(record);
  return records;
}

/** Fails the episodes at their second step. */
function failing(kind: 'infrastructure' | 'content_filter', ...episodes: number[]): Act {
  return (turn) => {
    if (episodes.includes(turn.episode) && turn.step === 1) throw new PolicyFailure(kind, 'no answer');
    return wait(turn);
  };
}

describe('an episode that its policy fails', () => {
  test('has the kind of failure, and no return or grade', async () => {
    const out = newFolder();
    await run(failing('content_filter', 2), out);
    const [first, , third] = await recordsIn(out);
    expect(first).toMatchObject({ status: 'complete', failure: null, error: null });
    expect(third).toMatchObject({ status: 'failed', failure: 'content_filter', return: null, grade: null, length: 1 });
    expect(third?.error).toBe('the policy failed: no answer');
    expect(await verifyRun(out)).toMatchObject({ differing: 0 });
  });

  test('by another error is recorded as a failure of the policy', async () => {
    const out = newFolder();
    await run((turn) => {
      if (turn.episode === 1) throw new TypeError('a bug');
      return wait(turn);
    }, out);
    expect((await recordsIn(out))[1]).toMatchObject({ failure: 'policy', error: 'the policy failed: a bug' });
  });
});

describe('resuming', () => {
  test('plays episodes that failed by infrastructure again, with the bytes of a run without failures', async () => {
    const [whole, out] = [newFolder(), newFolder()];
    await run(wait, whole);
    const { manifest } = await run(failing('infrastructure', 2, 5), out);
    expect(manifest.status).toBe('complete');
    const again: number[] = [];
    const { resumed } = await run(
      (turn) => {
        again.push(turn.episode);
        return wait(turn);
      },
      out,
      true,
    );
    expect(resumed).toBe(2);
    expect(new Set(again)).toEqual(new Set([2, 3, 4, 5, 6, 7]));
    expect(lines(out)).toBe(lines(whole));
  });

  test('keeps episodes that failed in another way', async () => {
    const out = newFolder();
    await run(failing('content_filter', 2), out);
    const before = lines(out);
    await run(wait, out, true);
    expect(lines(out)).toBe(before);
  });
});

test('a policy ends the run: the episodes before are kept, and resuming plays the rest', async () => {
  const [whole, out] = [newFolder(), newFolder()];
  await run(wait, whole);
  const halted = run((turn) => {
    if (turn.episode === 5) throw new RunHalted('the money is spent');
    return wait(turn);
  }, out);
  await expect(halted).rejects.toThrow('the money is spent');
  expect(JSON.parse(readFileSync(join(out, MANIFEST), 'utf8')).status).toBe('interrupted');
  expect((await recordsIn(out)).length).toBeLessThanOrEqual(5);
  await run(wait, out, true);
  expect(lines(out)).toBe(lines(whole));
});

describe('the end of an episode', () => {
  test('is reported to its actor once, with the grade or the error', async () => {
    const ends: EpisodeOutcome[] = [];
    const policy: Policy = {
      name: 'mine',
      start: () => ({ act: failing('content_filter', 1), end: (outcome) => void ends.push(outcome) }),
    };
    const out = newFolder();
    await runRollout({ plan: PLAN, policy, out, workers: 0, numEnvs: 3 });
    const expected = (await recordsIn(out)).map(({ episode_id, grade, return: sum, error }) => {
      return { episodeId: episode_id, grade, return: sum, error };
    });
    expect(ends.toSorted((a, b) => a.episodeId.localeCompare(b.episodeId))).toEqual(expected);
    expect(expected[1]).toEqual({
      episodeId: 'g000000-001',
      grade: null,
      return: null,
      error: 'the policy failed: no answer',
    });
  });

  test('fails the episode if the actor throws', async () => {
    const policy: Policy = {
      name: 'mine',
      start: () => ({
        act: wait,
        end: ({ episodeId }) => {
          if (episodeId === 'g000000-001') throw new Error('cannot say goodbye');
        },
      }),
    };
    const out = newFolder();
    await runRollout({ plan: PLAN, policy, out, workers: 0, numEnvs: 3 });
    const records = await recordsIn(out);
    expect(records.map(({ status }) => status)).toEqual(records.map((_, i) => (i === 1 ? 'failed' : 'complete')));
    expect(records[1]).toMatchObject({
      failure: 'policy',
      error: 'the policy failed: cannot say goodbye',
      return: null,
    });
  });
});
