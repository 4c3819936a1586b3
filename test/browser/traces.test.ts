/** The trace viewer in a real browser: runs of the server, local files, episodes, groups, comparisons. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { recordAnswer } from '../../src/records/line-writer.ts';
import { withMetadata } from '../../src/records/recorded-answer.ts';
import type { EpisodeRecord } from '../../src/records/schema.ts';
import { runRollout, TRAJECTORIES } from '../../src/rollout/run.ts';
import { lockRun } from '../../src/rollout/run-lock.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { episode, linesOf, step } from '../rollout/traces-support.ts';
import { sharedServer } from '../server/support-server.ts';
import { type Look, NARROW, overflowsSideways, SCHEMES, seriousIssues, sharedBrowser, shoot, WIDE } from './support.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'ghostexec-traces-'));
const PLAN = {
  tasks: ['phase2_core', 'monday_morning'],
  episodes: 120,
  groupSize: 4,
  seed: 3,
  rules: 'v2',
  rewardMode: 'full',
} as const;

for (const [policy, observations] of [
  ['random', 'all'],
  ['greedy', 'none'],
] as const) {
  const plan = { ...PLAN, tasks: [...PLAN.tasks], policy, observations };
  await runRollout({ plan, out: join(FOLDER, policy), workers: 0, numEnvs: 1, resume: false });
}
/** A run of scenarios that are not shipped, one of them with a drift. */
const drill = loadTask('drift_drill');
const OWN = {
  tasks: ['drill', 'calm'],
  scenarios: { drill: { scenario: drill.scenario, drift: drill.drift }, calm: { scenario: drill.scenario } },
};
await runRollout({
  plan: { ...OWN, policy: 'greedy', episodes: 4, groupSize: 2, rules: 'v2' },
  out: join(FOLDER, 'own'),
  workers: 0,
  numEnvs: 1,
  resume: false,
});
const fileOf = (run: string): string => join(FOLDER, run, TRAJECTORIES);
const RECORDS: readonly EpisodeRecord[] = readFileSync(fileOf('random'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
const recordOf = (row: number): EpisodeRecord => {
  const record = RECORDS[row];
  if (record === undefined) throw new RangeError(`there is no record ${row}`);
  return record;
};

const MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script><b class="hostile">&amp;bold</b>';
const hostile = episode(0, {
  episode_id: MARKUP,
  group_id: MARKUP,
  task_id: MARKUP,
  policy: MARKUP,
  rules: MARKUP,
  reward_mode: MARKUP,
  status: 'failed',
  error: `it failed: ${MARKUP}`,
  steps: [step({ observation: MARKUP, ...recordAnswer(MARKUP), step_ok: false, error: MARKUP })],
});
const { task_id, seed } = recordOf(0);
const played = episode(1, {
  task_id,
  seed,
  steps: [
    step({
      observation: null,
      ...recordAnswer({ action_type: 'reply_email', email_id: MARKUP, message_body: MARKUP }),
      step_ok: false,
    }),
    step({ observation: null, ...recordAnswer(MARKUP), step_ok: false }),
  ],
});
/** A record that contradicts its replay, as if the scenario had changed. */
const altered: EpisodeRecord = {
  ...recordOf(0),
  index: 2,
  steps: recordOf(0).steps.map((one, at) => (at === 2 ? { ...one, reward: one.reward + 1 } : one)),
};
mkdirSync(join(FOLDER, 'odd'));
writeFileSync(fileOf('odd'), `nonsense\n${linesOf([hostile, played, altered])}{"episode_id":"cut`);

/** An episode of a language model, and one that lost a call. */
const metadata = {
  model: 'scripted-1',
  finish_reason: 'length',
  usage: { prompt_tokens: 1803, completion_tokens: 63 },
  latency_ms: 250,
  attempts: 2,
  cost: 0.0012,
  reasoning_content: 'I think that I should wait.',
};
const answered = step({
  observation: recordOf(0).steps[0]?.observation ?? null,
  ...withMetadata(recordAnswer('{"action_type": "do_nothing"} it is'), metadata),
});
const asked = { task_id, seed, policy: 'model:scripted', steps: [answered] };
mkdirSync(join(FOLDER, 'model'));
const lost = { status: 'failed', failure: 'infrastructure', error: 'the endpoint is gone', return: null } as const;
writeFileSync(fileOf('model'), linesOf([episode(0, asked), episode(1, { ...asked, ...lost })]));

const server = sharedServer({ traces: [FOLDER] });
const open = sharedBrowser();

async function visit(hash = '', look: Look = {}): Promise<Page> {
  const page = await open(look);
  await page.goto(`${server().url}/web/traces#${hash}`);
  return page;
}

/** Opens the page of one run, as a person does. */
async function openRun(name: string, look: Look = {}): Promise<Page> {
  const page = await visit('', look);
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('table', { name: 'Episodes' }).waitFor();
  return page;
}

/** Opens an episode of the list step by step. */
async function openStepByStep(page: Page, row: number): Promise<void> {
  await page.getByRole('link', { name: `Episode ${row},` }).click();
  await page.getByRole('link', { name: 'Step by step' }).click();
  await page.getByLabel('Steps').locator('output').waitFor();
}

const numbersOf = (page: Page): Promise<string[]> => page.locator('tbody th a').allTextContents();
const stepOf = (page: Page): Promise<string> => page.getByLabel('Steps').locator('output').innerText();
const returnsInOrder = (sign: number): string[] =>
  RECORDS.toSorted((a, b) => sign * ((a.return ?? 0) - (b.return ?? 0)) || a.index - b.index).map(
    ({ index }) => `${index}`,
  );

describe('episodes of a run', () => {
  test('are paged and sorted, and a link shows the same', async () => {
    const page = await openRun('random');
    // Indexed episodes are shown while the rest is being indexed.
    await expect.poll(() => numbersOf(page)).toEqual(RECORDS.slice(0, 100).map(({ index }) => `${index}`));
    await page.getByRole('button', { name: 'Next' }).first().click();
    await expect.poll(() => numbersOf(page)).toEqual(RECORDS.slice(100).map(({ index }) => `${index}`));
    const head = page.getByRole('columnheader', { name: 'Return' });
    await head.getByRole('button').click();
    await expect.poll(() => head.getAttribute('aria-sort')).toBe('descending');
    await expect.poll(() => numbersOf(page)).toEqual(returnsInOrder(-1).slice(0, 100));
    await head.getByRole('button').click();
    await expect.poll(() => numbersOf(page)).toEqual(returnsInOrder(1).slice(0, 100));
    expect(await head.getAttribute('aria-sort')).toBe('ascending');
    const again = await visit(new URL(page.url()).hash.slice(1));
    await expect.poll(() => numbersOf(again)).toEqual(returnsInOrder(1).slice(0, 100));
  });

  test('are filtered by every field, and cleared', async () => {
    const page = await openRun('random');
    await page.getByLabel('Task').selectOption('monday_morning');
    await page.getByLabel('Invalid steps').selectOption('some');
    await page.getByLabel('Return, at least').fill('-3.5');
    const wanted = RECORDS.filter((one) => one.task_id === 'monday_morning' && one.invalid_steps > 0);
    const within = wanted.filter((one) => (one.return ?? 0) >= -3.5).map(({ index }) => `${index}`);
    expect(within.length).toBeGreaterThan(0);
    expect(within.length).toBeLessThan(wanted.length);
    await expect.poll(() => numbersOf(page)).toEqual(within);
    await page.getByLabel('Error or id contains').fill(recordOf(5).episode_id);
    await expect.poll(() => numbersOf(page)).toEqual(within.filter((index) => index === '5'));
    await page.getByLabel('Status').selectOption('failed');
    await page.getByText('No episode matches the filters.').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await expect.poll(async () => (await numbersOf(page)).length).toBe(100);
    await page.reload();
    await expect.poll(async () => (await numbersOf(page)).length).toBe(100);
  });

  test('report lines that are not records, and show errors', async () => {
    const page = await openRun('odd');
    await page.getByText('1 line of the file is not a record').click();
    await page.getByText('Line 1: it is not JSON').waitFor();
    await page.getByText('Line 5, the last one, is incomplete').waitFor();
    await page.getByLabel('Error or id contains').fill('it failed');
    await expect.poll(() => numbersOf(page)).toEqual(['0']);
    await page.getByRole('cell', { name: 'it failed: <img' }).waitFor();
  });
});

describe('an episode', () => {
  test('is scrubbed through by keys, slider and clicks, with its states rebuilt', async () => {
    const page = await openRun('random');
    await openStepByStep(page, 5);
    const { steps } = recordOf(5);
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    await page.getByRole('heading', { name: 'What it read before step 1' }).waitFor();
    expect(await stepOf(page)).toBe(`Beginning of ${steps.length}`);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => stepOf(page)).toBe(`Step 2 of ${steps.length}`);
    const text = await page.locator('.briefing-text pre').textContent();
    expect(text?.trim()).toBe(steps[1]?.observation?.trim());
    await page.getByRole('heading', { name: 'What it did in step 2' }).waitFor();
    await page.getByRole('slider', { name: 'Step' }).fill('3');
    await expect.poll(() => stepOf(page)).toContain('Step 3');
    expect(await page.locator('.card.owed').innerText()).toMatch(/To do \d+[\s\S]*no answer/);
    await page.getByRole('button', { name: 'Step 4: reward' }).click();
    await expect.poll(() => stepOf(page)).toContain('Step 4');
    await page.keyboard.press('End');
    await page.getByRole('heading', { name: 'How it ended' }).waitFor();
    const owed = page.locator('.card.end');
    const { met, late, missed } = recordOf(5).grade_parts ?? { met: 0, late: 0, missed: 0 };
    const list = await owed.innerText();
    expect(list).toMatch(/Not met \d+[\s\S]*no answer by/);
    const unseen = Number(/(\d+) obligations? never arrived/.exec(list)?.[1] ?? 0);
    expect((await owed.locator('.things > .thing').count()) + unseen).toBe(met + late + missed);
    expect(await page.getByRole('button', { name: 'Next step' }).isDisabled()).toBe(true);
    expect(await page.getByText('differs from its record').count()).toBe(0);
    await page.reload();
    await expect.poll(() => stepOf(page)).toContain(`Step ${steps.length}`);
  });

  test('plays by itself', async () => {
    const page = await openRun('random');
    await openStepByStep(page, 1);
    await page.getByRole('button', { name: 'Play' }).click();
    await expect.poll(() => stepOf(page), { timeout: 20_000 }).toContain('Step 2');
    await page.getByRole('button', { name: 'Pause' }).click();
  });

  test('can be opened in the playground, at the shown step', async () => {
    const page = await openRun('random');
    await openStepByStep(page, 5);
    await page.getByRole('button', { name: 'Step 2: reward' }).click();
    const link = page.getByRole('link', { name: 'Open in the playground' });
    await expect.poll(() => link.getAttribute('href')).toMatch(/^\.\/#task=.*at=2/);
    await link.click();
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/web/');
  });

  test('of a scenario that is not shipped is replayed with the scenario in the plan of its run', async () => {
    const page = await openRun('own');
    for (const [at, task] of [
      [0, 'drill'],
      [2, 'calm'],
    ] as const) {
      await page.getByRole('link', { name: `Episode ${at}, ${task}` }).click();
      await page.getByRole('heading', { name: 'How it ended' }).waitFor();
      expect(await page.getByText('differs from its record').count()).toBe(0);
      await page.getByRole('link', { name: 'Its group side by side' }).click();
      await page.getByRole('table', { name: 'Episodes side by side' }).waitFor();
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => page.locator('tr.current .action').count()).toBe(2);
      expect(await page.locator('tr.current .fields, tr.current .detail').count()).toBeGreaterThan(0);
      await page.getByRole('link', { name: `Episode ${at}` }).click();
      await page.getByRole('link', { name: 'Open in the playground' }).click();
      await page.getByRole('heading', { name: 'Inbox' }).waitFor();
      await page.goBack();
      await page.getByRole('link', { name: 'own' }).click();
    }
  });

  test('that was recorded without briefings shows those of the replay', async () => {
    const page = await openRun('greedy');
    await openStepByStep(page, 0);
    await page.getByText('from the replay').waitFor();
    expect(await page.locator('.briefing-text pre').innerText()).toContain('INBOX:');
  });

  test('that differs from its replay says so, at the first step that differs', async () => {
    const page = await openRun('odd');
    await openStepByStep(page, 2);
    await page.getByText('differs from its record from step 3 on: the reward was').waitFor();
    await page.getByRole('button', { name: 'Step 3: reward' }).click();
    await page.getByText('Reward').first().waitFor();
  });
});

describe('a transcript', () => {
  const turns = (page: Page) => page.locator('.turns > li:visible');

  test('has every step with what was read, answered and paid, and what was missed', async () => {
    const page = await openRun('random');
    await page.getByRole('link', { name: 'Episode 5,' }).click();
    await page.getByRole('heading', { name: 'How it ended' }).waitFor();
    const { steps, grade, success_grade } = recordOf(5);
    expect(await turns(page).count()).toBe(steps.length);
    const first = turns(page).first();
    expect((await first.locator('.briefing-text pre').textContent())?.trim()).toBe(steps[0]?.observation?.trim());
    await expect.poll(() => first.locator('.turn-worth').innerText()).toContain('return');
    expect(await turns(page).locator('.reasons li').count()).toBeGreaterThan(steps.length / 2);
    expect(await page.locator('.facts').innerText()).toContain(`Success (grade ≥ ${success_grade})\n✗ no`);
    expect(grade).toBeLessThan(success_grade);
    const lost = page.locator('.card.lost .thing');
    expect(await lost.count()).toBeGreaterThan(3);
    await lost.filter({ hasText: 'Since step' }).getByRole('link').first().click();
    await expect.poll(() => new URL(page.url()).hash).toMatch(/step=\d/);
  });

  test('is searched: other steps are hidden, and a link shows the same', async () => {
    const page = await openRun('random');
    await page.getByRole('link', { name: 'Episode 5,' }).click();
    await page.getByRole('heading', { name: 'How it ended' }).waitFor();
    const all = await turns(page).allInnerTexts();
    const words = 'return −';
    const wanted = all.filter((text) => text.includes(words)).length;
    expect(wanted).toBeGreaterThan(0);
    const search = page.getByLabel('Search the transcript');
    await search.fill('RETURN −');
    await expect.poll(() => turns(page).count()).toBe(wanted);
    const status = page.getByRole('search').getByRole('status');
    expect(await status.innerText()).toMatch(/^\d+ match(es)? in \d+ steps?$/);
    await search.press('Enter');
    await expect.poll(() => status.innerText()).toMatch(/^1 of \d+/);
    await page.getByRole('button', { name: 'Previous' }).click();
    await expect.poll(() => status.innerText()).toMatch(/^(\d+) of \1 match/);
    const again = await visit(new URL(page.url()).hash.slice(1));
    await expect.poll(() => turns(again).count()).toBe(wanted);
    await search.fill('no such words');
    await expect.poll(() => turns(page).count()).toBe(0);
    await page.getByText('No match').waitFor();
    await search.fill('');
    await expect.poll(() => turns(page).count()).toBe(all.length);
  });

  test('of a language model shows its completion, reasoning, tokens and latency, and which call was lost', async () => {
    const page = await openRun('model');
    const rows = page.getByRole('row');
    await rows.filter({ hasText: 'failed: infrastructure' }).waitFor();
    await page.getByLabel('Failed by').selectOption('infrastructure');
    await expect.poll(() => numbersOf(page)).toEqual(['1']);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('link', { name: 'Episode 0,' }).click();
    await page.getByText('1 call, 1,803 + 63 tokens, 0.25 s a call').waitFor();
    const turn = turns(page).first();
    await turn.getByText('I think that I should wait.').waitFor();
    await turn.getByText('{"action_type": "do_nothing"} it is', { exact: true }).waitFor();
    await turn.getByText('cut off: no tokens were left').waitFor();
    expect(await turn.locator('.call-facts').innerText()).toContain(
      'scripted-1 · 1,803 + 63 tokens · 0.25 s · 2 attempts · cost 0.0012',
    );
    await page.getByRole('link', { name: 'Episode 1' }).click();
    await page.getByText('which is not the fault of the policy').waitFor();
  });
});

describe('the contents of a file', () => {
  const unharmed = async (page: Page): Promise<void> => {
    const found = await page.evaluate(
      "[document.querySelectorAll('#app img[src=x], #app script, b.hostile').length, 'ran' in window]",
    );
    expect(found).toEqual([0, false]);
  };

  test('are text in every view, also for a task that the server does not know', async () => {
    const page = await openRun('odd', { expected: /422/ });
    await unharmed(page);
    await openStepByStep(page, 0);
    await page.getByText('This server cannot play the episode again').waitFor();
    await page.keyboard.press('End');
    await page.locator('.action').getByText(MARKUP).first().waitFor();
    expect(await page.locator('.briefing-text pre').innerText()).toContain(MARKUP);
    await unharmed(page);
    await page.getByRole('link', { name: 'Its group side by side' }).click();
    await page.getByRole('table', { name: 'Episodes side by side' }).waitFor();
    await unharmed(page);
    await page.goto(`${server().url}/web/traces`);
    await page.getByRole('link', { name: 'odd' }).click();
    await openStepByStep(page, 1);
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    for (const at of [1, 2]) {
      await page.getByRole('button', { name: `Step ${at}: reward` }).click();
      await page.getByRole('heading', { name: `What it did in step ${at}` }).waitFor();
      await unharmed(page);
    }
  });
});

describe('side by side', () => {
  test('a group: the same step of all its episodes', async () => {
    const page = await openRun('random');
    await page
      .getByRole('link', { name: recordOf(4).group_id })
      .first()
      .click();
    const table = page.getByRole('table', { name: 'Episodes side by side' });
    await table.waitFor();
    expect(await table.locator('thead a').allTextContents()).toEqual([4, 5, 6, 7].map((row) => `Episode ${row}`));
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => table.locator('tr.current > th').innerText()).toBe('1');
    expect(await table.locator('tr.current .reward').count()).toBe(4);
    await table.getByRole('button', { name: 'Step 3', exact: true }).click();
    await expect.poll(() => stepOf(page)).toContain('Step 3');
  });

  test('two runs: task by task, and a pair of episodes', async () => {
    const page = await visit();
    await page.getByLabel('A, before').selectOption('random');
    await page.getByLabel('B, after').selectOption('greedy');
    await page.getByRole('button', { name: 'Compare' }).click();
    const means = page.getByRole('table', { name: 'Means by task' });
    await means.waitFor();
    const own = RECORDS.filter((one) => one.task_id === 'phase2_core').map((one) => one.return ?? 0);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const text = await means.getByRole('row', { name: 'phase2_core' }).innerText();
    expect(text).toContain(`−${Math.abs(mean).toFixed(3)}`);
    expect(text).toContain(`(${own.length})`);
    await page.getByText('0 of A and 0 of B have no counterpart').waitFor();
    const pairs = page.getByRole('table', { name: 'Matched episodes' });
    await pairs.getByRole('link').first().click();
    await page.getByRole('table', { name: 'Episodes side by side' }).waitFor();
    expect(await page.locator('thead a').allTextContents()).toEqual([
      expect.stringMatching(/^A: random, episode \d+$/),
      expect.stringMatching(/^B: greedy, episode \d+$/),
    ]);
  });
});

