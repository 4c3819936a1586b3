/** pyarrow, pandas and datasets read trajectories as the same values, with the types that docs/TRAJECTORIES.md declares. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { recordAnswer } from '../../src/records/line-writer.ts';
import { recordJson } from '../../src/records/record-json.ts';
import { type EpisodeRecord, episodeRecordSchema, type StepRecord } from '../../src/records/schema.ts';
import { runRollout } from '../../src/rollout/run.ts';
import type { PolicyAnswer } from '../../src/world/completion/completion.ts';
import { episode, step } from '../rollout/traces-support.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DOCS = readFileSync(new URL('../../docs/TRAJECTORIES.md', import.meta.url), 'utf8');
const CODE = [...DOCS.matchAll(/```python\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
const folder = mkdtempSync(join(tmpdir(), 'ghostexec-python-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The path of Python in an environment with pyarrow, pandas and datasets. It is created once for each list of versions. */
function python(): string {
  const list = join(HERE, 'requirements.txt');
  const version = createHash('sha256').update(readFileSync(list)).digest('hex').slice(0, 12);
  const home = fileURLToPath(new URL(`../../node_modules/.cache/python-${version}`, import.meta.url));
  if (!existsSync(home)) {
    // The scripts of an environment contain the path of its folder, but its Python does not. The complete folder can thus be moved.
    const fresh = `${home}-${process.pid}`;
    mkdirSync(join(home, '..'), { recursive: true });
    execFileSync('/usr/bin/python3', ['-m', 'venv', fresh]);
    execFileSync(join(fresh, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--requirement', list]);
    renameSync(fresh, home);
  }
  return join(home, 'bin/python');
}

type File = { readonly [what: string]: unknown };
const readers = (outcomes: File): File => ({
  'pyarrow, declared': 'equal',
  'datasets, declared': 'equal',
  pandas: 'equal',
  ...outcomes,
});
const ALL = readers({ pyarrow: 'equal', 'pyarrow, one block': 'equal', datasets: 'equal' });

const ARCHIVE = '{"action_type": "archive_email", "email_id": "e01"}';
const ODD = `na\u00efve \u2028\u2029\u0085 \u{1f989} \ud800 "quoted" \\u2028 \u0000 ${ARCHIVE}`;
/** Texts, objects, objects with unexpected values, and an answer that is neither a text nor an object. */
const ANSWERS: readonly unknown[] = [
  `<action>${ARCHIVE}</action>`,
  { action_type: 'archive_email', email_id: 'e02' },
  'I do nothing.\r\n2026-09-15',
  { action_type: 'archive_email', email_id: 7, mood: [{ blue: true }], metadata: { n: 1 } },
  ODD,
  [1],
  { action_type: 'reschedule_meeting', meeting_id: 'm01', new_time: '2026-09-15T16:00', reason: '\u2028' },
];

async function rollOut(
  name: string,
  answers: readonly unknown[],
  observations: 'all' | 'none',
  episodes = 24,
): Promise<string> {
  const out = join(folder, name);
  const tasks = ['phase2_core', 'monday_morning'];
  const plan = {
    tasks,
    episodes,
    groupSize: 4,
    seed: 5,
    rules: 'v2',
    rewardMode: 'full',
    observations,
  } as const;
  const policy = {
    name: 'mixed',
    start: (seed: number) => {
      let at = seed % 7;
      return {
        act: () => {
          if (at++ === 12) throw new Error('no more \u2028 \ud800');
          return answers[at % answers.length] as PolicyAnswer;
        },
      };
    },
  };
  await runRollout({ plan, policy, out, workers: 0, numEnvs: 8, resume: false });
  return rename(join(out, 'trajectories.jsonl'), name);
}

function rename(path: string, name: string): string {
  const to = join(folder, `${name}.jsonl`);
  renameSync(path, to);
  return to;
}

function write(name: string, records: readonly EpisodeRecord[]): string {
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, records.map((record) => `${recordJson(record)}\n`).join(''));
  return path;
}

/** More than the 10 MB from which datasets infers types: at first only whole numbers and nulls, and then all other values. */
function lateTypes(): string {
  const long = 'x'.repeat(6_000);
  const dull = step({ observation: long, reward: 1 });
  const grade_parts = {
    grade: 0.5,
    value: 1,
    floor: 0,
    oracle: 1,
    conflict: 0,
    relationship: 0.5,
    task: 0,
    collateral: 0,
    met: 1,
    late: 0,
    missed: 2,
  };
  const parts = { ...dull.reward_breakdown, final: 0.25, catastrophic_penalty: -0.5 };
  const rich: StepRecord[] = [
    step({
      observation: long,
      ...recordAnswer('hello'),
      step_ok: false,
      error: 'no action',
      reward: 0.25,
      reward_breakdown: parts,
    }),
    step({ observation: null, ...recordAnswer({ action_type: 'nap', mood: 1 }) }),
  ];
  const early = { return: 1, grade: null, grade_parts: null, advantage: null };
  return write(
    'late types',
    Array.from({ length: 1_000 }, (_, index) =>
      index < 900
        ? episode(index, { ...early, steps: [dull, dull] })
        : episode(index, {
            status: 'failed',
            error: 'late',
            return: 0.5,
            grade: 0.25,
            grade_parts,
            advantage: -1.5,
            steps: rich,
          }),
    ),
  );
}

/** The same with a value in every field from the beginning: only the numbers change. */
function lateNumbers(): string {
  const long = 'x'.repeat(6_000);
  const full = {
    grade: 1,
    value: 1,
    floor: 0,
    oracle: 1,
    conflict: 0,
    relationship: 0,
    task: 0,
    collateral: 0,
    met: 1,
    late: 0,
    missed: 2,
  };
  const dull = step({ observation: long, reward: 1 });
  const paid = step({ observation: long, reward: 0.5, reward_breakdown: { ...dull.reward_breakdown, final: 0.5 } });
  return write(
    'late numbers',
    Array.from({ length: 1_000 }, (_, index) =>
      index < 900
        ? episode(index, { return: 1, grade: 1, grade_parts: full, advantage: 0, steps: [dull, dull] })
        : episode(index, {
            return: 0.5,
            grade: 0.5,
            grade_parts: { ...full, value: 0.5 },
            advantage: 1e-7,
            steps: [paid, paid],
          }),
    ),
  );
}

/** The Arrow names of the types of a JSON Schema. In Arrow, every field may be null. */
function typesOf(schema: z.core.JSONSchema.BaseSchema): unknown {
  const type = [schema.type, ...(schema.anyOf ?? []).map((one) => typesOf(one))]
    .flat()
    .find((one) => one !== undefined && one !== 'null');
  if (typeof type === 'object') return type;
  const { properties, items } = schema as {
    properties?: Record<string, z.core.JSONSchema.BaseSchema>;
    items?: z.core.JSONSchema.BaseSchema;
  };
  if (properties !== undefined) {
    return Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, typesOf(one)]));
  }
  if (items !== undefined) return [typesOf(items)];
  return { string: 'string', number: 'double', integer: 'int64', boolean: 'bool', null: 'null' }[
    String(type ?? 'null')
  ];
}

