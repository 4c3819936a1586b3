/** Policies that are programs, records or the known plans. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type EpisodeRecord, loadPolicy, readEpisodes, runRollout, verifyRun } from '../../src/index.ts';
import { TRAJECTORIES } from '../../src/rollout/run.ts';
import { cli } from '../support/cli.ts';

const root = mkdtempSync(join(tmpdir(), 'ghostexec-programs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newFolder = (): string => join(mkdtempSync(join(root, 'run-')), 'out');

let programs = 0;

/** A program in JavaScript. @param onTurn What it does with a turn; `say(value)` writes a line of JSON. */
function program(onTurn: string, onEnd = ''): string {
  const path = join(root, `program-${programs++}.mjs`);
  writeFileSync(
    path,
    `import { createInterface } from 'node:readline';
     import { appendFileSync } from 'node:fs';
     const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
     let turns = 0;
     createInterface({ input: process.stdin }).on('line', (line) => {
       const turn = JSON.parse(line);
       if (turn.end) { ${onEnd}; return; }
       turns++;
       ${onTurn}
     });`,
  );
  return `exec:${process.execPath} ${path}`;
}

type Options = { readonly episodes?: number; readonly timeoutSeconds?: number; readonly tasks?: string[] };

async function play(
  name: string,
  { episodes = 2, timeoutSeconds = 60, tasks = ['phase2_core'] }: Options = {},
  out = newFolder(),
): Promise<EpisodeRecord[]> {
  const policy = await loadPolicy(name, { timeoutSeconds });
  await runRollout({ plan: { tasks, episodes, groupSize: episodes }, policy, out, workers: 0, numEnvs: 2 });
  const records: EpisodeRecord[] = [];
  for await (const record of readEpisodes(out)) records.push(record);
  return records;
}

describe('a program', () => {
  test('reads turns, and answers with actions, completions and metadata', async () => {
    const seen = join(root, 'seen.jsonl');
    const name = program(
      `appendFileSync(${JSON.stringify(seen)}, line + '\\n');
       const answers = [
         { action_type: 'archive_email', email_id: turn.observation.inbox.emails[0].id },
         'I wait.\\n<action>{"action_type": "do_nothing"}</action>',
         { completion: '{"action_type": "do_nothing"}', metadata: { turns } },
       ];
       if (turns > 3) process.stdout.write('Then nothing. {"action_type": "do_nothing"}\\n');
       else say(answers[turns - 1]);`,
      `appendFileSync(${JSON.stringify(seen)}, line + '\\n'); say({ metadata: { turns } }); say('bye')`,
    );
    const out = newFolder();
    const [first, second] = await play(name, {}, out);
    expect(JSON.parse(first?.extra_json ?? '')).toEqual({ metadata: { turns: first?.length } });
    const steps = first?.steps ?? [];
    expect(steps[0]).toMatchObject({ completion: null, action: { action_type: 'archive_email' }, step_ok: true });
    expect(steps[1]).toMatchObject({ completion: 'I wait.\n<action>{"action_type": "do_nothing"}</action>' });
    expect(JSON.parse(steps[2]?.extra_json ?? '')).toEqual({ metadata: { turns: 3 } });
    expect(steps[3]).toMatchObject({ completion: 'Then nothing. {"action_type": "do_nothing"}', step_ok: true });
    const lines = readFileSync(seen, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const own = lines.filter(({ episode_id }) => episode_id === 'g000000-001');
    expect(own.slice(0, -1).map(({ step }) => step)).toEqual(second?.steps.map((_, step) => step));
    expect(own[0].text).toBe(second?.steps[0]?.observation);
    expect(own.at(-1)).toEqual({
      episode_id: 'g000000-001',
      end: true,
      grade: second?.grade,
      return: second?.return,
      error: null,
    });
    expect(await verifyRun(out)).toMatchObject({ reproduced: 2, differing: 0 });
  });

  const failing: readonly [string, string, RegExp][] = [
    [
      'ends',
      'if (turns > 1) { console.error("no more"); process.exit(3); } say({});',
      /the program ".*(?:"|\.\.\.) ended with exit code 3, and step 1 has no answer; the last line of its stderr: no more$/,
    ],
    [
      'hangs',
      'if (turns === 1) say({});',
      /the program ".*(?:"|\.\.\.) did not answer within 1 s, and step 1 has no answer$/,
    ],
    [
      'writes too much',
      'process.stdout.write(turns === 1 ? "{}\\n{}\\n" : "{}\\n")',
      /wrote a line that answers no turn: "\{\}", and step 1 has no answer$/,
    ],
  ];
  test.each(failing)('that %s fails its episode; the others go on', async (_, onTurn, why) => {
    const name = program(`if (turn.episode_id.endsWith('1')) say({}); else { ${onTurn} }`);
    const [first, second] = await play(name, { timeoutSeconds: 1 });
    expect(first).toMatchObject({ status: 'failed', failure: 'policy', return: null });
    expect(first?.error).toMatch(why);
    expect(second?.status).toBe('complete');
  });

  test('that does not exist fails its episodes with what the shell says', async () => {
    const [first] = await play('exec:no-such-program-here', { episodes: 1 });
    expect(first?.error).toMatch(/ended with exit code 127, and step 0 has no answer; .*not found/);
  });

  test('has ended with all that it started when the run is over', async () => {
    const pids = join(root, 'pids');
    const name = program(
      `if (turns === 1) appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n');
       if (turn.episode_id.endsWith('0')) say({});`,
      'process.exit(0)',
    );
    await play(name, { timeoutSeconds: 1 });
    const started = readFileSync(pids, 'utf8').trim().split('\n');
    expect(started).toHaveLength(2);
    // One that has ended stays in the list until its parent, which may be process 1, has taken note.
    const isAlive = (pid: string): boolean =>
      existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    expect(started.filter(isAlive)).toEqual([]);
  });

  test('plays on the command line', async () => {
    const out = newFolder();
    const args = ['--policy', program('say({})'), '--episodes', '2', '--group-size', '2', '--workers', '0'];
    expect(await cli(['rollout', '--out', out, ...args])).toMatchObject({ code: 0 });
  });
});

