/** Properties of a report: the same bytes for the same run, escaped text, stories that agree with the records. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RecordedSpecs } from '../../src/analysis/replay.ts';
import type { EpisodeRecord } from '../../src/records/schema.ts';
import { writeReport } from '../../src/report/report.ts';
import { MAX_STEPS_TOLD, tellStory } from '../../src/report/stories.ts';
import { cli, type Ran } from '../support/cli.ts';
import { filesIn, folderOf, hostileRecord, newFolder, playRun, recordsOf } from './support.ts';

const run = (...args: string[]): Promise<Ran> => cli(['report', ...args]);

async function pageOf(folder: string): Promise<string> {
  const out = newFolder();
  await writeReport(join(folder, 'trajectories.jsonl'), out);
  return filesIn(out)['report.html'] ?? '';
}

describe('a report', () => {
  const played = playRun();

  test('is the same bytes each time, also by the command', async () => {
    const folder = await played;
    const [one, two] = [newFolder(), newFolder()];
    await writeReport(join(folder, 'trajectories.jsonl'), one);
    await writeReport(join(folder, 'trajectories.jsonl'), two);
    const files = filesIn(one);
    expect(Object.keys(files)).toEqual([
      'advantages.svg',
      'channels.svg',
      'course-01.svg',
      'course-02.svg',
      'course-03.svg',
      'grades.svg',
      'groups.svg',
      'invalid.svg',
      'report.html',
      'returns.svg',
      'tasks.svg',
    ]);
    expect(filesIn(two)).toEqual(files);
    const { code, out } = await run(folder);
    expect(code).toBe(0);
    expect(filesIn(join(folder, 'report'))).toEqual(files);
    for (const name of Object.keys(files)) expect(out).toContain(join(folder, 'report', name));
  });

  test('says what was run, by which policy, and makes no requests', async () => {
    const page = await pageOf(await played);
    for (const text of ['random on 3 tasks', 'phase2_core', 'groups of 4', 'deriveSeed(root, 1, group)']) {
      expect(page).toContain(text);
    }
    expect(page).toContain('default-src &#39;none&#39;'.replaceAll('&#39;', "'"));
    expect(page).not.toMatch(/<script|<link|<iframe|https?:\/\/(?!www\.w3\.org\/)/);
    expect(page.match(/<svg /g)).toHaveLength(10);
    expect(page).not.toContain('data-chart');
  });

  test('compares with other policies, and names the value in the most frequent reason', async () => {
    const page = await pageOf(await played);
    expect(page).toContain('For comparison: grade and return of other policies');
    expect(page).toMatch(/0\.010, −\d\.\d\d<\/td>/);
    expect(page).toContain('mean ± 95 % interval');
    const [record] = recordsOf(await played);
    const steps = (record?.steps ?? []).map((step) => ({
      ...step,
      step_ok: false,
      error: 'there is no contact "Zed"',
    }));
    const failing = await pageOf(folderOf([{ ...(record as EpisodeRecord), steps }]));
    expect(failing).toMatch(/\d+ % of them, for example: there is no contact &quot;Zed&quot;\./);
    expect(failing).toContain('>there is no contact &quot;…&quot;</td>');
  });

  test('says of each obligation how often it was met, late and missed, and why', async () => {
    const page = await pageOf(await played);
    expect(page).toContain('phase2_core: all complete episodes, most points lost first');
    expect(page).toContain('<th scope="row">reply:e01</th>');
    expect(page).toMatch(/no answer by 10:30 \(\d+ %\)/);
    expect(page).toContain('Missed: not done, or done in part or wrongly.');
    expect(page).toContain('V is what the day is worth');
  });

  test('draws every chart with a title and a description', async () => {
    const out = newFolder();
    await writeReport(join(await played, 'trajectories.jsonl'), out);
    for (const [name, svg] of Object.entries(filesIn(out))) {
      if (!name.endsWith('.svg')) continue;
      expect(svg).toMatch(
        /^<svg [^>]*role="img"[^>]*><title id="[\w-]+">[^<]+<\/title><desc id="[\w-]+">[^<]+<\/desc>/,
      );
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});

describe.each([
  { rules: 'v1', observations: 'all' },
  { rules: 'v2', observations: 'none' },
  { rules: 'v2', observations: 'all' },
] as const)('stories under rules $rules with observations $observations', (asked) => {
  test('agree with the records, and their reasons with the rewards', async () => {
    const records = recordsOf(await playRun({ ...asked, episodes: 12 }));
    const specs = new RecordedSpecs();
    for (const record of records) {
      const story = tellStory(record, specs);
      expect(story.unreplayed).toBeUndefined();
      expect(story.steps.at(-1)?.total).toBeCloseTo(record.return ?? Number.NaN, 9);
      story.steps.forEach(({ reward, reasons, time, ok }, index) => {
        expect(reward).toBe(record.steps[index]?.reward);
        expect(ok).toBe(record.steps[index]?.step_ok);
        expect(time).toMatch(/^\d\d:\d\d$/);
        expect(reasons.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(reward, 9);
      });
      expect(story.grade.length > 0).toBe(asked.rules === 'v2');
    }
  });
});

describe('a story', () => {
  test('that the replay contradicts comes from the record alone, and says so', async () => {
    const [record] = recordsOf(await playRun({ episodes: 4 }));
    if (record === undefined) throw new Error('there is one');
    const steps = record.steps.map((step, index) => (index === 1 ? { ...step, reward: step.reward + 1 } : step));
    const changed: EpisodeRecord = { ...record, steps };
    const story = tellStory(changed, new RecordedSpecs());
    expect(story.unreplayed).toMatch(/^step 2, when replayed, has a reward of /);
    expect(story.steps.map(({ time }) => time)).toEqual(steps.map(() => undefined));
    expect(await pageOf(folderOf([changed]))).toContain('From the record alone');
    expect(tellStory({ ...record, task_id: 'no_such_day' }, new RecordedSpecs()).unreplayed).toContain('no_such_day');
    expect(tellStory({ ...record, rules: 'v9' }, new RecordedSpecs()).unreplayed).toContain('v9');
  });

  test('of a very long episode is cut at the limit', async () => {
    const [record] = recordsOf(await playRun({ episodes: 4 }));
    const [step] = record?.steps ?? [];
    if (record === undefined || step === undefined) throw new Error('there is one');
    const story = tellStory({ ...record, steps: Array.from({ length: 500 }, () => step) }, new RecordedSpecs());
    expect([story.steps.length, story.more]).toEqual([MAX_STEPS_TOLD, 500 - MAX_STEPS_TOLD]);
  });
});

test('markup in any text stays text', async () => {
  const out = newFolder();
  await writeReport(join(folderOf([0, 1, 2, 3].map(hostileRecord)), 'trajectories.jsonl'), out);
  for (const [name, text] of Object.entries(filesIn(out))) {
    expect(text, name).not.toMatch(/<script|<img|onerror="document/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: an SVG file must not contain it
    if (name.endsWith('.svg')) expect(text, name).not.toMatch(/\u0007/);
  }
  const page = filesIn(out)['report.html'] ?? '';
  expect(page).toContain('&lt;script>document.title=');
  expect(page.match(/<style>/g)).toHaveLength(1);
});

describe('irregular runs', () => {
  test('an empty run gives a report that says so', async () => {
    for (const folder of [folderOf([]), folderOf(['\n\n']), folderOf(['{"episode_id": "g0'])]) {
      const out = newFolder();
      const { written } = await writeReport(join(folder, 'trajectories.jsonl'), out);
      expect(written).toEqual([join(out, 'report.html')]);
      expect(filesIn(out)['report.html']).toContain('This run holds no episodes');
    }
  });

  test('damaged lines are counted on the page and in the terminal', async () => {
    const [record] = recordsOf(await playRun({ episodes: 4 }));
    const folder = folderOf(['{"broken\n', record as EpisodeRecord]);
    expect(await run(folder)).toMatchObject({ code: 0, out: expect.stringContaining('1 line could not be read') });
    expect(filesIn(join(folder, 'report'))['report.html']).toContain('1 line of the file could not be read');
  });

  test('a run whose episodes have all failed is reported', async () => {
    const failed = hostileRecord(3);
    const page = await pageOf(folderOf([{ ...failed, steps: [], length: 0 }]));
    expect(page).toContain('1 episode failed');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    // Every link on the page has a target.
    for (const [, id] of page.matchAll(/href="#([\w-]+)"/g)) expect(page).toContain(`id="${id}"`);
  });

  test('the report of a single file goes beside it; an unreadable manifest is reported', async () => {
    const folder = folderOf(recordsOf(await playRun({ episodes: 4 })));
    expect((await run(join(folder, 'trajectories.jsonl'))).code).toBe(0);
    expect(filesIn(join(folder, 'report'))['report.html']).toContain('There is no manifest.json');
    writeFileSync(join(folder, 'manifest.json'), '{}');
    expect(await pageOf(folder)).toContain('The manifest cannot be used');
  });

  test('a folder without runs, a missing path and no path exit with 2; a folder that cannot be written with 1', async () => {
    const folder = newFolder();
    expect(await run(folder)).toMatchObject({ code: 2, err: expect.stringContaining('trajectories.jsonl') });
    const nowhere = join(folder, 'nowhere');
    expect(await run(nowhere)).toMatchObject({ code: 2, err: expect.stringContaining(JSON.stringify(nowhere)) });
    expect(await run()).toMatchObject({ code: 2, out: '' });
    const blocked = join(folder, 'blocked');
    writeFileSync(blocked, '');
    mkdirSync(join(folder, 'run'));
    writeFileSync(join(folder, 'run', 'trajectories.jsonl'), '');
    expect(await run(join(folder, 'run'), '--out', blocked)).toMatchObject({
      code: 1,
      err: expect.stringContaining('blocked'),
    });
  });

  test('the runs below a folder are reported, and those without records are listed', async () => {
    const folder = newFolder();
    const [one, deep, bare] = ['one', 'more/deep', 'bare'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const [record] = recordsOf(await playRun({ episodes: 4 }));
    for (const run of [one, deep, bare]) mkdirSync(run, { recursive: true });
    for (const run of [one, deep]) writeFileSync(join(run, 'trajectories.jsonl'), `${JSON.stringify(record)}\n`);
    writeFileSync(join(bare, 'manifest.json'), '{"format":"ghostexec.rollout"}');
    const { code, out } = await run(folder);
    expect(code).toBe(0);
    expect(out).toContain(`${bare}: a run without records`);
    for (const path of [one, deep]) {
      expect(out).toContain(`${path}: 1 episode\n${join(path, 'report', 'report.html')}\n`);
      expect(filesIn(join(path, 'report'))['report.html']).toContain(record?.task_id);
    }
    expect((await run(one, bare, deep, '--out', join(folder, 'all'))).code).toBe(0);
    expect(filesIn(join(folder, 'all', 'deep'))['report.html']).toContain(record?.task_id);
    expect((await run(folder, '--out', join(folder, 'all'))).code).toBe(0);
    expect(filesIn(join(folder, 'all/more/deep'))['report.html']).toContain(record?.task_id);
    expect(await run(one, one, '--out', folder)).toMatchObject({ code: 2, err: expect.stringContaining('"one"') });
    expect(await run(bare)).toMatchObject({ code: 2, out: expect.stringContaining('a run without records') });
  });
});
