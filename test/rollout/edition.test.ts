/**
 * Runs, records and plans of the first edition of rules v2 are refused, and the message says what to do. Rules v1 have one edition.
 * A run of another system prompt is not resumed.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { verifyRun } from '../../src/analysis/verify-run.ts';
import { Trace } from '../../src/records/index/trace.ts';
import { episodeRecordSchema } from '../../src/records/schema.ts';
import { writeReport } from '../../src/report/report.ts';
import { readRunManifest } from '../../src/rollout/manifest.ts';
import { mergeShards } from '../../src/rollout/merge.ts';
import { readEpisodes } from '../../src/rollout/read-run.ts';
import { MANIFEST, type RunOptions, runRollout, TRAJECTORIES } from '../../src/rollout/run.ts';
import { readOracle } from '../../src/scenarios/files.ts';
import { loadFiles, packagePath } from '../../src/scenarios/shipped.ts';
import { filesNamed } from '../../src/scenarios/source.ts';
import { PROMPT_SHA256 } from '../../src/sim/v2/prompt.ts';
import { cli } from '../support/cli.ts';
import { episode, linesOf, MemorySource } from './traces-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-edition-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newFolder = (): string => join(mkdtempSync(join(folder, 'run-')), 'run');

type Rules = 'v1' | 'v2';

async function play(rules: Rules, options: Partial<RunOptions> = {}): Promise<string> {
  const plan = { tasks: ['phase2_core'], policy: 'random', episodes: 4, groupSize: 2, rules };
  const { out = newFolder() } = options;
  await runRollout({ plan, workers: 0, numEnvs: 1, ...options, out });
  return out;
}

/** Replaces the edition in a file, `"edition":2,` or `"edition": 2,`; by default removes it, as the first edition wrote no such field. */
function date(path: string, edition = ''): void {
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(/"edition": ?\d+,/g, edition);
  expect(changed).not.toBe(text);
  writeFileSync(path, changed);
}

const OLD =
  'it is of edition 1 of rules v2; expected edition 2; play the run again, or read it with the version of Ghostexec';
const OLD_MANIFEST = `${MANIFEST} is of edition 1 of rules v2; expected edition 2; play the run again in another directory`;

test.each([
  ['v1', 1, null],
  ['v2', 2, PROMPT_SHA256],
] as const)(
  'every record and the manifest of a run under rules %s carry edition %i and prompt',
  async (rules, ...both) => {
    const [edition, prompt_sha256] = both;
    const out = await play(rules);
    for await (const record of readEpisodes(out)) expect(record).toMatchObject({ edition, prompt_sha256 });
    expect(readRunManifest(join(out, MANIFEST))).toMatchObject({ edition, prompt_sha256 });
    expect(await verifyRun(out)).toMatchObject({ reproduced: 4, differing: 0 });
  },
);

describe('a record', () => {
  const { edition: _, ...undated } = episode(0);

  test.each<[string, object, number]>([
    ['without an edition', undated, 1],
    ['of the first edition', episode(0, { edition: 1 }), 1],
    ['of a later edition', episode(0, { edition: 3 }), 3],
  ])('%s is refused under rules v2, wherever it is read', async (_what, record, edition) => {
    const why = OLD.replace('edition 1', `edition ${edition}`);
    const { error } = episodeRecordSchema.safeParse(record);
    expect(error?.issues).toMatchObject([{ path: ['edition'], message: expect.stringContaining(why) }]);
    const path = join(mkdtempSync(join(folder, 'file-')), TRAJECTORIES);
    writeFileSync(path, linesOf([episode(1), record]));
    const episodes = readEpisodes(path);
    expect((await episodes.next()).value).toEqual(episode(1));
    await expect(episodes.next()).rejects.toThrow(`line 2 of ${path} is not a record: ${why}`);
    const trace = new Trace(new MemorySource(linesOf([episode(1), record])));
    await trace.index();
    expect(trace.progress).toMatchObject({
      episodes: 1,
      damaged: { count: 1, first: [{ line: 2, why: expect.stringContaining(why) }] },
    });
  });

  test('under rules v1 is of the first edition if it lacks one', () => {
    const record = { ...undated, rules: 'v1' };
    expect(episodeRecordSchema.parse(record)).toEqual(episode(0, { rules: 'v1', edition: 1 }));
  });

  test('with something else for an edition is not a record', async () => {
    const trace = new Trace(new MemorySource(linesOf([{ ...undated, edition: '2' }])));
    await trace.index();
    expect(trace.progress.damaged.first[0]?.why).toBe('it is not a record: edition: expected number, got "2"');
  });
});

