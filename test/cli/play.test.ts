/** An episode in the terminal, played by scripts through a pipe on stdin. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Replay } from '../../src/analysis/replay.ts';
import { choicesOf, suggestTime, timeFrom } from '../../src/cli/play/menu.ts';
import { playOthers } from '../../src/cli/play/show.ts';
import { fixed, signed } from '../../src/lib/text.ts';
import { readOracle } from '../../src/scenarios/files.ts';
import { listTasks, loadTask, oraclePath } from '../../src/scenarios/shipped.ts';
import { compileSpec, loadSpec, type Spec } from '../../src/vector/spec.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

function play(script: readonly string[], ...args: string[]): { code: number | null; out: string; err: string } {
  const input = script.map((line) => `${line}\n`).join('');
  const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'play', ...args], {
    input,
    env,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

function specOf(task: string, rules: 'v1' | 'v2' = 'v2'): Spec {
  return compileSpec({ ...loadSpec({ task }), rules, rewardMode: 'full' });
}

/** The number of an action type in the menu. */
function numberOf(scene: ReturnType<Replay['begin']>, type: string): string {
  return String(choicesOf(scene).findIndex((choice) => choice.type === type) + 1);
}

describe('a scripted episode', () => {
  test('shows the unchanged briefing, and plays the chosen action with the requested fields', () => {
    const replay = new Replay(specOf('phase2_core'));
    const first = replay.begin();
    const script = [numberOf(first, 'reply_email'), 'e01', 'It is SK-3117, and I apologise.', ''];
    const played = replay.step({
      action_type: 'reply_email',
      email_id: 'e01',
      message_body: 'It is SK-3117, and I apologise.',
      channel: 'call',
    });
    const { code, out, err } = play(script, 'phase2_core');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(first.briefing);
    expect(out).toContain(`reward ${signed(played.reward, 3)}   return ${fixed(played.return, 3)}`);
    for (const { amount } of played.reasons) expect(out).toContain(signed(amount, 3));
    expect(out).toContain(`You left after step 1 of 8, with a return of ${fixed(played.return, 3)} so far.`);
    expect(out).not.toContain('\u001b');
    for (const line of out.slice(out.indexOf('Type ? for help')).split('\n'))
      expect(line.length).toBeLessThanOrEqual(80);
  });

  test.each(['v1', 'v2'] as const)(
    'to its end under rules %s shows the grade, and the results of policies',
    (rules) => {
      const spec = specOf('phase2_core', rules);
      const replay = new Replay(spec);
      let scene = replay.begin();
      const wait = numberOf(scene, 'do_nothing');
      const script: string[] = [];
      while (!replay.over) {
        scene = replay.step({ action_type: 'do_nothing' });
        script.push(wait);
      }
      const { code, out } = play([...script, ''], 'phase2_core', '--rules', rules);
      expect(code).toBe(0);
      expect(out).toContain(`Grade ${fixed(scene.grade?.grade, 3)} of 0.01 to 0.99.`);
      const others = playOthers(spec, true);
      expect(others.map(({ name }) => name)).toEqual(
        rules === 'v2' ? ['do_nothing', 'greedy', 'oracle'] : ['do_nothing', 'greedy'],
      );
      for (const { name, return: paid, grade } of others) {
        expect(out).toMatch(new RegExp(`${name} +${fixed(paid, 3)} +${fixed(grade, 3)}`));
      }
      expect(others[0]?.return).toBeCloseTo(scene.return, 9);
      expect(out).not.toContain('You left');
    },
  );

  test('never reveals the plan', () => {
    const entry = listTasks().find(({ id }) => id === 'phase2_core');
    const plan = (entry && readOracle(oraclePath(entry))?.plan) ?? [];
    const said = plan.flatMap(({ message_body, reason }) =>
      [message_body, reason].filter((text) => text !== undefined),
    );
    expect(said.length).toBeGreaterThan(2);
    const { out } = play([...Array<string>(8).fill('8'), ''], 'phase2_core');
    expect(out).toContain('oracle');
    const flat = out.replace(/\s+/g, ' ');
    for (const text of said) expect(flat).not.toContain(text.replace(/\s+/g, ' '));
  });

  test('undoes steps, also the last one of the episode', () => {
    const { code, out } = play(
      ['u', '8', '8', 'u', 'u', 'u', ...Array<string>(8).fill('8'), 'u', '8', ''],
      'phase2_core',
    );
    expect(code).toBe(0);
    expect(out.match(/There is nothing to undo/g)).toHaveLength(2);
    expect(out.match(/was undone/g)).toHaveLength(3);
    const ends = [...out.matchAll(/used up\. Return (.+)\./g)].map((match) => match[1]);
    expect(ends).toHaveLength(2);
    expect(ends[0]).toBe(ends[1]);
  });

  test('accepts a completion as a model writes it, and reports an unreadable one', () => {
    const { out } = play(
      ['raw', 'I think this can go.', '{"action_type": "archive_email", "email_id": "e08"}', '', 'raw', 'No idea.', ''],
      'phase2_core',
    );
    expect(out).toContain('Archived Ferry Trade Weekly');
    expect(out).toContain('Answered something that is not an action');
    expect(out).toMatch(/Invalid: the completion holds no JSON object/);
    expect(out).toContain('invalid\u00a0\u22120.100');
  });

  test('rejects impossible choices, and goes back at an empty line', () => {
    const { code, out } = play(['0', '99', 'nonsense', '?', 'b', '1', 'e99', '', '1', '1', '', '', 'q'], 'phase2_core');
    expect(code).toBe(0);
    for (const text of ['There is no "0" here', 'There is no "nonsense" here', 'There is no "e99" among them']) {
      expect(out).toContain(text);
    }
    expect(out.match(/Tue 15 Sep 2026, 09:00 UTC/g)).toHaveLength(2);
    expect(out).toContain('You left after step 0 of 8');
  });

  test.each([[[]], [['1']], [['1', '1']], [['1', '1', 'Thanks']], [['raw']], [['3', 'm02']]])(
    'ends when the input ends: %j',
    (script) => {
      const { code, out, err } = play(script, 'phase2_core');
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain('You left after step 0 of 8, with a return of 0.00');
    },
  );

  test('moves a meeting to a time of the same day, or to the proposed time', () => {
    const { out } = play(['3', 'm02', '11:00', 'It clashes.', '3', 'm04', '', ''], 'phase2_core');
    expect(out.replace(/\s+/g, ' ')).toContain('[m02] to Tue 15 Sep 11:00');
    expect(out).toContain('moved [m04] Winter timetable budget');
  });
});

