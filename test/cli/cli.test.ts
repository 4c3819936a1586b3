import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../../src/lib/version.ts';
import { episodeRecordSchema } from '../../src/records/schema.ts';
import { PROMPT_SHA256, systemPrompt } from '../../src/sim/v2/prompt.ts';
import { cli, type Ran } from '../support/cli.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const run = (...args: string[]): Promise<Ran> => cli(args);

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'ghostexec-cli-'));
const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('arguments', () => {
  test('--version prints the version', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  });

  test.each([
    [],
    ['rollout'],
    ['report'],
    ['play'],
    ['tasks'],
    ['prompt'],
    ['scenario'],
    ['scenario', 'validate'],
    ['scenario', 'show'],
    ['schema'],
    ['verify'],
  ])('%s --help shows an example', async (...command) => {
    const { code, out } = await run(...command, '--help');
    expect(code).toBe(0);
    if (command[0] !== 'scenario' || command.length === 2) expect(out).toMatch(/Examples?:\n {2}\$ ghostexec/);
  });

  test.each([
    [['nonsense'], 'nonsense'],
    [['rollout', '--nonsense'], '--nonsense'],
    [['rollout', '--policy', 'clever'], 'clever'],
    [['rollout', '--tasks', 'phase2_core,no_such_day'], 'no_such_day'],
    [['rollout', '--episodes', '1.5'], '1.5'],
    [['rollout', '--seed', '-1'], '-1'],
    [['rollout', '--episodes', '10', '--group-size', '4'], 'multiple of 4'],
    [['rollout', '--rules', 'v9'], 'v9'],
    [['rollout', '--reward-mode', 'dense'], 'dense'],
    [['rollout', '--resume'], '--out'],
    [['rollout', '--observations', 'some'], 'some'],
    [['rollout', '--no-records', '--observations', 'none'], '--no-records'],
    [['rollout', '--no-records', '--resume', '--out', 'runs/none'], 'runs/none'],
    [['schema', 'world'], 'world'],
    [['prompt', 'phase2_core'], 'arguments'],
    [['verify'], 'path'],
  ])('%s exits with 2 and quotes the value', async (args, quoted) => {
    const { code, out, err } = await run(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(quoted);
  });
});

