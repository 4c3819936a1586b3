import { appendFileSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordAnswer, writtenEpisode } from '../../src/records/line-writer.ts';
import { type EpisodeRecord, episodeRecordSchema } from '../../src/records/schema.ts';
import { groupAdvantages, TrajectoryFile } from '../../src/records/trajectory-file.ts';
import { emptyBreakdown } from '../../src/sim/breakdown.ts';

const GROUP = 4;
const EPISODES = 12;

function record(index: number): EpisodeRecord {
  return {
    episode_id: `e${index}`,
    group_id: `g${Math.floor(index / GROUP)}`,
    index,
    task_id: 'a task with "advantage": and ,"steps": in its name',
    seed: 2 ** 53 - 1 - index,
    policy_seed: index,
    rules: 'v1',
    edition: 1,
    prompt_sha256: null,
    reward_mode: 'full',
    policy: 'random',
    status: 'complete',
    failure: null,
    error: null,
    return: Math.sin(index) * 10,
    grade: 0.5,
    grade_parts: null,
    success: null,
    success_grade: 0.8,
    length: 1,
    invalid_steps: 0,
    extra_json: null,
    advantage: null,
    steps: [
      {
        observation: `line one\nline two, naïve ☕ ${index}`,
        ...recordAnswer({ action_type: 'do_nothing' }),
        reward: Math.sin(index),
        reward_breakdown: emptyBreakdown(),
        terminated: false,
        truncated: true,
        step_ok: true,
        error: null,
      },
    ],
  };
}

const newPath = (): string => join(mkdtempSync(join(tmpdir(), 'ghostexec-')), 'trajectories.jsonl');

function append(file: TrajectoryFile, index: number): void {
  const { steps, ...summary } = record(index);
  file.append(writtenEpisode({ ...summary, steps }));
}

function write(order: readonly number[]): Buffer {
  const path = newPath();
  const file = TrajectoryFile.create(path, GROUP);
  for (const index of order) append(file, index);
  file.close();
  return readFileSync(path);
}

const inOrder = Array.from({ length: EPISODES }, (_, index) => index);
const whole = write(inOrder);

test('every line is a record, in order, with the advantage in its group', () => {
  const lines = whole.toString().trimEnd().split('\n');
  const records = lines.map((line) => episodeRecordSchema.parse(JSON.parse(line)));
  expect(records.map(({ index }) => index)).toEqual(inOrder);
  const expected = [0, 1, 2].flatMap((group) =>
    groupAdvantages(records.slice(group * GROUP, (group + 1) * GROUP).map((one) => one.return)),
  );
  expect(records.map(({ advantage }) => advantage)).toEqual(expected);
  expect(records.map((one) => ({ ...one, advantage: null }))).toEqual(inOrder.map(record));
});

test('the advantages of a group are filled in when its last line is written', () => {
  const path = newPath();
  const file = TrajectoryFile.create(path, GROUP);
  const lines = (): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);
  for (const index of [0, 1, 2]) append(file, index);
  expect(lines()).toHaveLength(3);
  expect(JSON.parse(lines()[0] ?? '').advantage).toBeNull();
  append(file, 3);
  expect(JSON.parse(lines()[0] ?? '').advantage).not.toBeNull();
  file.close();
});

test('a file that was cut at any point is finished with the same bytes', async () => {
  for (let length = 0; length <= whole.length; length += 97) {
    const path = newPath();
    writeFileSync(path, whole);
    truncateSync(path, length);
    const file = await TrajectoryFile.resume(path, GROUP);
    expect(file.count).toBe(whole.subarray(0, length).toString('latin1').split('\n').length - 1);
    for (let index = file.count; index < EPISODES; index++) append(file, index);
    file.close();
    expect(readFileSync(path).equals(whole)).toBe(true);
  }
});

test('an advantage that was not filled in before the process ended is filled in by the resumed run', async () => {
  const path = newPath();
  const blank = whole
    .toString()
    .replace(/"advantage":-?[\d.e-]+ */g, (field) => '"advantage":null'.padEnd(field.length));
  expect(blank).toContain('"advantage":null');
  writeFileSync(path, blank);
  (await TrajectoryFile.resume(path, GROUP)).close();
  expect(readFileSync(path).equals(whole)).toBe(true);
});

test('an advantage that was only half written is filled in again by the resumed run', async () => {
  const text = whole.toString('latin1');
  const at = text.indexOf('"advantage":-') + '"advantage":'.length;
  const fields = ['-0ull', '-0.3ll', '12', 'null', '-'].map((half) => half.padEnd(25));
  for (const field of fields) {
    const path = newPath();
    writeFileSync(path, Buffer.from(text.slice(0, at) + field + text.slice(at + field.length), 'latin1'));
    (await TrajectoryFile.resume(path, GROUP)).close();
    expect(readFileSync(path).equals(whole)).toBe(true);
  }
});

test('lines of another run are refused', async () => {
  const path = newPath();
  writeFileSync(path, whole);
  appendFileSync(path, `${JSON.stringify({ hello: 1 })}\n`);
  await expect(TrajectoryFile.resume(path, GROUP)).rejects.toThrow(/line 13 .* not one of this run's/);
  writeFileSync(path, whole.subarray(whole.indexOf('\n') + 1));
  await expect(TrajectoryFile.resume(path, GROUP)).rejects.toThrow(/expected episode 0, found 1/);
});
