/** The figures of rules v2, and every known way to gain reward without useful work. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Audit, audit, EXPLOIT_SHARE } from '../../src/analysis/audit/audit.ts';
import { EXPLOITS, PLAYERS } from '../../src/analysis/audit/exploits.ts';
import { search } from '../../src/analysis/audit/search.ts';
import { play } from '../../src/analysis/audit/worker.ts';
import { doNothing } from '../../src/policies/policies.ts';
import { defaultTaskIds, loadTask } from '../../src/scenarios/shipped.ts';
import { compileFor } from '../../src/sim/rules.ts';
import { gradeOf } from '../../src/sim/v2/grade.ts';
import type { CompiledScenario } from '../../src/world/compile.ts';
import { scenarioSchema } from '../../src/world/schema.ts';
import { cli, type Ran } from '../support/cli.ts';

/** Figures that the days do not reach yet. The list may only become shorter. */
const KNOWN_MISSES: readonly string[] = JSON.parse(
  readFileSync(new URL('./known-misses.json', import.meta.url), 'utf8'),
);

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-audit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function compileTask(id: string): CompiledScenario {
  const { scenario, drift, oracle } = loadTask(id);
  return compileFor('v2', scenario, drift, oracle);
}

/** Known misses of days.test.ts. */
const OF_DAYS = /^(?:ends by the clock|owed told|drift matters)/;

describe('an audit of the certified tasks', () => {
  let result: Audit;
  beforeAll(async () => {
    result = await audit({ tasks: defaultTaskIds(), seeds: 60, seed: 3, workers: 2, searchSteps: 12_000 });
  }, 60_000);

  test('reaches every required figure but the known misses, each of which is one', () => {
    const missed = result.figures.filter(({ ok }) => !ok).map((one) => `${one.figure} | ${one.task} | ${one.player}`);
    expect(missed.sort()).toEqual(KNOWN_MISSES.filter((one) => !OF_DAYS.test(one)).sort());
  });

  test('measures every player on every task under both rulesets', () => {
    const measured = result.measured.map(({ task, rules, player }) => `${task} ${rules} ${player}`);
    const expected = defaultTaskIds().flatMap((task) =>
      ['v2', 'v1'].flatMap((rules) => PLAYERS.map(({ name }) => `${task} ${rules} ${name}`)),
    );
    expect(measured).toEqual(expected);
    for (const { kind, episodes } of result.measured) expect(episodes).toBe(kind === 'random' ? 60 : 1);
  });

  test('shows what rules v1 pay for', () => {
    const paid = (player: string): number =>
      result.measured.find((one) => one.rules === 'v1' && one.task === 'phase2_core' && one.player === player)
        ?.share_of_oracle ?? 0;
    for (const player of ['same_reply', 'message_spam', 'complete_delegate', 'insults', 'dots']) {
      expect(paid(player)).toBeGreaterThan(0.5);
    }
  });

  test('gives the same figures for another number of workers', async () => {
    const again = await audit({ tasks: ['phase2_core'], seeds: 60, seed: 3, workers: 1, searchSteps: 0 });
    expect(again.measured).toEqual(result.measured.filter(({ task }) => task === 'phase2_core'));
  });
});

describe.each(defaultTaskIds())('no exploit is paid on %s', (task) => {
  const c = compileTask(task);
  const bounds = (async () => {
    const [idle] = play(c, 'v2', task, doNothing, 0);
    return { idle: idle?.return ?? Number.NaN, span: 10 * ((c.day?.oracle ?? 1) - (c.day?.floor ?? 0)) };
  })();

  test.each(EXPLOITS.map((policy) => [policy.name, policy] as const))('%s', async (_, policy) => {
    const { idle, span } = await bounds;
    const [played] = play(c, 'v2', task, policy, 0);
    expect(played?.grade).toBeLessThanOrEqual(0.15);
    expect(played?.return).toBeLessThanOrEqual(idle + EXPLOIT_SHARE * span);
  });
});

test('a grade is at a bound for a value outside floor and oracle, and if both are equal', () => {
  expect([gradeOf(-1, 0.1, 0.9), gradeOf(0.1, 0.1, 0.9), gradeOf(2, 0.1, 0.9)]).toEqual([0.01, 0.01, 0.99]);
  expect([gradeOf(0.4, 0.5, 0.5), gradeOf(0.5, 0.5, 0.5)]).toEqual([0.01, 0.99]);
});

test('the search finds a world that pays without work', () => {
  // In this world, an answer to a stranger makes the only contact happy.
  const world = scenarioSchema.parse({
    simulation_time: '2026-06-22T09:00:00',
    max_episode_steps: 6,
    day_end: '2026-06-22T12:00:00',
    contacts: [
      {
        name: 'Ada Quill',
        relationship_type: 'client',
        communication_preference: 'email',
        importance: 5,
        mood: 'furious',
      },
    ],
    tasks: [
      { id: 't1', description: 'Paint the fence', deadline: '2026-06-22T11:00:00', owner: 'Ada Quill', effort: 'low' },
    ],
    emails: [
      {
        id: 'e1',
        sender: 'Stranger',
        subject: 'Well',
        body: 'Well?',
        priority: 'high',
        sender_relationship: 'unknown',
        asks: [{ id: 'how it is', kind: 'act', says: [['well', 'fine']], example: 'All is well here.' }],
        reply: { by: '2026-06-22T09:30:00' },
      },
    ],
    events: [
      {
        when: { obligation: 'reply:e1', is: 'met' },
        set_contact_mood: { name: 'Ada Quill', mood: 'happy' },
      },
    ],
  });
  const found = search(compileFor('v2', world), { kind: 'search', task: 'inline', rules: 'v2', steps: 3_000, seed: 1 });
  expect(found.worstUnearned).toBeGreaterThan(1);
  expect(found.steps).toBeGreaterThanOrEqual(3_000);
  expect(found.unearnedProgram.length).toBeGreaterThan(0);
});

test('the command prints the table, writes the JSON and ends with 1 if a figure is missed', async () => {
  const run = (...args: string[]): Promise<Ran> => cli(['audit', ...args]);
  const file = join(folder, 'audit.json');
  const good = await run('--tasks', 'vip_meltdown', '--seeds', '20', '--out', file);
  expect(good.out).toMatch(/vip_meltdown +greedy +1 +/);
  expect(good.code).toBe(0);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ tasks: ['vip_meltdown'], seeds: 20, ok: true });
  // With this seed, one episode of each policy is too few for the rank correlation.
  const bad = await run('--tasks', 'phase2_core', '--seeds', '1', '--seed', '1', '--out', file);
  expect(bad.out).toMatch(/Missed:\n(?:.*\n)*rank correlation/);
  expect(bad.code).toBe(1);
  expect((await run('--tasks', 'nowhere')).code).toBe(2);
}, 60_000);