describe('tasks, schema, scenario', () => {
  test('tasks lists the shipped tasks', async () => {
    const { code, out } = await run('tasks', '--json');
    expect(code).toBe(0);
    const tasks: { id: string; difficulty: string }[] = JSON.parse(out);
    expect(tasks.slice(0, 3).map(({ id, difficulty }) => [id, difficulty])).toEqual([
      ['phase2_core', 'easy'],
      ['monday_morning', 'medium'],
      ['dinner_disaster', 'hard'],
    ]);
    for (const { id } of tasks) expect((await run('tasks')).out).toContain(id);
  });

  test('prompt prints the system prompt, and its hash', async () => {
    expect(await run('prompt')).toEqual({ code: 0, out: `${systemPrompt()}\n`, err: '' });
    const { code, out } = await run('prompt', '--json');
    expect([code, JSON.parse(out)]).toEqual([0, { prompt: systemPrompt(), sha256: PROMPT_SHA256 }]);
  });

  test.each(['scenario', 'drift', 'action', 'observation'])(
    'schema %s prints a JSON Schema that compiles',
    async (name) => {
      const { code, out } = await run('schema', name);
      expect(code).toBe(0);
      expect(new Ajv2020({ strict: false }).compile(JSON.parse(out))).toBeTypeOf('function');
    },
  );

  test('scenario validate accepts the shipped scenarios', async () => {
    const shipped = readdirSync(join(ROOT, 'scenarios')).filter((name) => !name.endsWith('.oracle.json'));
    const { code, out, err } = await run('scenario', 'validate', ...shipped.sort().map((name) => `scenarios/${name}`));
    expect([code, err]).toEqual([0, '']);
    expect(out.match(/: a valid scenario, /g)?.length).toBe(shipped.filter((name) => !name.includes('.drift.')).length);
    expect(out).toMatch(/drift_drill\.drift\.json: a valid drift file, 7 events\n/);
    expect(out).toMatch(/monday_morning\.json: a valid scenario, 16 emails/);
  });

  test('scenario validate warns about a scenario in which no value can be gained', async () => {
    const file = join(newFolder(), 'idle.json');
    const day = { simulation_time: '2026-06-22T09:00:00', max_episode_steps: 4 };
    writeFileSync(file, JSON.stringify(day));
    const idle = await run('scenario', 'validate', file);
    expect(idle).toMatchObject({ code: 0, out: expect.stringContaining('a valid scenario') });
    expect(idle.err).toMatch(/^warning: .*idle\.json: under rules v2 nothing is owed: [^\n]*\n$/);
    const task = { id: 't1', description: 'Sign', deadline: '2026-06-22T16:00:00', owner: 'Ana' };
    writeFileSync(file, JSON.stringify({ ...day, tasks: [task] }));
    expect(await run('scenario', 'validate', file)).toMatchObject({ code: 0, err: '' });
  });

  test('scenario validate names path and value of every problem', async () => {
    const file = join(newFolder(), 'bad.json');
    writeFileSync(file, JSON.stringify({ simulation_time: 'noon', stress: 101, tasks: [{ id: 't' }], colour: 'blue' }));
    const { code, err } = await run('scenario', 'validate', file);
    expect(code).toBe(1);
    for (const part of ['simulation_time', '"noon"', 'stress', '101', 'tasks[0].deadline', '"colour"']) {
      expect(err).toContain(part);
    }
  });

  test('scenario validate refuses a calendar with more overlapping pairs than rules v2 accept', async () => {
    const file = join(newFolder(), 'busy.json');
    const meeting = (i: number) => ({ id: `m${i}`, title: 'Sync', start: '2026-06-22T10:00:00', duration_minutes: 30 });
    const day = (count: number) =>
      JSON.stringify({
        simulation_time: '2026-06-22T09:00:00',
        meetings: Array.from({ length: count }, (_, i) => meeting(i)),
      });
    // 20 simultaneous meetings make 190 pairs, 21 make 210.
    writeFileSync(file, day(20));
    expect(await run('scenario', 'validate', file)).toMatchObject({ code: 0 });
    writeFileSync(file, day(21));
    const { code, err } = await run('scenario', 'validate', file);
    expect(code).toBe(1);
    expect(err).toContain('expected at most 200 pairs that overlap (rules v2)');
    expect(err).toContain('got at least 201, the last of them "m');
  });

  test.each([
    ['scenario', 'show'],
    ['scenario', 'validate'],
    ['solve', '--dry-run', '--beam', '2', '--max-expansions', '300'],
    ['autotune', '--seconds', '0.01', '--max-workers', '0', '--max-envs', '16', '--task'],
    ['audit', '--seeds', '1', '--out', join(newFolder(), 'audit.json'), '--tasks'],
    ['rollout', '--episodes', '8', '--no-records', '--out', join(newFolder(), 'run'), '--tasks'],
  ])('%s %s takes a task or a file, and says what it did not find', async (...command) => {
    const path = join(newFolder(), 'my_drift_drill.json');
    for (const kind of ['json', 'drift.json', 'oracle.json'])
      copyFileSync(join(ROOT, `scenarios/drift_drill.${kind}`), path.replace(/json$/, kind));
    const out = async (task: string): Promise<string> => {
      const ran = await run(...command.map((word) => (word.startsWith('/') ? join(newFolder(), 'out') : word)), task);
      expect(ran.code === 2 ? ran.err : '').toBe('');
      return ran.out;
    };
    expect(await out('drift_drill')).toContain(command[1] === 'show' ? 'Orrery' : 'drift_drill');
    expect(await out(path)).toContain(command[1] === 'show' ? 'Orrery' : 'drift_drill');
    expect(await run(...command, 'drift_dril')).toMatchObject({
      code: 2,
      err: expect.stringContaining('"drift_dril"'),
    });
    expect(await run(...command, 'no/such.json')).toMatchObject({
      code: 2,
      err: expect.stringContaining('"no/such.json"'),
    });
  });

  test('scenario show prints the first briefing', async () => {
    expect((await run('scenario', 'show', 'scenarios/phase2_core.json')).out).toMatch(
      /^Tue 15 Sep 2026, 09:00 UTC \| step 0 of 8/,
    );
  });
});