describe('the list of runs', () => {
  test('has date, policy, grade, return and failures of each, newest first', async () => {
    for (const [at, name] of ['own', 'odd', 'model', 'greedy', 'random'].entries())
      utimesSync(fileOf(name), 1e9, 1e9 + at * 86_400);
    const page = await visit();
    const rows = page.getByRole('table', { name: 'Runs' }).locator('tbody tr');
    await expect.poll(() => rows.locator('th a').allInnerTexts()).toEqual(['random', 'greedy', 'model', 'odd', 'own']);
    const grades = RECORDS.map(({ grade }) => grade ?? 0);
    const mean = grades.reduce((sum, grade) => sum + grade, 0) / grades.length;
    expect(await rows.first().innerText()).toMatch(new RegExp(`13 Sept? 2001[^]*random[^]*${mean.toFixed(3)}[^]*120`));
    expect(await rows.nth(2).innerText()).toContain('1 infrastructure');
  });
});

describe('a local file', () => {
  test('is indexed in a worker, filtered, opened and compared', async () => {
    const page = await visit();
    await page.getByLabel('Choose trajectories.jsonl').setInputFiles([fileOf('random'), fileOf('odd')]);
    await page.getByRole('link', { name: `${TRAJECTORIES} (2)` }).waitFor();
    expect(await page.getByRole('row').filter({ hasText: 'local file' }).count()).toBe(2);
    expect(page.workers()).toHaveLength(1);
    await page.getByRole('link', { name: TRAJECTORIES, exact: true }).click();
    await page.getByLabel('Task').selectOption('monday_morning');
    await page.getByLabel('Grade, at most').fill('0.05');
    const wanted = RECORDS.filter((one) => one.task_id === 'monday_morning' && (one.grade ?? 1) <= 0.05);
    await expect.poll(() => numbersOf(page)).toEqual(wanted.map(({ index }) => `${index}`));
    await page.locator('tbody th a').first().click();
    await page.getByRole('heading', { name: 'What was missed' }).waitFor();
    await page.getByRole('link', { name: 'Runs' }).click();
    const second = page.getByLabel('B, after');
    await page.getByLabel('A, before').selectOption('file-1');
    await second.selectOption('file-2');
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByText('118 of A and 1 of B have no counterpart').waitFor();
    await page.locator('.choose-pair select').nth(1).selectOption('greedy');
    await page.getByText('cannot be compared').waitFor();
  });

  test('can be dropped onto the page, and its absence is reported on another page', async () => {
    const page = await visit();
    await page.getByLabel('Choose trajectories.jsonl').waitFor();
    const text = linesOf([recordOf(0)]);
    await page.evaluate((content) => {
      new MutationObserver(() => {
        if (document.body.innerText.includes('open that file here')) Reflect.set(window, 'wasRefused', true);
      }).observe(document.body, { childList: true, subtree: true });
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], 'dropped.jsonl'));
      document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: transfer }));
    }, text);
    await expect.poll(() => numbersOf(page)).toEqual(['0']);
    // Not even while the file is being indexed.
    expect(await page.evaluate('"wasRefused" in window')).toBe(false);
    const elsewhere = await visit(new URL(page.url()).hash.slice(1));
    await elsewhere.getByText('open that file here').waitFor();
  });
});

