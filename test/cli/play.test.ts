/** An episode in the terminal, played by scripts through a pipe, and with the keys of a terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { playBaselines } from '../../src/analysis/baselines.ts';
import { Replay } from '../../src/analysis/replay.ts';
import { choicesOf, suggestTime, timeFrom } from '../../src/cli/play/menu.ts';
import { fixed, signed } from '../../src/lib/text.ts';
import { planFor } from '../../src/policies/oracle.ts';
import { readOracle } from '../../src/scenarios/files.ts';
import { listTasks, loadTask, oraclePath } from '../../src/scenarios/shipped.ts';
import { compileSpec, loadSpec, type Spec } from '../../src/vector/spec.ts';
import { cli, openTerminal, type Ran } from '../support/cli.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

function play(script: readonly string[], ...args: string[]): Promise<Ran> {
  return cli(['play', ...args], script.map((line) => `${line}\n`).join(''));
}

function specOf(task: string, rules: 'v1' | 'v2' = 'v2'): Spec {
  return compileSpec({ ...loadSpec({ task }), rules, rewardMode: 'full' });
}

/** The number of an action type in the menu. */
function numberOf(scene: ReturnType<Replay['begin']>, type: string): string {
  return String(choicesOf(scene).findIndex((choice) => choice.type === type) + 1);
}