describe('trajectories in Python', () => {
  let loaded: { schema: unknown; files: Record<string, File> };

  beforeAll(async () => {
    const files = [
      await rollOut('mixed', ANSWERS, 'none'),
      await rollOut('texts', [`<action>${ARCHIVE}</action>`, ODD], 'all'),
      lateNumbers(),
      lateTypes(),
    ];
    const schema = join(folder, 'schema.py');
    writeFileSync(schema, CODE[0] ?? '');
    const { stdout } = await promisify(execFile)(python(), [join(HERE, 'load_trajectories.py'), schema, ...files], {
      maxBuffer: 2 ** 26,
    });
    loaded = JSON.parse(stdout);
  }, 600_000);

  test('the types declared on the page equal those of the schema', () => {
    expect(loaded.schema).toEqual(typesOf(z.toJSONSchema(episodeRecordSchema)));
  });

  test('completions, objects, failed episodes, no observations and odd characters load without declared types', () => {
    const mixed = loaded.files['mixed.jsonl'];
    expect(mixed).toMatchObject(ALL);
    expect(mixed).toMatchObject({ lines: [24, 24] });
    const records = recordsIn('mixed');
    const steps = records.flatMap((record) => record.steps);
    expect(mixed).toMatchObject({
      steps: steps.length,
      completions: steps.flatMap(({ completion }) => completion ?? []).slice(0, 3),
      actions: steps.filter(({ action }) => action !== null).length,
      extras: steps.filter(({ extra_json }) => extra_json !== null).length,
      returns: records.reduce((sum, one) => sum + (one.return ?? 0), 0),
    });
    expect(records.filter(({ status }) => status === 'failed').length).toBeGreaterThan(3);
    expect(steps.map(({ completion }) => completion)).toContain(ODD.toWellFormed());
    expect(loaded.files['texts.jsonl']).toMatchObject(ALL);
  });

  test('a file whose numbers are whole for more than 10 MB, and then are not, loads without declared types', () => {
    expect(loaded.files['late numbers.jsonl']).toMatchObject({
      ...ALL,
      megabytes: expect.toSatisfy((n: number) => n > 10),
    });
  });

  test('a file whose fields are null for more than 10 MB, and then are not, needs the declared types', () => {
    expect(loaded.files['late types.jsonl']).toMatchObject(
      readers({
        pyarrow: 'JSON conversion to struct',
        'pyarrow, one block': 'equal',
        datasets: "Couldn't cast array of type string to null",
      }),
    );
    expect(loaded.files['late types.jsonl']).toMatchObject({ megabytes: expect.toSatisfy((n: number) => n > 10) });
  });

  test('the other Python examples of the page run', async () => {
    const path = join(folder, 'mixed.jsonl');
    const code = `${CODE.slice(0, 2).join('\n').replace('runs/a/trajectories.jsonl', path)}\nprint(len(episodes), len(frame), table.num_rows)`;
    const env = { ...process.env, HF_HOME: join(folder, 'hf'), HF_HUB_OFFLINE: '1' };
    const { stdout } = await promisify(execFile)(python(), ['-c', code], { env });
    expect(stdout).toBe('24 24 24\n');
  }, 60_000);
});

function recordsIn(name: string): EpisodeRecord[] {
  const lines = readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => episodeRecordSchema.parse(JSON.parse(line)));
}