describe('a run of the first edition', () => {
  const dated = async (options?: Partial<RunOptions>): Promise<string> => {
    const out = await play('v2', options);
    for (const name of [TRAJECTORIES, MANIFEST]) date(join(out, name));
    return out;
  };

  test('is not resumed, with or without its manifest', async () => {
    const out = await dated();
    const before = readFileSync(join(out, TRAJECTORIES));
    await expect(play('v2', { out, resume: true })).rejects.toThrow(OLD_MANIFEST);
    expect(await cli(['rollout', '--out', out, '--resume'])).toMatchObject({
      code: 1,
      err: expect.stringContaining(OLD_MANIFEST),
    });
    rmSync(join(out, MANIFEST));
    await expect(play('v2', { out, resume: true })).rejects.toThrow(`not one of this run's: ${OLD}`);
    expect(readFileSync(join(out, TRAJECTORIES)).equals(before)).toBe(true);
  });

  test('is not merged', async () => {
    const shards = [1, 2].map((index) => dated({ shard: { index, of: 2 } }));
    await expect(mergeShards(await Promise.all(shards), newFolder())).rejects.toThrow(OLD_MANIFEST);
  });

  test('has no record that verify or a report could use, and both say so', async () => {
    const out = await dated();
    const { differences, ...counted } = await verifyRun(out);
    expect(counted).toMatchObject({ episodes: 0, damaged: 4 });
    expect(differences).toHaveLength(5);
    expect(differences[0]?.actual).toContain(OLD_MANIFEST);
    for (const { actual } of differences.slice(1)) expect(actual).toContain(OLD);
    const { written, ...counts } = await writeReport(join(out, TRAJECTORIES), newFolder());
    expect(counts).toEqual({ episodes: 0, failed: 0, damaged: 4 });
    const page = readFileSync(written[0] ?? '', 'utf8');
    expect(page).toContain(OLD);
    expect(page).toContain('is of edition 1 of rules v2');
  });

  test('under rules v1 is resumed and verified', async () => {
    const out = await play('v1');
    for (const name of [TRAJECTORIES, MANIFEST]) date(join(out, name));
    await play('v1', { out, resume: true });
    expect(await verifyRun(out)).toMatchObject({ reproduced: 4, differing: 0 });
  });
});

describe('a run of another system prompt', () => {
  const OTHER = '0'.repeat(64);

  /** Replaces the hash of the prompt in files of a run. */
  async function prompted(files: readonly string[], options?: Partial<RunOptions>): Promise<string> {
    const out = await play('v2', options);
    for (const name of files) {
      const text = readFileSync(join(out, name), 'utf8');
      expect(text).toContain(PROMPT_SHA256);
      writeFileSync(join(out, name), text.replaceAll(PROMPT_SHA256, OTHER));
    }
    return out;
  }

  test('is not resumed, and its file stays', async () => {
    const out = await prompted([TRAJECTORIES, MANIFEST]);
    const before = readFileSync(join(out, TRAJECTORIES));
    await expect(play('v2', { out, resume: true })).rejects.toThrow(
      new RegExp(
        `the directory holds another run: its prompt_sha256 is .*${OTHER}.*, this one's is .*${PROMPT_SHA256}`,
      ),
    );
    expect(readFileSync(join(out, TRAJECTORIES)).equals(before)).toBe(true);
  });

  test('is not merged with others', async () => {
    const first = await prompted([TRAJECTORIES, MANIFEST], { shard: { index: 1, of: 2 } });
    const second = await play('v2', { shard: { index: 2, of: 2 } });
    await expect(mergeShards([first, second], newFolder())).rejects.toThrow('their prompt_sha256 is');
  });

  test('is verified: its episodes play alike', async () => {
    expect(await verifyRun(await prompted([TRAJECTORIES, MANIFEST]))).toMatchObject({ reproduced: 4, differing: 0 });
  });

  test('has records of that prompt, or they differ', async () => {
    const { differences } = await verifyRun(await prompted([TRAJECTORIES]));
    expect(differences).toHaveLength(4);
    expect(differences[0]).toMatchObject({ field: 'prompt_sha256', expected: OTHER, actual: PROMPT_SHA256 });
  });
});

test('a plan of the first edition is left out with a warning, and solve replaces it', async () => {
  const day = join(folder, 'day.json');
  copyFileSync(packagePath('scenarios/phase2_core.json'), day);
  const solve = ['solve', day, '--beam', '2', '--max-expansions', '300'];
  expect((await cli(solve)).code).toBe(0);
  const path = join(folder, 'day.oracle.json');
  const plan = readFileSync(path, 'utf8');
  expect(JSON.parse(plan)).toMatchObject({ rules: 'v2', edition: 2 });
  expect(loadFiles(filesNamed(day)).oracle).toBe(JSON.parse(plan).v_oracle);

  const why = `${path} is of edition 1 of rules v2; expected edition 2; solve the task again (ghostexec solve TASK)`;
  for (const edition of ['', '"edition": 1,']) {
    writeFileSync(path, plan);
    date(path, edition);
    expect(() => readOracle(path)).toThrow(why);
  }
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  expect(loadFiles(filesNamed(day)).oracle).toBeUndefined();
  expect(warned).toHaveBeenCalledWith(expect.stringContaining(why));
  expect(await cli(['solve', day, '--check'])).toMatchObject({ code: 1, out: expect.stringContaining(why) });
  expect((await cli(solve)).code).toBe(0);
  expect(readFileSync(path, 'utf8')).toBe(plan);
});