describe('replay', () => {
  test('plays the answers of a file again, with their metadata', async () => {
    const [out, again] = [newFolder(), newFolder()];
    const name = program(`say(turns % 2 ? { completion: '{"action_type": "do_nothing"}', metadata: { turns } } : {})`);
    const records = await play(name, {}, out);
    const replayed = await play(`replay:${join(out, TRAJECTORIES)}`, {}, again);
    expect(replayed).toEqual(records.map((record) => ({ ...record, policy: `replay:${join(out, TRAJECTORIES)}` })));
  });

  test('fails an episode that failed, is missing, or is of another task', async () => {
    const out = newFolder();
    await play(program('if (turn.episode_id.endsWith("0")) process.exit(1); say({});'), {}, out);
    const path = join(out, TRAJECTORIES);
    const records = await play(`replay:${path}`, { episodes: 3 });
    expect(records.map(({ status }) => status)).toEqual(['failed', 'complete', 'failed']);
    expect(records[0]?.error).toMatch(/its record: .*exit code 1/);
    expect(records[2]?.error).toContain('has no episode 2');
    const [, second] = await play(`replay:${path}`, { tasks: ['monday_morning'] });
    expect(second?.error).toContain('is of task phase2_core, not monday_morning');
  });

  test('refuses a file that is not there or is damaged', async () => {
    await expect(loadPolicy(`replay:${join(root, 'nothing.jsonl')}`)).rejects.toThrow('nothing.jsonl');
    const path = join(root, 'damaged.jsonl');
    writeFileSync(path, '{}\n');
    await expect(loadPolicy(`replay:${path}`)).rejects.toThrow(/line 1 of .*damaged.jsonl/);
  });
});

test('oracle plays the best known plan of every shipped task', async () => {
  const tasks = ['phase2_core', 'dinner_disaster'];
  const policy = await loadPolicy('oracle');
  const { summaries } = await runRollout({
    plan: { tasks, episodes: 2, groupSize: 1 },
    policy,
    out: newFolder(),
    workers: 0,
  });
  expect(summaries.map(({ grade }) => grade)).toEqual([0.99, 0.99]);
  const v1 = await runRollout({ plan: { tasks, episodes: 1, groupSize: 1, rules: 'v1' }, policy, out: newFolder() });
  expect(v1.summaries[0]?.error).toContain('no plan is known for task phase2_core under these rules');
});
