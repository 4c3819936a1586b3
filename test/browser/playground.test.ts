/** The playground in a real browser, used as a person would use it. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { episodeRecordSchema } from '../../src/records/schema.ts';
import { createServer, type Server } from '../../src/server/server.ts';
import { systemPrompt } from '../../src/sim/v2/prompt.ts';
import { type Started, sharedServer, startServer } from '../server/support-server.ts';
import { play } from '../web/support-scenes.ts';
import { NARROW, overflowsSideways, SCHEMES, seriousIssues, sharedBrowser, shoot, WIDE } from './support.ts';
import { hostileScenario, MARKUP } from './support-hostile.ts';

const run = promisify(execFile);
const server = sharedServer({ oracle: true });
const open = sharedBrowser();

/** Step and action of each scene in the tree, from top to bottom. */
const moments = (page: Page) => page.getByRole('treeitem').allInnerTexts();
const here = (page: Page) => page.locator('[role="treeitem"][aria-selected="true"]').innerText();
const step = (page: Page) => page.getByRole('button', { name: 'Step', exact: true }).click();
const standsAt = (page: Page, number: number) =>
  page.locator(`[role="treeitem"][aria-selected="true"][aria-level="${number + 1}"]`).waitFor();

async function start(page: Page, fragment = 'task=phase2_core&seed=1'): Promise<void> {
  await page.goto(`${server().url}/web#${fragment}`);
  await page.getByRole('tree').waitFor();
}

async function pickType(page: Page, type: string): Promise<void> {
  await page.getByRole('radio', { name: type, exact: true }).check();
}

const clickMail = (page: Page, id: string) =>
  page
    .locator('.inbox')
    .getByRole('button', { name: new RegExp(`^${id} `) })
    .click();

async function archive(page: Page, id: string, number: number): Promise<void> {
  await pickType(page, 'archive email');
  await clickMail(page, id);
  await step(page);
  await standsAt(page, number);
}

async function playTheRest(page: Page, policy: string): Promise<void> {
  await page.getByLabel('Policy', { exact: true }).selectOption(policy);
  await page.getByRole('button', { name: 'The rest' }).click();
  await page.getByRole('heading', { name: 'The end' }).waitFor();
}

async function copied(page: Page, what: string): Promise<string> {
  const button = page.getByRole('button', { name: what, exact: true });
  await button.click();
  await page
    .getByText(`Copied: ${await button.getAttribute('title')}`)
    .first()
    .waitFor();
  return page.evaluate('navigator.clipboard.readText()');
}