describe('verify', () => {
  test('the recordings agree', async () => {
    const { code, out } = await run('verify', 'test/conformance');
    expect(out).toMatch(/^1253 steps match, 0 differ\n363 grades match, 0 differ\n$/);
    expect(code).toBe(0);
  });

  test('the plan of a scenario file is kept beside it, and is what play is compared with', async () => {
    const file = join(newFolder(), 'mine.json');
    const day = JSON.parse(readFileSync(join(ROOT, 'scenarios/phase2_core.json'), 'utf8'));
    writeFileSync(file, JSON.stringify({ ...day, stress: 50 }));
    const waits = '8\n'.repeat(8);
    expect((await cli(['play', file], waits)).out).not.toContain('oracle');
    expect((await run('solve', file, '--beam', '5', '--max-expansions', '500')).code).toBe(0);
    expect(existsSync(file.replace('.json', '.oracle.json'))).toBe(true);
    expect((await run('solve', file, '--check')).code).toBe(0);
    expect((await cli(['play', file], waits)).out).toMatch(/best plan known +\d+\.\d+ +0\.99/);
  });

  test('differences are named by recording, step and field', async () => {
    const file = join(newFolder(), 'tampered.json');
    const recording = JSON.parse(readFileSync(join(ROOT, 'test/conformance/v1/case-1-002.json'), 'utf8'));
    recording.steps[4].expect.breakdown.conflict += 1e-6;
    recording.final.stress += 1;
    writeFileSync(file, JSON.stringify(recording));
    const { code, out } = await run('verify', file);
    expect(code).toBe(1);
    expect(out).toContain('case-1-002 step 5 breakdown.conflict: expected');
    expect(out).toContain('case-1-002 step final stress: expected');
    expect(out).toContain(`${recording.steps.length - 1} steps match, 2 differ`);
  });

  test('a grade that differs, and a file that is not a recording, fail', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'a.json'), '[{"trajectory":{"rewards":[]},"scores":{"phase2_core":0.25}}]');
    writeFileSync(join(folder, 'b.json'), '{"hello":1}');
    const { code, out } = await run('verify', folder);
    expect(code).toBe(1);
    expect(out).toContain('phase2_core: expected 0.25, got 0.5');
    expect(out).toContain('b.json step - -: expected "a recording"');
  });

  test('a rollout is played again, by its folder, its file, or the folder of several runs', async () => {
    const runs = newFolder();
    const out = join(runs, 'a');
    await run('rollout', '--policy', 'random', '--episodes', '8', '--group-size', '4', '--out', out);
    const file = join(out, 'trajectories.jsonl');
    for (const path of [out, file, runs]) {
      const { code, out: printed } = await run('verify', path);
      expect(code).toBe(0);
      expect(printed).toMatch(/^\S+trajectories\.jsonl: 8 of 8 episodes reproduce \(\d+ steps\)\n$/);
    }
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, [lines[0]?.replace(/"return":[^,]*/, '"return":3.5'), ...lines.slice(1)].join('\n'));
    const { code, out: printed } = await run('verify', out);
    expect(code).toBe(1);
    expect(printed).toContain(`${file} episode g000000-000 return: expected 3.5, got `);
    expect(printed).toContain(': 7 of 8 episodes reproduce');
  });
});

