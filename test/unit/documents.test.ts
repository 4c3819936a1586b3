/** Scenario and drift documents from outside: what is accepted, and the errors about what is not. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, expectTypeOf, test } from 'vitest';
import {
  type DriftInput,
  type EnvSpec,
  GhostexecError,
  parseDrift,
  parseScenario,
  readDrift,
  readScenario,
  type ScenarioInput,
  SoloEnv,
  ValidationError,
} from '../../src/index.ts';
import { errorOf, SMALL_DRIFT, smallScenario } from '../vector/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-documents-'));

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('an EnvSpec takes documents by their type, and no other value', () => {
  expectTypeOf<EnvSpec['scenario']>().toEqualTypeOf<ScenarioInput | undefined>();
  expectTypeOf<EnvSpec['drift']>().toEqualTypeOf<DriftInput | null | undefined>();
  // @ts-expect-error A scenario without the time at which it begins.
  expect(() => SoloEnv.create({ scenario: { stress: 1 } })).toThrow('simulation_time: missing');
});

test('documents that were parsed are played like those that were not, with every default filled in', () => {
  const document: unknown = JSON.parse(JSON.stringify({ ...smallScenario(), stress: '30' }));
  const scenario = parseScenario(document);
  expect(scenario).toMatchObject({ stress: 30, action_log: [], episode_active: true });
  const play = (drift: DriftInput | null): number[] => {
    const env = SoloEnv.create({ scenario, drift });
    env.reset();
    return Array.from({ length: 3 }, () => env.step('{"action_type": "do_nothing"}').reward);
  };
  expect(play(parseDrift(JSON.parse(JSON.stringify(SMALL_DRIFT))))).toEqual(play(SMALL_DRIFT as DriftInput));
});

test('files are read in the same way', () => {
  const scenario = fileOf('day.json', JSON.stringify(smallScenario()));
  const drift = fileOf('drift.json', JSON.stringify(SMALL_DRIFT));
  expect(readScenario(scenario)).toEqual(parseScenario(smallScenario()));
  expect(readDrift(drift)).toEqual(parseDrift(SMALL_DRIFT));
});

test('errors have the path and the value of every problem, and name the document', async () => {
  const broken = { ...smallScenario(), stress: 'high', max_episode_steps: 0 };
  const error = await errorOf(() => parseScenario(broken, 'the day of request 7'));
  expect(error).toBeInstanceOf(ValidationError);
  expect(error.message).toContain('the day of request 7 is not valid');
  expect(error.message).toContain('stress: expected number, got "high"');
  expect(error.message).toMatch(/max_episode_steps: .*, got 0/);
  expect((await errorOf(() => parseDrift({ events: 1 }))).message).toContain('events: expected array, got 1');
});

test('a file that cannot be read or parsed is an error with its path', async () => {
  const text = fileOf('text.json', 'no JSON');
  for (const [path, code] of [
    [text, 'FILE'],
    [join(folder, 'missing.json'), 'NO_FILE'],
  ] as const) {
    const error = await errorOf(() => readScenario(path));
    expect(error).toBeInstanceOf(GhostexecError);
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(path);
  }
});