describe('a scripted episode', () => {
  test('shows the unchanged briefing, and plays the chosen action with the requested fields', async () => {
    const replay = new Replay(specOf('phase2_core'));
    const first = replay.begin();
    const script = [numberOf(first, 'reply_email'), 'e01', 'It is SK-3117, and I apologise.', ''];
    const played = replay.step({
      action_type: 'reply_email',
      email_id: 'e01',
      message_body: 'It is SK-3117, and I apologise.',
      channel: 'call',
    });
    const { code, out, err } = await play(script, 'phase2_core');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(first.briefing);
    expect(out).toContain(`reward ${signed(played.reward, 3)}   return ${fixed(played.return, 3)}`);
    for (const { amount } of played.reasons) expect(out).toContain(signed(amount, 3));
    expect(out).toContain(`You left after step 1 of 8, with a return of ${fixed(played.return, 3)} so far.`);
    expect(out).not.toContain('\u001b');
    for (const line of out.slice(out.indexOf('Answer with a number')).split('\n'))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  test.each(['v1', 'v2'] as const)(
    'to its end under rules %s shows the grade, and the results of policies',
    async (rules) => {
      const spec = specOf('phase2_core', rules);
      const replay = new Replay(spec);
      let scene = replay.begin();
      const wait = numberOf(scene, 'do_nothing');
      const script: string[] = [];
      while (!replay.over) {
        scene = replay.step({ action_type: 'do_nothing' });
        script.push(wait);
      }
      const { code, out } = await play([...script, ''], 'phase2_core', '--rules', rules);
      expect(code).toBe(0);
      expect(out).toContain(`Grade ${fixed(scene.grade?.grade, 3)} of 0.01 to 0.99.`);
      const others = playBaselines(spec, planFor('phase2_core', spec.compiled));
      expect(others.map(({ name }) => name)).toEqual([
        'do nothing',
        'random',
        'greedy',
        ...(rules === 'v2' ? ['best plan known'] : []),
      ]);
      for (const { name, return: paid, grade } of others) {
        expect(out).toMatch(new RegExp(`${name} +${fixed(paid, 3)} +${fixed(grade, 3)}`));
      }
      expect(others[0]?.return).toBeCloseTo(scene.return, 9);
      expect(out).not.toContain('You left');
    },
  );

  test('tells what is owed when asked, and at the end, with the steps that changed it', async () => {
    const wrong = ['raw', '{"action_type": "reply_email", "email_id": "e03", "message_body": "598,000 to date."}', ''];
    const { code, out } = await play([...wrong, 'o', ...Array<string>(7).fill('8'), ''], 'phase2_core');
    expect(code).toBe(0);
    const [, during = '', end = ''] = out.replace(/\s+/g, ' ').split('What is owed: ');
    expect(during).toMatch(/^1 wrong, 9 open\. [\d.]+ of [\d.]+ points\./);
    expect(during).toContain('[e03] \u201cOne number before the review\u201d to Dominic Sayle by 10:00 (0.0 of ');
    expect(during).toMatch(/answered wrongly: the cost to date; it can still be corrected; step 1, \d\d:\d\d: wrong/);
    expect(during).toContain('wrong: The last word on an ask is wrong.');
    expect(end).toMatch(
      /^10 missed\..*missed \[e03\].*no answer by 10:15.*V is what the day is worth.*Grade 0\.\d+ of/,
    );
    expect(out.match(/What is owed:/g)).toHaveLength(2);
  });

  test('under rules v1 has nothing that is owed', async () => {
    const { out } = await play(['o', ...Array<string>(8).fill('8'), ''], 'phase2_core', '--rules', 'v1');
    expect(out).toContain('There is no "o" here');
    expect(out).not.toContain('What is owed:');
  });

  test('never reveals the plan', async () => {
    const entry = listTasks().find(({ id }) => id === 'phase2_core');
    const plan = (entry && readOracle(oraclePath(entry))?.plan) ?? [];
    const said = plan.flatMap(({ message_body, reason }) =>
      [message_body, reason].filter((text) => text !== undefined),
    );
    expect(said.length).toBeGreaterThan(2);
    const { out } = await play([...Array<string>(8).fill('8'), ''], 'phase2_core');
    expect(out).toContain('best plan known');
    const flat = out.replace(/\s+/g, ' ');
    for (const text of said) expect(flat).not.toContain(text.replace(/\s+/g, ' '));
  });

  test('undoes steps, also the last one of the episode', async () => {
    const { code, out } = await play(
      ['u', '8', '8', 'u', 'u', 'u', ...Array<string>(8).fill('8'), 'u', '8', ''],
      'phase2_core',
    );
    expect(code).toBe(0);
    expect(out.match(/There is nothing to undo/g)).toHaveLength(2);
    expect(out.match(/was undone/g)).toHaveLength(3);
    const ends = [...out.matchAll(/limit was reached\. Return (.+)\./g)].map((match) => match[1]);
    expect(ends).toHaveLength(2);
    expect(ends[0]).toBe(ends[1]);
  });

  test('accepts a completion as a model writes it, and reports an unreadable one', async () => {
    const { out } = await play(
      ['raw', 'I think this can go.', '{"action_type": "archive_email", "email_id": "e08"}', '', 'raw', 'No idea.', ''],
      'phase2_core',
    );
    expect(out).toContain('Archived Ferry Trade Weekly');
    expect(out).toContain('Answered something that is not an action');
    expect(out).toMatch(/Invalid: the completion holds no JSON object/);
    expect(out).toContain('invalid\u00a0\u22120.100');
  });

  test('rejects impossible choices, and goes back at an empty line', async () => {
    const { code, out } = await play(
      ['0', '99', 'nonsense', 'b', '1', 'e99', '', '1', '1', '', '', 'q'],
      'phase2_core',
    );
    expect(code).toBe(0);
    for (const text of ['0', '99', 'nonsense', 'e99'])
      expect(out).toContain(`There is no "${text}" here; expected a number`);
    expect(out.match(/Tue 15 Sep 2026, 09:00 UTC/g)).toHaveLength(2);
    expect(out).toContain('You left after step 0 of 8');
  });

  test.each([[[]], [['1']], [['1', '1']], [['1', '1', 'Thanks']], [['raw']], [['3', 'm02']]])(
    'ends when the input ends: %j',
    async (script) => {
      const { code, out, err } = await play(script, 'phase2_core');
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain('You left after step 0 of 8, with a return of 0.00');
    },
  );

  test('moves a meeting to a time of the same day, or to the proposed time', async () => {
    const { out } = await play(['3', 'm02', '11:00', 'It clashes.', '3', 'm04', '', ''], 'phase2_core');
    expect(out.replace(/\s+/g, ' ')).toContain('[m02] to Tue 15 Sep 11:00');
    expect(out).toContain('moved [m04] Winter timetable budget');
  });

  test('is asked again for a time that cannot be read, until there is one or the person goes back', async () => {
    const { out } = await play(['3', 'm02', 'noon', '25:00', '11:00', 'It clashes.', ''], 'phase2_core');
    const flat = out.replace(/\s+/g, ' ');
    for (const text of ['noon', '25:00'])
      expect(flat).toContain(`"${text}" is not a time; expected a time of this day`);
    expect(flat).toContain('[m02] to Tue 15 Sep 11:00');
    expect(flat).toContain('You left after step 1 of 8');
    const left = await play(['3', 'm02', 'noon'], 'phase2_core');
    expect(left.code).toBe(0);
    expect(left.out).toContain('You left after step 0 of 8');
  });

  test('shows the email in full before it asks for the answer', async () => {
    const email = new Replay(specOf('phase2_core')).begin().world.emails.find(({ id }) => id === 'e01');
    const { out } = await play(['1', 'e01', 'Thank you.', ''], 'phase2_core');
    const asked = out.slice(out.indexOf('Which?'), out.indexOf('What do you write?')).replace(/\s+/g, ' ');
    expect(asked).toContain(`[e01] ${email?.sender}: ${email?.subject}`);
    expect(asked).toContain(email?.body.replace(/\s+/g, ' '));
  });
});

test.each(listTasks())('a time that is proposed for a meeting of $id does not clash', ({ id }) => {
  const replay = new Replay(specOf(id));
  const scene = replay.begin();
  const proposed = scene.world.meetings.flatMap((meeting) => {
    const new_time = suggestTime(replay.observation, meeting.id);
    return new_time === undefined ? [] : [{ meeting, new_time }];
  });
  expect(proposed.length).toBeGreaterThan(0);
  for (const { meeting, new_time } of proposed) {
    replay.begin();
    const after = replay.step({
      action_type: 'reschedule_meeting',
      meeting_id: meeting.id,
      new_time,
      reason: 'A clash.',
    });
    expect(after.clashes.filter((pair) => pair.includes(meeting.id))).toEqual([]);
    if (!after.step_ok) expect(after.error).not.toMatch(/clash/);
  }
});

test('a time of the day gets the date of the scene; what is not a time is refused', async () => {
  const scene = new Replay(specOf('phase2_core')).begin();
  expect(timeFrom(scene, '9:05')).toBe('2026-09-15T09:05:00');
  expect(timeFrom(scene, '2026-09-15T14:30:00')).toBe('2026-09-15T14:30:00');
  for (const text of ['noon', '25:00', '9:75', '']) expect(timeFrom(scene, text)).toBeUndefined();
});

test('every choice in the menu is about something that exists', () => {
  const { world, ...scene } = new Replay(specOf('dinner_disaster')).begin();
  const empty = { ...world, emails: [], meetings: [], contacts: [], tasks: [] };
  expect(choicesOf({ ...scene, world: empty }).map(({ type }) => type)).toEqual(['do_nothing']);
  expect(choicesOf({ ...scene, world })).toHaveLength(8);
});

describe('a custom scenario', () => {
  test('is played from its file, with long lists and no control characters', async () => {
    const { scenario } = loadTask('phase2_core');
    const emails = Array.from({ length: 30 }, (_, index) => ({
      ...scenario.emails[0],
      id: `x${index}`,
      subject: '\u001b[31mred\u001b[0m\u0007',
    }));
    const file = join(mkdtempSync(join(tmpdir(), 'ghostexec-play-')), 'mine.json');
    writeFileSync(file, JSON.stringify({ ...scenario, events: [], emails }));
    const { code, out } = await play(['1', 'x29', 'Thanks.', 'email'], file);
    expect(code).toBe(0);
    expect(out).toContain('Replied to Gareth Boll');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a scenario may contain them, and a terminal would obey them
    expect(out).not.toMatch(/[\u001b\u0007]/);
  });
});

describe('arguments', () => {
  test.each([
    [['no_such_day'], 'no_such_day'],
    [['no-such.json'], 'no file "no-such.json"'],
    [['phase2_core', '--drift', 'no-such.json'], 'no-such.json'],
    [['phase2_core', '--rules', 'v9'], 'v9'],
    [['phase2_core', '--reward-mode', 'dense'], 'dense'],
  ])('%j exit with 2', async (args, quoted) => {
    const { code, out, err } = await play([], ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(quoted);
  });

  test('without a task, there is a menu of them', async () => {
    const { code, out } = await play(['monday_morning', 'q'], ...[]);
    expect(code).toBe(0);
    for (const { id } of listTasks()) expect(out).toContain(id);
    expect(out).toContain('You left after step 0 of 14');
    expect(await play([])).toMatchObject({ code: 0 });
  });

  test('without its drift, or with the drift of another task, a task plays differently', async () => {
    const drifting = listTasks().find(({ id }) => loadTask(id).drift !== undefined)?.id ?? '';
    const shown = async (...args: string[]): Promise<string> =>
      (await play([...Array<string>(12).fill('8'), 'b'], drifting, ...args)).out;
    const own = await shown();
    expect(own).toContain('You left after step 12');
    expect(await shown('--drift', drifting)).toBe(own);
    expect(await shown('--drift', 'none')).not.toBe(own);
  });
});

describe('at a terminal', () => {
  test('the lines of the briefing are broken between words', async () => {
    const terminal = openTerminal(['play', 'phase2_core']);
    await terminal.press('What do you do?', '\u0004');
    expect(await terminal.code).toBe(0);
    const { briefing } = new Replay(specOf('phase2_core')).begin();
    const shown = terminal.out.slice(0, terminal.out.indexOf('Arrow keys'));
    for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(Math.max(...briefing.split('\n').map(({ length }) => length))).toBeGreaterThan(80);
    const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
    // Where colours are on, the advice after the briefing begins with an escape sequence.
    expect(words(shown).slice(0, words(briefing).length)).toEqual(words(briefing));
  });

  const [UP, DOWN, ENTER, ESC, CTRL_C, CTRL_D] = ['\u001b[A', '\u001b[B', '\r', '\u001b', '\u0003', '\u0004'];

  test('arrow keys and Enter choose from menus, and typing searches a long list', async () => {
    const terminal = openTerminal(['play', 'monday_morning']);
    await terminal.press('What do you do?', ENTER);
    await terminal.press('Search', 'e11');
    await terminal.press('(1 match)', ENTER);
    await terminal.press('What do you write?', 'Thank you.', ENTER);
    await terminal.press('By which channel?', ENTER);
    await terminal.press('step 1 of 14', UP, ENTER);
    expect(await terminal.code).toBe(0);
    expect(terminal.out).toContain('Replied to Rafael Montes');
    expect(terminal.out).toContain('You left after step 1 of 14');
  });

  test('Esc goes back, and a completion of several lines is pasted', async () => {
    const terminal = openTerminal(['play', 'phase2_core']);
    await terminal.press('What do you do?', DOWN, ENTER);
    await terminal.press('Which?', ESC);
    await terminal.press('What do you do?', UP, UP, ENTER);
    await terminal.press(
      'Enter twice',
      'I think',
      ENTER,
      '{"action_type": "archive_email", "email_id": "e08"}',
      ENTER,
      ENTER,
    );
    await terminal.press('step 1 of 8', CTRL_D);
    expect(await terminal.code).toBe(0);
    expect(terminal.out).toContain('Archived Ferry Trade Weekly');
  });

  test.each([
    ['Ctrl-C', CTRL_C, 130, ''],
    ['Ctrl-D', CTRL_D, 0, 'You left after step 0 of 8'],
  ])('%s ends the command, in a menu and in a text', async (_, key, code, said) => {
    const menu = openTerminal(['play', 'phase2_core']);
    await menu.press('What do you do?', key);
    expect(await menu.code).toBe(code);
    expect(menu.out).toContain(said);
    const text = openTerminal(['play', 'phase2_core']);
    await text.press('What do you do?', UP, UP, ENTER);
    await text.press('Enter twice', key);
    expect(await text.code).toBe(code);
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s at a question exits with %i', async (signal, expected) => {
  const child = spawn(process.execPath, [MAIN, 'play', 'phase2_core'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
    if (out.endsWith('> ')) child.kill(signal);
  });
  const [code] = await exited;
  expect(code).toBe(expected);
});

test('a reader that stops reading ends the command without an error', async () => {
  const child = spawn(process.execPath, [MAIN, 'play', 'phase2_core'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += String(chunk);
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  child.stdin.end('8\n'.repeat(20));
  const [code] = await exited;
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
});
