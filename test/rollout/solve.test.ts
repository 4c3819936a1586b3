/** The solver, its plans, and the stored plans. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { solveCompiled as solve } from '../../src/analysis/solve/search.ts';
import { auditPlan, checkOracle, measurePlan, oracleOf } from '../../src/analysis/solve/sidecar.ts';
import { type Oracle, readDrift, readOracle, readScenario } from '../../src/scenarios/files.ts';
import { listTasks, oraclePath, packagePath, type TaskEntry, taskIds } from '../../src/scenarios/shipped.ts';
import { compileFor } from '../../src/sim/rules.ts';
import type { CompiledScenario } from '../../src/world/compile.ts';
import { type Action, scenarioSchema } from '../../src/world/schema.ts';
import { parseWith } from '../../src/world/validate.ts';
import { cli } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-solve-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function compileTask({ scenario, drift }: TaskEntry): CompiledScenario {
  const events = drift === undefined ? undefined : readDrift(packagePath(drift));
  return compileFor('v2', readScenario(packagePath(scenario)), events);
}

function entryOf(id: string): TaskEntry {
  const entry = listTasks().find((one) => one.id === id);
  if (entry === undefined) throw new Error(`no task ${id}`);
  return entry;
}

function storedFor(entry: TaskEntry): Oracle {
  const oracle = readOracle(oraclePath(entry));
  if (oracle === undefined) throw new Error(`${oraclePath(entry)} is missing; ghostexec solve ${entry.id} writes it`);
  return oracle;
}

const TOTAL = {
  id: 'the total',
  kind: 'value',
  type: 'money',
  is: ['7,250', 'nine thousand'],
  about: ['total', 'come', 'comes'],
  example: 'It comes to 7,250 in total.',
};

/** A day whose figures can all be computed by hand. */
function tinyDay(extra: object): CompiledScenario {
  const world = {
    simulation_time: '2026-03-02T09:00:00',
    day_end: '2026-03-02T12:00:00',
    contacts: [
      { name: 'Ann Bell', relationship_type: 'client', communication_preference: 'text', importance: 5 },
      {
        name: 'Cy Dunn',
        relationship_type: 'direct_report',
        communication_preference: 'email',
        importance: 1,
        mood: 'happy',
        skills: ['ledger'],
        load_limit: 1,
      },
    ],
    emails: [
      {
        id: 'e1',
        sender: 'Ann Bell',
        subject: 'Total?',
        body: 'What does it come to?',
        priority: 'high',
        sender_relationship: 'VIP',
        asks: [TOTAL],
        reply: { by: '2026-03-02T10:00:00' },
      },
      {
        id: 'e2',
        sender: 'Cy Dunn',
        subject: 'Ledger',
        body: 'It comes to 7,250.',
        priority: 'normal',
        sender_relationship: 'professional',
      },
    ],
    ...extra,
  };
  return compileFor('v2', parseWith(scenarioSchema, world, 'tiny day'));
}

const LEDGER = { description: 'Close it', deadline: '2026-03-02T12:00:00', owner: 'Me', skill: 'ledger' };
const SMALL = { beam: 20, seed: 3, maxExpansions: 20_000 };

describe('shipped plans', () => {
  test.each(taskIds())('%s: the plan reaches the stored values, and the floor is the stored one', (id) => {
    const entry = entryOf(id);
    const c = compileTask(entry);
    const oracle = storedFor(entry);
    expect(checkOracle(id, c, oracle)).toEqual([]);
    expect(oracle.v_oracle).toBeGreaterThan(oracle.v_floor + 0.5);
  });

  test.each(taskIds())('%s: each step uses only what an earlier briefing contains', (id) => {
    const entry = entryOf(id);
    expect(auditPlan(compileTask(entry), storedFor(entry).plan)).toEqual([]);
  });
});

describe('the solver', () => {
  test('finds the best plan of a tiny day exactly', async () => {
    const c = tinyDay({ tasks: [{ ...LEDGER, id: 't1', effort: 'medium', skill: 'none' }] });
    const { actions, value, exhausted } = await solve(c, SMALL);
    // All obligations are met. Ann, at importance 5, ends one rung above neutral and Cy stays happy; the answer weighs 3.
    expect(value).toBeCloseTo(0.35 + (0.35 * (3 + 5 + 1)) / (3 + 5 + 1) + 0.3, 12);
    expect(exhausted).toBe(false);
    expect(actions.map(({ action_type }) => action_type).sort()).toEqual(['complete_task', 'reply_email']);
    const [message] = actions.filter(({ action_type }) => action_type === 'reply_email');
    expect(message).toMatchObject({ channel: 'text' });
    expect(message?.message_body).toContain('7,250');
    expect(auditPlan(c, actions)).toEqual([]);
  });

  test('does the most valuable work if there is not enough time for all', async () => {
    const tasks = [
      { ...LEDGER, id: 't1', effort: 'high', priority: 'low', skill: 'none' },
      { ...LEDGER, id: 't2', effort: 'high', priority: 'critical', skill: 'none' },
    ];
    const { actions, value } = await solve(tinyDay({ tasks }), SMALL);
    expect(value).toBeCloseTo(0.35 + 0.35 + 0.3 * (4 / 5), 12);
    expect(actions.some(({ task_id }) => task_id === 't2')).toBe(true);
    expect(actions.some(({ task_id }) => task_id === 't1')).toBe(false);
  });

  test('states a value only after a briefing has shown it', async () => {
    const late = { ...tinyDay({}).world.emails[1], id: 'e3', body: 'Corrected: it comes to nine thousand and ten.' };
    const c = tinyDay({ events: [{ at: '2026-03-02T09:20:00', emails: [late] }] });
    const asks = [{ ...TOTAL, is: ['9,010'], example: 'It comes to 9,010.' }];
    const emails = c.world.emails.slice(0, 2).map((email) => (email.id === 'e1' ? { ...email, asks } : email));
    const day = tinyDay({ emails, events: [{ at: '2026-03-02T09:20:00', emails: [late] }] });
    const { actions } = await solve(day, SMALL);
    const at = actions.findIndex(({ message_body }) => message_body !== undefined);
    expect(at).toBeGreaterThan(0);
    expect(auditPlan(day, actions)).toEqual([]);
    expect(auditPlan(day, actions.slice(at))).toEqual(['step 1: "the total" of e1']);
  });

  test('finds the same plan again, regardless of earlier searches', async () => {
    const c = compileTask(entryOf('phase2_core'));
    const options = { beam: 12, seed: 5, maxExpansions: 4_000 };
    const first = await solve(c, options);
    await solve(tinyDay({}), SMALL);
    expect(await solve(c, options)).toEqual(first);
  });

  test('finishes its plan even if the expansions run out at once', async () => {
    const c = compileTask(entryOf('phase2_core'));
    const { actions, exhausted, value } = await solve(c, { beam: 4, seed: 0, maxExpansions: 1 });
    expect(exhausted).toBe(true);
    const measured = measurePlan(c, actions);
    expect(measured.grade).toBeDefined();
    expect(measured.value).toBe(value);
  });
});

