/** Runs for testing reports. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordAnswer } from '../../src/records/line-writer.ts';
import type { EpisodeRecord } from '../../src/records/schema.ts';
import { runRollout } from '../../src/rollout/run.ts';
import { emptyBreakdown } from '../../src/sim/breakdown.ts';

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'ghostexec-report-'));

type Asked = {
  policy?: string;
  rules?: 'v1' | 'v2';
  rewardMode?: 'full' | 'base';
  observations?: 'all' | 'none';
  episodes?: number;
};

/** Plays a small run; returns its folder. */
export async function playRun(asked: Asked = {}): Promise<string> {
  const { policy = 'random', rules = 'v2', rewardMode = 'full', observations = 'none', episodes = 24 } = asked;
  const out = newFolder();
  await runRollout({
    plan: {
      tasks: ['phase2_core', 'monday_morning', 'dinner_disaster'],
      policy,
      episodes,
      groupSize: 4,
      seed: 7,
      rules,
      rewardMode,
      observations,
    },
    out,
    workers: 0,
    numEnvs: 4,
    resume: false,
  });
  return out;
}

export function recordsOf(folder: string): EpisodeRecord[] {
  return readFileSync(join(folder, 'trajectories.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** A folder with these lines as its trajectories and no manifest. */
export function folderOf(lines: readonly (EpisodeRecord | string)[]): string {
  const folder = newFolder();
  const texts = lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`));
  writeFileSync(join(folder, 'trajectories.jsonl'), texts.join(''));
  return folder;
}

/** Name to text of every file in a folder. */
export function filesIn(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

/** Text that tries to break out of every context in a page. */
export const MARKUP = `"><script>document.title='owned'</script><img src=x onerror="document.title='owned'">&amp;'<svg data-chart="returns"></svg><style></style>\u0007`;

/** An episode with markup in every text. */
export function hostileRecord(index: number): EpisodeRecord {
  const text = (name: string): string => `${name} ${MARKUP}`;
  const failed = index === 3;
  return {
    episode_id: text(`episode ${index}`),
    group_id: text('group'),
    index,
    task_id: text('task'),
    seed: 1,
    policy_seed: index,
    rules: text('rules'),
    edition: 1,
    prompt_sha256: null,
    reward_mode: text('mode'),
    policy: text('policy'),
    status: failed ? 'failed' : 'complete',
    failure: failed ? 'policy' : null,
    error: failed ? text('failure') : null,
    return: failed ? null : index,
    grade: failed ? null : 0.5,
    grade_parts: null,
    success: null,
    success_grade: 0.8,
    length: 3,
    invalid_steps: 2,
    extra_json: null,
    advantage: failed ? null : index - 1,
    steps: [
      { action_type: 'reply_email', email_id: text('id'), message_body: text('body'), channel: 'text' },
      text('completion'),
      { action_type: text('type') },
    ].map((answer, step) => ({
      observation: text('briefing'),
      ...recordAnswer(answer),
      reward: index / 3,
      reward_breakdown: { ...emptyBreakdown(), output_scale: 10, weighted_base: index / 3, final: index / 3 },
      terminated: false,
      truncated: step === 2,
      step_ok: step === 0,
      error: step === 0 ? null : text('error'),
    })),
  };
}