test.each(listTasks())('a time that is proposed for a meeting of $id does not clash', ({ id }) => {
  const replay = new Replay(specOf(id));
  const scene = replay.begin();
  const proposed = scene.world.meetings.flatMap((meeting) => {
    const new_time = suggestTime(scene, meeting.id);
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

test('a time of the day gets the date of the scene; any other text is left unchanged', () => {
  const scene = new Replay(specOf('phase2_core')).begin();
  expect(timeFrom(scene, '9:05')).toBe('2026-09-15T09:05:00');
  expect(timeFrom(scene, 'noon')).toBe('noon');
});

test('every choice in the menu is about something that exists', () => {
  const { world, ...scene } = new Replay(specOf('dinner_disaster')).begin();
  const empty = { ...world, emails: [], meetings: [], contacts: [], tasks: [] };
  expect(choicesOf({ ...scene, world: empty }).map(({ type }) => type)).toEqual(['do_nothing']);
  expect(choicesOf({ ...scene, world })).toHaveLength(8);
});

describe('a custom scenario', () => {
  test('is played from its file, with long lists page by page and no control characters', () => {
    const { scenario } = loadTask('phase2_core');
    const emails = Array.from({ length: 30 }, (_, index) => ({
      ...scenario.emails[0],
      id: `x${index}`,
      subject: '\u001b[31mred\u001b[0m\u0007',
    }));
    const file = join(mkdtempSync(join(tmpdir(), 'ghostexec-play-')), 'mine.json');
    writeFileSync(file, JSON.stringify({ ...scenario, events: [], emails }));
    const { code, out } = play(['1', 'n', 'n', 'n', 'x29', 'Thanks.', 'email'], '--scenario', file);
    expect(code).toBe(0);
    expect(out).toContain('which (n: 18 more)');
    expect(out).toContain('Replied to Gareth Boll');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a scenario may contain them, and a terminal would obey them
    expect(out).not.toMatch(/[\u001b\u0007]/);
  });
});

describe('arguments', () => {
  test.each([
    [['no_such_day'], 'no_such_day'],
    [[], 'no task given'],
    [['phase2_core', '--scenario', 'x.json'], 'not both'],
    [['phase2_core', '--rules', 'v9'], 'v9'],
    [['phase2_core', '--seed', '-1'], '-1'],
    [['phase2_core', '--reward-mode', 'dense'], 'dense'],
  ])('%j exit with 2', (args, quoted) => {
    const { code, out, err } = play([], ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(quoted);
  });

  test.each([['--scenario'], ['--drift']])('a file for %s that is not there exits with 1', (option) => {
    const args = option === '--drift' ? ['phase2_core', option, 'no-such.json'] : [option, 'no-such.json'];
    expect(play([], ...args)).toMatchObject({ code: 1, err: expect.stringContaining('no-such.json') });
  });

  test('without its drift, or with the drift of another task, a task plays differently', () => {
    const drifting = listTasks().find(({ id }) => loadTask(id).drift !== undefined)?.id ?? '';
    const shown = (...args: string[]): string => play([...Array<string>(12).fill('8'), 'b'], drifting, ...args).out;
    expect(shown()).toContain('You left after step 12');
    expect(shown('--drift', drifting)).toBe(shown());
    expect(shown('--drift', 'none')).not.toBe(shown());
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