describe('the audit', () => {
  const c = tinyDay({ tasks: [{ ...LEDGER, id: 't1', effort: 'medium' }] });
  const sorry = 'I am sorry about this. The total comes to';

  test.each<[string, Action, string]>([
    ['an id', { action_type: 'archive_email', email_id: 'e9' }, 'step 1: id e9'],
    ['a name', { action_type: 'delegate_task', task_id: 't1', contact_name: 'Zoe Yu' }, 'step 1: name Zoe Yu'],
    [
      'a fact',
      { action_type: 'reply_email', email_id: 'e1', message_body: `${sorry} nine thousand.` },
      'step 1: "the total" of e1',
    ],
  ])('finds %s that no briefing shows', (_what, action, problem) => {
    expect(auditPlan(c, [action])).toEqual([problem]);
  });

  test('recognizes another form of a figure', () => {
    const reply: Action = { action_type: 'reply_email', email_id: 'e1', message_body: `${sorry} 7250 in all.` };
    expect(auditPlan(c, [reply])).toEqual([]);
  });
});

describe('a stored plan', async () => {
  const c = tinyDay({ tasks: [{ ...LEDGER, id: 't1', effort: 'medium' }] });
  const oracle = oracleOf('tiny', c, await solve(c, SMALL), SMALL);

  test('that is unchanged agrees', () => {
    expect(checkOracle('tiny', c, oracle)).toEqual([]);
  });

  test.each<[string, Partial<Oracle>, string]>([
    ['another floor', { v_floor: oracle.v_floor + 1e-6 }, 'v_floor'],
    ['a better V', { v_oracle: oracle.v_oracle + 1e-6 }, 'v_oracle'],
    ['another return', { return: oracle.return - 1e-6 }, 'return'],
    ['another scenario', { scenario_sha256: '0'.repeat(64) }, 'scenario_sha256'],
    ['another task', { task_id: 'other' }, 'task_id'],
    ['a step too few', { plan: oracle.plan.slice(1) }, 'plan reaches the end'],
    ['a step too many', { plan: [...oracle.plan, { action_type: 'do_nothing' }] }, 'steps of the plan'],
    ['an invalid step', { plan: [{ action_type: 'complete_task', task_id: 'x' }, ...oracle.plan] }, 'invalid steps'],
  ])('with %s does not', (_what, change, field) => {
    expect(checkOracle('tiny', c, { ...oracle, ...change }).map((one) => one.field)).toContain(field);
  });
});

describe('ghostexec solve', () => {
  const id = 'phase2_core';
  const path = join(folder, basename(oraclePath(entryOf(id))));
  const quick = ['--beam', '8', '--max-expansions', '1500', '--dir', folder];

  test('prints a plan step by step and keeps it; --check agrees with it, and finds a change', async () => {
    const { code, out } = await cli(['solve', id, ...quick]);
    expect(code).toBe(0);
    expect(out).toMatch(/ 1 until \d\d:\d\d {2}[+-]\d\.\d{3} {2}\w+/);
    expect(out).toMatch(/V \d\.\d{4}, floor \d\.\d{4}, return \d\.\d{3}: conflict/);
    expect(out).not.toContain('warning');
    expect(await cli(['solve', id, '--check', '--dir', folder])).toMatchObject({ code: 0 });
    const kept = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...kept, v_oracle: kept.v_oracle + 1e-6 }));
    const checked = await cli(['solve', id, '--check', '--dir', folder]);
    expect(checked.code).toBe(1);
    expect(checked.out).toMatch(/phase2_core v_oracle: stored 0\.\d+, measured 0\.\d+/);
    rmSync(path);
    const missing = await cli(['solve', id, '--check', '--dir', folder]);
    expect(missing.code).toBe(1);
    expect(missing.out).toContain('no file');
  });

  test.each([[[]], [['nowhere']], [[id, '--check', '--dry-run']]])('solve %j ends with 2', async (args) => {
    expect((await cli(['solve', ...args])).code).toBe(2);
  });
});
