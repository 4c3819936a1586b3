/** Reward and observation profiles of batches: the rows are those of single episodes under the same profiles. */
import { describe, expect, test } from 'vitest';
import { storedPlan } from '../../src/policies/oracle.ts';
import { listTasks, oraclePath } from '../../src/scenarios/shipped.ts';
import type { ResultRow } from '../../src/server/batch/wire.ts';
import { Session } from '../../src/server/session.ts';
import { Specs } from '../../src/server/specs.ts';
import { REWARD_PROFILES } from '../../src/sim/reward-profile.ts';
import type { Rules } from '../../src/sim/rules.ts';
import { AUTORESETS, type Autoreset } from '../../src/vector/spec.ts';
import type { Action } from '../../src/world/schema.ts';
import { LADDER } from '../vector/support.ts';
import { Client, FORMATS } from './support-batch.ts';
import { serve } from './support-server.ts';

const specs = new Specs({ task: 'phase2_core', rules: 'v2', rewardMode: 'full' });
const NOTHING = { action_type: 'do_nothing' } as const;

/** The stored plan of a task. Its answers are worth something, so grades differ from step to step. */
function planOf(task: string): readonly Action[] {
  const entry = listTasks().find(({ id }) => id === task);
  const plan = entry && storedPlan(oraclePath(entry));
  if (plan === undefined) throw new Error(`no plan is stored for ${task}`);
  return plan;
}

type Shown = Pick<ResultRow, 'reward' | 'terminated' | 'truncated'> & {
  readonly briefing: string | undefined;
  readonly final?: { readonly briefing: string | undefined };
};

/** A single episode that follows the rules of autoreset of a batch. */
class Reference {
  private readonly session = new Session(specs);
  private readonly data: object;
  private readonly autoreset: Autoreset;
  private readonly plan: readonly Action[];
  private turn = 0;

  constructor(task_id: string, rules: Rules, autoreset: Autoreset, profiles: object) {
    this.data = { task_id, rules, seed: 0, ...profiles };
    this.autoreset = autoreset;
    this.plan = planOf(task_id);
  }

  get action(): Action {
    return this.plan[this.turn] ?? NOTHING;
  }

  begin(): Shown {
    this.turn = 0;
    return rowOf(this.session.reset(this.data));
  }

  step(): Shown {
    if (this.session.answer?.done && this.autoreset === 'next_step') return this.begin();
    const before = this.session.answer?.done ?? false;
    const played = this.session.step(this.action);
    this.turn++;
    const row = rowOf(played);
    if (!played.done || before || this.autoreset !== 'same_step') return row;
    const next = this.begin();
    return { ...row, briefing: next.briefing, final: { briefing: row.briefing } };
  }
}

function rowOf({ text, reward, observation: { terminated, truncated } }: NonNullable<Session['answer']>): Shown {
  return { briefing: text, reward: reward ?? 0, terminated, truncated };
}

function shownOf({ observation, reward, terminated, truncated, final }: ResultRow): Shown {
  const row = { briefing: observation?.briefing, reward, terminated, truncated };
  return final === undefined ? row : { ...row, final: { briefing: final.briefing } };
}

const MODES = AUTORESETS.flatMap((autoreset) =>
  REWARD_PROFILES.map((reward_profile) => ({ autoreset, reward_profile })),
);

test.each(MODES)(
  'autoreset $autoreset, reward profile $reward_profile, deltas',
  async ({ autoreset, reward_profile }) => {
    const client = new Client(await serve({ workers: 1 }), 'msgpack');
    const profiles = { reward_profile, observation_profile: 'delta', success_grade: 0.5 };
    const references = LADDER.map((task) => new Reference(task, 'v2', autoreset, profiles));
    const { batch_id, results } = await client.create({ tasks: LADDER, autoreset, ...profiles });
    expect(results.map(shownOf)).toEqual(references.map((one) => one.begin()));
    for (let turn = 0; turn < 30; turn++) {
      const rows = await client.step(
        batch_id,
        references.map(({ action }) => action),
      );
      expect(rows.map(shownOf), `turn ${turn}`).toEqual(references.map((one) => one.step()));
    }
    expect(await client.ok('GET', `/batch/${batch_id}`)).toMatchObject(profiles);
  },
);