describe('an episode', () => {
  test('shows the system prompt on request, under the rules that have one', async () => {
    const page = await open();
    await start(page);
    const prompt = page.getByRole('region', { name: 'Text of the system prompt' });
    expect(await prompt.isVisible()).toBe(false);
    await page.getByText('The system prompt', { exact: true }).click();
    expect(await prompt.innerText()).toBe(systemPrompt());
    expect(await seriousIssues(page)).toEqual([]);
    await shoot(page, 'system-prompt');
    const old = await open();
    await start(old, 'task=phase2_core&rules=v1&seed=1');
    expect(await old.getByLabel('Rules', { exact: true }).inputValue()).toBe('v1');
    expect(await old.getByText('The system prompt', { exact: true }).count()).toBe(0);
  });

  test('is played by form to its end, and graded', async () => {
    const page = await open();
    await start(page);
    // Clicking an email means answering it; a meeting, moving it; a task, delegating it; a person, writing to that person.
    await clickMail(page, 'e01');
    expect(await page.getByRole('radio', { name: 'reply email' }).isChecked()).toBe(true);
    expect(await page.getByLabel('email id').inputValue()).toBe('e01');
    expect(await page.evaluate('document.activeElement.id')).toBe('field-message_body');
    await page.keyboard.type('I am sorry that we did not come back to you. We will ring you this morning.');
    await page.keyboard.press('Control+Enter');
    await standsAt(page, 1);
    expect(await page.getByLabel('message body').inputValue()).toBe('');
    expect(await page.getByRole('status').innerText()).toMatch(/Step 1: reply to e01, reward .*Mail e01: /s);

    await page.locator('.calendar').getByRole('button', { name: /m04/ }).click();
    expect(await page.getByRole('radio', { name: 'reschedule meeting' }).isChecked()).toBe(true);
    await page.getByText('UTC; it begins at 15:30').waitFor();
    await page.getByLabel('new time').fill('2026-09-15T16:30');
    await page.getByLabel('reason').fill('The review comes first.');
    await step(page);
    await standsAt(page, 2);
    expect(await page.locator('.calendar').innerText()).toContain('moved from 15:30 to 16:30');

    await page.locator('.tasks').getByRole('button').first().click();
    expect(await page.getByRole('radio', { name: 'delegate task' }).isChecked()).toBe(true);
    await page.locator('.people').getByRole('button').nth(3).click();
    expect(await page.getByLabel('contact name').inputValue()).not.toBe('');
    await step(page);
    await standsAt(page, 3);

    for (let number = 4; number <= 8; number++) {
      await pickType(page, 'do nothing');
      await step(page);
      await standsAt(page, number);
    }
    const end = page.locator('.end');
    expect(await end.innerText()).toMatch(
      /The step limit was reached[\s\S]*0\.\d\d grade[\s\S]*met in time[\s\S]*missed/,
    );
    expect(await page.getByRole('button', { name: 'Step', exact: true }).getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('radio', { name: 'do nothing' }).press('Control+Enter');
    expect(await moments(page)).toHaveLength(9);
    expect(await seriousIssues(page)).toEqual([]);
  });

  test('shows what is owed, why, and which step changed it', async () => {
    const page = await open();
    await start(page);
    const owed = page.locator('.card.owed');
    expect(await owed.innerText()).toMatch(/not seen by a policy[\s\S]*10 open[\s\S]*To do 10/);
    await clickMail(page, 'e03');
    await page.getByLabel('message body').fill('Phase 2 has cost 598,000 to date.');
    await step(page);
    await standsAt(page, 1);
    const item = owed.getByRole('listitem').filter({ hasText: 'One number before the review' });
    expect(await item.innerText()).toMatch(
      /wrong[\s\S]*0\.0 of [\d.]+ points[\s\S]*to Dominic Sayle by 10:00: answered wrongly: the cost to date[\s\S]*step 1, \d\d:\d\d: wrong: the cost to date/,
    );
    expect(await page.locator('.briefing-text').innerText()).not.toContain('can still be corrected');
    await owed.getByText('What the words mean').click();
    expect(await owed.innerText()).toMatch(/The last word on an ask is wrong[\s\S]*V is what the day is worth/);
    await page.getByRole('button', { name: 'Undo' }).click();
    expect(await owed.innerText()).toContain('10 open');
    await page.getByRole('button', { name: 'Redo' }).click();
    await playTheRest(page, 'do_nothing');
    expect(await owed.count()).toBe(0);
    const end = page.locator('.end');
    expect(await end.innerText()).toMatch(
      /Not met 10[\s\S]*answered wrongly: the cost to date[\s\S]*no answer by 10:15/,
    );
    expect(await seriousIssues(page)).toEqual([]);
  });

  test('sends no action that lacks a required field, and goes to the field', async () => {
    const page = await open();
    await start(page);
    await clickMail(page, 'e01');
    for (const play of [() => step(page), () => page.keyboard.press('Control+Enter')]) {
      await page.getByLabel('email id').focus();
      await play();
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('field-message_body');
    }
    expect(await moments(page)).toHaveLength(1);
    await page.getByLabel('message body').fill('We will ring you this morning.');
    await step(page);
    await standsAt(page, 1);
    expect(await moments(page)).toHaveLength(2);
  });

  test('survives an invalid action: message and price are shown, and the typed text stays', async () => {
    const page = await open();
    await start(page);
    await clickMail(page, 'e01');
    await page.getByLabel('message body').fill('   ');
    await step(page);
    await standsAt(page, 1);
    const outcome = page.locator('.composer .outcome');
    expect(await outcome.innerText()).toMatch(/message_body that is not blank[\s\S]*cost \u22120\.10/);
    expect(await page.getByLabel('message body').inputValue()).toBe('   ');
    await outcome.getByRole('button', { name: 'Take it back' }).click();
    await standsAt(page, 0);
    expect(await page.getByLabel('email id').inputValue()).toBe('e01');
  });

  test('is played by raw completions, readable or not', async () => {
    const page = await open();
    await start(page);
    await page.getByRole('tab', { name: 'Raw completion' }).click();
    const text = page.getByLabel('What the model answered');
    await text.fill('I think so.\n<action>{"action_type": "archive_email", "email_id": "e05"}</action>');
    await step(page);
    await standsAt(page, 1);
    expect(await here(page)).toContain('archive e05');
    await text.fill('I would rather not say.');
    await step(page);
    await standsAt(page, 2);
    expect(await here(page)).toContain('unreadable completion');
    expect(await text.inputValue()).toBe('I would rather not say.');
  });

  test('is played under rules v1, with the same panels', async () => {
    const page = await open();
    await start(page, 'task=phase2_core&seed=1&rules=v1');
    await playTheRest(page, 'greedy');
    expect(await page.locator('.end').innerText()).toMatch(/0\.\d\d grade/);
    expect(await page.locator('.reward').innerText()).toMatch(/conflict[\s\S]*relationship[\s\S]*task/);
    expect(await page.locator('.owed-list').count()).toBe(0);
    await page.locator('.potentials .chart svg').waitFor();
  });
});

describe('branches', () => {
  test('begin with a step from an earlier scene, and can be walked through by keyboard', async () => {
    const page = await open();
    await start(page);
    await archive(page, 'e05', 1);
    await archive(page, 'e06', 2);
    await page.getByRole('button', { name: 'Undo' }).click();
    await standsAt(page, 1);
    await archive(page, 'e07', 2);
    expect((await moments(page)).map((text) => text.split('\n').slice(0, 2).join(' '))).toEqual([
      '0 the day begins',
      '1 archive e05',
      '2 archive e06',
      '2 archive e07',
    ]);
    await page.locator('[role="treeitem"][aria-selected="true"]').focus();
    await page.keyboard.press('ArrowUp');
    expect(await here(page)).toContain('archive e06');
    await page.keyboard.press('ArrowLeft');
    expect(await here(page)).toContain('archive e05');
    // Keys may come fast: these leave no time to draw between them.
    await page.evaluate(async () => {
      for (const key of ['ArrowRight', 'ArrowDown']) {
        document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
        await new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
      }
    });
    expect(await here(page)).toContain('archive e07');
    await page.keyboard.press('ArrowUp');
    expect(await here(page)).toContain('archive e06');
    await page.keyboard.press('Home');
    await standsAt(page, 0);
    await page.keyboard.press('Control+Shift+z');
    await standsAt(page, 1);
    await page.getByRole('button', { name: 'Redo' }).click();
    expect(await here(page)).toContain('archive e06');
  });

  test('are restored from a link, and a damaged link is reported', async () => {
    const page = await open();
    await start(page, 'task=monday_morning&seed=9&drift=dinner_disaster&reward=base');
    await playTheRest(page, 'random');
    const all = await moments(page);
    await page.getByRole('treeitem').nth(2).click();
    await standsAt(page, 2);
    await page.waitForURL(/at=2/);
    const link = await copied(page, 'Link');
    const briefing = await page.locator('.briefing-text').innerText();

    const other = await open();
    await other.goto(link);
    await standsAt(other, 2);
    expect(await moments(other)).toEqual(all);
    expect(await other.locator('.briefing-text').innerText()).toBe(briefing);
    expect(await other.getByLabel('Drift', { exact: true }).inputValue()).toBe('task:dinner_disaster');
    expect(await other.getByLabel('Reward', { exact: true }).inputValue()).toBe('base');
    // Into the page that is already open.
    await other.evaluate('location.hash = "task=phase2_core&seed=2&play=broken"');
    await other.getByText('This link is damaged').waitFor();
    expect(await other.getByLabel('Task', { exact: true }).inputValue()).toBe('phase2_core');
  });

  test('begin with the default task if a link leads to nothing', async () => {
    const page = await open({ expected: /status of 4\d\d/ });
    await start(page, 'task=no_such_task');
    expect(await page.getByRole('alert').innerText()).toMatch(/cannot be played[\s\S]*no_such_task/);
    expect(await moments(page)).toHaveLength(1);
  });
});

describe('a policy', () => {
  test('plays a step or the rest, from the current scene', async () => {
    const page = await open();
    await start(page);
    await archive(page, 'e05', 1);
    await page.getByLabel('Policy', { exact: true }).selectOption('random');
    await page.getByLabel('Its seed').fill('3');
    await page.getByRole('button', { name: 'One step' }).click();
    await standsAt(page, 2);
    await playTheRest(page, 'greedy');
    expect((await moments(page)).length).toBeGreaterThan(3);
  });

  test('may be the oracle, as long as its plan is followed', async () => {
    // The expected error, and the requests that the browser makes while there is no server.
    const page = await open({ expected: /status of 409|ERR_CONNECTION_REFUSED/ });
    await start(page);
    await playTheRest(page, 'oracle');
    expect(await page.locator('.end').innerText()).toContain('0.99 grade');
    await page.getByRole('treeitem').first().click();
    await pickType(page, 'do nothing');
    await step(page);
    await standsAt(page, 1);
    await page.getByRole('button', { name: 'One step' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('the plan of the oracle was left at step 1');
  });
});

describe('copies', () => {
  test('of an episode replay it: as JSONL, as a shell script and as a Python program', async () => {
    const page = await open();
    await start(page);
    await clickMail(page, 'e01');
    await page.getByLabel('message body').fill('It\'s "fine" — $HOME `id` \\n \u{1f5c2}\nreally, we\'ll be there.');
    await step(page);
    await standsAt(page, 1);
    await page.getByRole('tab', { name: 'Raw completion' }).click();
    await page.getByLabel('What the model answered').fill("can't say");
    await step(page);
    await standsAt(page, 2);
    await playTheRest(page, 'greedy');

    const jsonl = await copied(page, 'JSONL');
    expect(jsonl.indexOf('\n')).toBe(jsonl.length - 1);
    const record = episodeRecordSchema.parse(JSON.parse(jsonl));
    expect(record.steps[0]?.action).toMatchObject({ message_body: expect.stringContaining('$HOME `id` \\n') });
    const rewards = record.steps.map(({ reward }) => reward);
    expect(rewards.length).toBeGreaterThan(3);

    const { stdout: answers } = await run('/bin/sh', ['-ec', await copied(page, 'curl')]);
    const [, ...steps] = answers
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { reward: number; done: boolean });
    expect(steps.map(({ reward }) => reward)).toEqual(rewards);
    expect(steps.at(-1)?.done).toBe(true);

    const { stdout: printed } = await run('/usr/bin/python3', ['-c', await copied(page, 'Python')]);
    const printedRewards = [...printed.matchAll(/^\d+ (-?[\d.e-]+) /gm)].map(([, reward]) => Number(reward));
    expect(printedRewards).toEqual(rewards);
    expect(printed).toContain(`grade {'grade': ${record.grade}`);
  });
});

describe('a custom scenario', () => {
  async function paste(page: Page, text: string): Promise<void> {
    await page.getByText('A custom scenario').click();
    await page.getByLabel(/^Scenario document/).fill(text);
    await page.getByRole('button', { name: 'Play this scenario' }).click();
  }

  test('is played, and is restored from its link', async () => {
    const page = await open();
    await start(page);
    await paste(page, readFileSync(new URL('../../scenarios/drift_drill.json', import.meta.url), 'utf8'));
    await page.getByText('a custom scenario', { exact: true }).waitFor({ state: 'attached' });
    await archive(page, 'e06', 1);
    await page.waitForURL(/play=/);
    const other = await open();
    await other.goto(page.url());
    await standsAt(other, 1);
    expect(await other.locator('.briefing-text').innerText()).toBe(await page.locator('.briefing-text').innerText());
  });

  test('that is invalid is not played, and its problems are listed', async () => {
    const page = await open({ expected: /status of 422/ });
    await start(page);
    await paste(page, '{"emails": [');
    expect(await page.locator('#own-problem').innerText()).toContain('not valid JSON');
    await page.getByLabel(/^Scenario document/).fill('{"simulation_time": "2026-01-01", "stress": 200}');
    await page.getByRole('button', { name: 'Play this scenario' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('stress');
    expect(await page.getByLabel(/^Scenario document/).inputValue()).toContain('200');
    expect(await moments(page)).toHaveLength(1);
  });

  test('with markup in every text runs nothing, and shows it as it is', async () => {
    const page = await open();
    await start(page);
    await paste(page, JSON.stringify(hostileScenario()));
    await page.locator('.inbox').getByText(MARKUP).first().waitFor();
    await page.locator('.inbox .thing-title').first().click();
    await page.getByLabel('message body').fill(MARKUP);
    await step(page);
    await standsAt(page, 1);
    await page.locator('.calendar button').first().click();
    await page.locator('.tasks .thing-title').first().click();
    await page.locator('.people .thing-title').first().click();
    await step(page);
    await standsAt(page, 2);
    await playTheRest(page, 'greedy');
    await page.locator('.potentials .chart svg').waitFor();
    for (const panel of ['.inbox', '.calendar', '.tasks', '.people', '.briefing-text', '.owed-list']) {
      expect(await page.locator(panel).innerText()).toContain('<img src=x onerror=');
    }
    expect(await page.evaluate('"hacked" in window')).toBe(false);
    expect(await page.locator('#app :is(img[src="x"], script, svg svg, iframe)').count()).toBe(0);
    await page.waitForURL(/play=/);
    const other = await open();
    await other.goto(page.url());
    await other.getByRole('tree').waitFor();
    expect(await other.evaluate('"hacked" in window')).toBe(false);
  });
});

describe('the page', () => {
  test.each(SCHEMES.flatMap((colorScheme) => [WIDE, NARROW].map((viewport) => ({ colorScheme, viewport }))))(
    'in the middle of an episode is accessible and fits into $viewport.width pixels, $colorScheme',
    async (look) => {
      const page = await open(look);
      await start(page, 'task=dinner_disaster&seed=1');
      for (const number of [1, 2]) {
        await page.getByRole('button', { name: 'One step' }).click();
        await standsAt(page, number);
      }
      await clickMail(page, 'e03');
      await page.getByLabel('message body').fill('   ');
      await step(page);
      await standsAt(page, 3);
      expect(await seriousIssues(page)).toEqual([]);
      expect(await overflowsSideways(page)).toBe(false);
      // Only its parts scroll: the page itself is as high as the window.
      expect(await page.evaluate('document.documentElement.scrollHeight')).toBe(look.viewport.height);
      const name = `playground-episode-${look.viewport.width}-${look.colorScheme}`;
      await shoot(page, name);
      await page.locator('.potentials .chart svg').waitFor();
      await playTheRest(page, 'greedy');
      expect(await seriousIssues(page)).toEqual([]);
      await shoot(page, `${name}-end`);
    },
  );
});

describe('a restarted server', () => {
  /** With the same port, but another key for its snapshots. */
  const restarted = async ({ server, port }: Started): Promise<Server> => {
    await server.close();
    const next = await createServer({ port, logLevel: 'silent' });
    await next.listen();
    onTestFinished(() => next.close());
    return next;
  };

  test('continues with the open page as if nothing had happened', async () => {
    const started = await startServer();
    const actions = ['e01', 'e02', 'e04', 'e05'].map((email_id) => ({ action_type: 'archive_email', email_id }));
    const undisturbed = await play(started.url, { task_id: 'phase2_core', seed: 1 }, actions);
    // The expected error, and the requests that the browser makes while there is no server.
    const page = await open({ expected: /status of 409|ERR_CONNECTION_REFUSED/ });
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') asked.push(new URL(request.url()).pathname.slice('/web/api/'.length));
    });
    await page.goto(`${started.url}/web#task=phase2_core&seed=1`);
    await page.getByRole('tree').waitFor();
    await archive(page, 'e01', 1);
    await archive(page, 'e02', 2);
    await restarted(started);
    await archive(page, 'e04', 3);
    await archive(page, 'e05', 4);
    expect(asked).toEqual(['episode', 'step', 'step', 'step', 'episode', 'step']);
    const shown = await moments(page);
    expect(shown).toHaveLength(5);
    const record = episodeRecordSchema.parse(JSON.parse(await copied(page, 'JSONL')));
    expect(record.steps.map(({ reward }) => reward)).toEqual(undisturbed.scenes.slice(1).map(({ reward }) => reward));
  });
});

describe('a server with a key', () => {
  const guarded = sharedServer({ apiKey: 'open-sesame' });

  test('gets the key that the person types; after a wrong one the question is repeated', async () => {
    const page = await open({ expected: /status of 401/ });
    await page.goto(`${guarded().url}/web`);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Key').fill('wrong');
    await dialog.getByRole('button', { name: 'Use this key' }).click();
    await dialog.getByText('the key is not that of this server').waitFor();
    await dialog.getByLabel('Key').fill('open-sesame');
    await page.keyboard.press('Enter');
    await page.getByRole('tree').waitFor();
    expect(await copied(page, 'curl')).toContain('authorization: Bearer $GHOSTEXEC_API_KEY');
    await page.reload();
    await page.getByRole('tree').waitFor();
  });
});