test('a run that grows is shown as it grows', async () => {
  const folder = join(FOLDER, 'growing');
  mkdirSync(folder);
  writeFileSync(join(folder, TRAJECTORIES), linesOf([episode(0)]));
  writeFileSync(join(folder, 'manifest.json'), '{"status":"running"}');
  onTestFinished(lockRun(folder));
  const page = await openRun('growing');
  expect(await numbersOf(page)).toEqual(['0']);
  appendFileSync(join(folder, TRAJECTORIES), linesOf([episode(1)]));
  await expect.poll(() => numbersOf(page), { timeout: 20_000 }).toEqual(['0', '1']);
});

describe.each(SCHEMES.flatMap((colorScheme) => [WIDE, NARROW].map((viewport) => ({ colorScheme, viewport }))))(
  'at $viewport.width pixels, $colorScheme',
  (look) => {
    test('every view is accessible and fits', async () => {
      const page = await openRun('random', look);
      const list = new URLSearchParams(new URL(page.url()).hash.slice(1));
      const random = list.get('run');
      const answer = await fetch(`${server().url}/web/api/runs`);
      const { runs } = (await answer.json()) as { runs: { run_id: string; name: string }[] };
      const greedy = runs.find(({ name }) => name === 'greedy')?.run_id;
      const views: [name: string, hash: string, shown: string][] = [
        ['list', `view=list&run=${random}`, '.list tbody tr'],
        ['transcript', `view=transcript&run=${random}&row=5&find=reply`, '.lost'],
        ['runs', '', '.list tbody tr'],
        ['episode', `view=episode&run=${random}&row=5&step=3`, '.world'],
        ['group', `view=group&run=${random}&of=${recordOf(4).group_id}&step=2`, '.side-by-side'],
        ['compare', `view=compare&a=${random}&b=${greedy}`, '.list tbody tr'],
        ['pair', `view=pair&a=${random}&b=${greedy}&row_a=5&row_b=5&step=2`, '.side-by-side'],
      ];
      for (const [name, hash, shown] of views) {
        await page.goto(`${server().url}/web/traces#${hash}`);
        await page.locator(shown).first().waitFor();
        expect(await seriousIssues(page), name).toEqual([]);
        expect(await overflowsSideways(page), name).toBe(false);
        await shoot(page, `traces-${name}-${look.viewport.width}-${look.colorScheme}`);
      }
    });
  },
);