test.each(['running', 'gain'] as const)('rules v1, reward profile %s', async (reward_profile) => {
  const client = new Client(await serve({ workers: 1 }));
  const reference = new Reference('phase2_core', 'v1', 'disabled', { reward_profile });
  const { batch_id } = await client.create({
    tasks: ['phase2_core'],
    rules: 'v1',
    autoreset: 'disabled',
    reward_profile,
  });
  reference.begin();
  for (let turn = 0; turn < 12; turn++) {
    const [row] = await client.step(batch_id, [reference.action]);
    expect(row?.reward).toBe(reference.step().reward);
  }
  const refused = await client.call('POST', '/batch', { tasks: ['vip_meltdown'], rules: 'v1', reward_profile });
  expect(refused).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', 'reward_profile'] }] } });
});

describe.each(FORMATS)('in %s', (format) => {
  test('forks and restored episodes gain from where they are, and begin with a whole briefing', async () => {
    const client = new Client(await serve({ workers: 1 }), format);
    const plan = planOf('monday_morning');
    const profiles = { reward_profile: 'gain', observation_profile: 'delta' };
    const { batch_id } = await client.create({
      tasks: ['monday_morning'],
      max_forks: 1,
      autoreset: 'disabled',
      ...profiles,
    });
    const sums = [0, 0, 0];
    const add = (rows: readonly ResultRow[]): void => {
      for (const { env_id, reward } of rows) sums[env_id] = (sums[env_id] ?? 0) + (reward ?? Number.NaN);
    };
    for (const action of plan.slice(0, 5)) add(await client.step(batch_id, [action]));
    const soFar = sums[0] ?? 0;
    expect(soFar).toBeGreaterThan(0.05);
    const forked = await client.ok('POST', `/batch/${batch_id}/fork`, { env_id: 0 });
    expect(forked.results[0]).toMatchObject({
      reward: 0,
      observation: { briefing: expect.stringContaining('PEOPLE') },
    });
    const { snapshot } = await client.ok('POST', `/batch/${batch_id}/snapshot`, { env_ids: [0] });
    for (const action of plan.slice(5)) add(await client.step(batch_id, [action, NOTHING]));
    const whole = sums[0] ?? 0;
    const { results } = await client.ok('POST', `/batch/${batch_id}/restore`, { snapshot, env_ids: [0] });
    expect(results[0]?.observation?.briefing).toBe(forked.results[0]?.observation?.briefing);
    sums[0] = soFar;
    let rows: ResultRow[] = [];
    for (const action of [...plan.slice(5), NOTHING, NOTHING]) {
      rows = await client.step(batch_id, [action, NOTHING]);
      add(rows);
    }
    expect(sums[0]).toBeCloseTo(whole, 12);
    expect(rows[0]).toMatchObject({ grade: { grade: expect.closeTo(whole, 12) }, success: true });
    // The fork has done nothing since.
    expect(soFar + (sums[1] ?? 0)).toBeCloseTo(rows[1]?.grade?.grade ?? Number.NaN, 12);
    expect(rows[1]?.success).toBe(false);
  });

  test('the profile full has all parts of a row, and briefing those that were requested', async () => {
    const client = new Client(await serve({ workers: 1 }), format);
    const parts = async (body: object): Promise<string[]> => {
      const { results } = await client.create({ tasks: ['phase2_core'], ...body });
      const optional = ['data', 'metadata', 'reward_breakdown'];
      return Object.keys(results[0]?.observation ?? {})
        .filter((key) => optional.includes(key))
        .toSorted();
    };
    expect(await parts({})).toEqual([]);
    expect(await parts({ observation_profile: 'briefing', include: ['data'] })).toEqual(['data']);
    expect(await parts({ observation_profile: 'full' })).toEqual(['data', 'metadata', 'reward_breakdown']);
  });
});