describe('rollout', () => {
  const PLAN = ['--policy', 'random', '--episodes', '60', '--group-size', '4', '--seed', '9'];

  test('writes trajectories, a manifest and a table, and quiet lines without a terminal', async () => {
    const out = join(newFolder(), 'run');
    const result = await run('rollout', ...PLAN, '--out', out);
    expect(result.code).toBe(0);
    const records = readFileSync(join(out, 'trajectories.jsonl'), 'utf8').trimEnd().split('\n');
    expect(records.map((line) => episodeRecordSchema.parse(JSON.parse(line)).index)).toEqual(records.map((_, i) => i));
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ status: 'complete', episodes_written: 60, plan: { seed: 9, groupSize: 4 } });
    expect(Object.keys(manifest.scenario_hashes)).toEqual(['phase2_core', 'monday_morning', 'dinner_disaster']);
    expect(result.out).toMatch(
      /task +episodes +failed +return \(95% CI\) +grade +met +missed +collateral +invalid +steps\/s/,
    );
    expect(result.out).toMatch(/phase2_core +20 +0 +-?\d+\.\d{3} ± \d+\.\d{3} +0\.\d{4}/);
    expect(result.err).toContain('60/60 episodes');
    expect(result.err).not.toContain('\u001b');
  });

  test('equal plans leave equal bytes, for any number of workers', async () => {
    const hashes = new Set<string>();
    for (const workers of ['0', '1', '4']) {
      const out = join(newFolder(), 'run');
      expect((await run('rollout', ...PLAN, '--workers', workers, '--out', out)).code).toBe(0);
      hashes.add(hash(join(out, 'trajectories.jsonl')));
    }
    expect(hashes.size).toBe(1);
  });

  test('--observations none leaves the briefings out, also in a resumed run', async () => {
    const out = join(newFolder(), 'run');
    expect((await run('rollout', ...PLAN, '--observations', 'none', '--out', out)).code).toBe(0);
    const path = join(out, 'trajectories.jsonl');
    const records = readFileSync(path, 'utf8').trimEnd().split('\n');
    const steps = records.flatMap((line) => episodeRecordSchema.parse(JSON.parse(line)).steps);
    expect(new Set(steps.map(({ observation }) => observation))).toEqual(new Set([null]));
    expect((await run('rollout', '--out', out, '--resume', '--observations', 'all')).err).toContain(
      'observations "none"',
    );
    const before = hash(path);
    truncateSync(path, sizeOf(path) >> 1);
    expect((await run('rollout', '--out', out, '--resume')).code).toBe(0);
    expect(hash(path)).toBe(before);
  });

  test('--no-records writes a summary instead of trajectories, prints the same table, and is not resumed', async () => {
    const [out, full] = [join(newFolder(), 'run'), join(newFolder(), 'run')];
    const result = await run('rollout', ...PLAN, '--no-records', '--out', out);
    expect(result.code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['manifest.json', 'summary.json']);
    const rows = (text: string): string[] =>
      text.split('\n').flatMap((line) => /^ *(\w+ +60|\w+ +20 +0 .*%)/.exec(line)?.[1] ?? []);
    expect(rows(result.out)).toHaveLength(3);
    expect(rows((await run('rollout', ...PLAN, '--out', full)).out)).toEqual(rows(result.out));
    expect(await run('rollout', '--resume', '--out', out)).toMatchObject({ code: 2 });
  });

  test('a finished run is not overwritten, and resuming it changes nothing', async () => {
    const out = join(newFolder(), 'run');
    await run('rollout', ...PLAN, '--out', out);
    const before = hash(join(out, 'trajectories.jsonl'));
    expect(await run('rollout', ...PLAN, '--out', out)).toMatchObject({ code: 2 });
    expect((await run('rollout', '--out', out, '--resume', '--seed', '10')).err).toContain('seed 9, not 10');
    expect(await run('rollout', '--out', out, '--resume')).toMatchObject({ code: 0 });
    expect(hash(join(out, 'trajectories.jsonl'))).toBe(before);
  });
});
