/** An episode scene by scene: it equals the episode that a session plays, also when it is restored from any of its snapshots. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Scene } from '../../src/analysis/replay.ts';
import { Replay } from '../../src/analysis/replay.ts';
import { briefing, REWARD_MODES, ResetNeededError, RULES, SnapshotError, VectorEnv } from '../../src/index.ts';
import { packPlain, unpackSafely } from '../../src/lib/msgpack.ts';
import { greedy } from '../../src/policies/greedy.ts';
import { listTasks, taskIds } from '../../src/scenarios/shipped.ts';
import { Session } from '../../src/server/session.ts';
import { Specs } from '../../src/server/specs.ts';
import { gradeV1, isV1Grader } from '../../src/sim/v1/grade.ts';
import { SoloEnv } from '../../src/vector/solo-env.ts';
import { compileSpec, type EnvSpec, loadSpec, type Spec } from '../../src/vector/spec.ts';
import type { ScenarioInput } from '../../src/world/schema.ts';
import { assertProperty } from '../support/property.ts';
import {
  at,
  drifts,
  everythingIn,
  IDLE,
  mail,
  meet,
  needy,
  office,
  SECRETS,
  storiesIn,
  WRONG,
  wildWorlds,
  worlds,
} from '../support/v2-worlds.ts';
import { OVER_AT_ONCE, scripted, smallScenario } from '../vector/support.ts';

type Rules = (typeof RULES)[number];

function specOf(asked: EnvSpec, rules: Rules = 'v2', rewardMode: Spec['rewardMode'] = 'full'): Spec {
  return compileSpec({ ...loadSpec(asked), rules, rewardMode });
}

function replayOf(asked: EnvSpec, rules?: Rules): Replay {
  return new Replay(specOf(asked, rules), asked);
}

type Played = { readonly scenes: Scene[]; readonly snapshots: Uint8Array[] };

/** Every scene of an episode, with a snapshot of it. */
function play(replay: Replay, answers: readonly unknown[]): Played {
  const scenes = [replay.begin()];
  const snapshots = [replay.snapshot()];
  for (const answer of answers) {
    scenes.push(replay.step(answer));
    snapshots.push(replay.snapshot());
  }
  return { scenes, snapshots };
}

const STEPS = 24;
const answersOf = (task: string): unknown[] => Array.from({ length: STEPS }, (_, turn) => scripted(task, 3, turn));

describe.each(RULES.flatMap((rules) => taskIds().map((task) => ({ rules, task }))))('$task under $rules', (of) => {
  const { rules, task } = of;

  test('its scenes equal the observations of a session, from the reset to after the end', () => {
    const session = new Session(new Specs({ task, rules, rewardMode: 'full' }));
    const { scenes } = play(replayOf({ task }, rules), answersOf(task));
    let total = 0;
    let isOver = false;
    for (const [index, scene] of scenes.entries()) {
      const { observation, reward, done } = index === 0 ? session.reset() : session.step(answersOf(task)[index - 1]);
      if (!isOver) total += reward ?? 0;
      isOver ||= done;
      expect(scene).toMatchObject({
        step: observation.episode_step,
        max_steps: observation.max_episode_steps,
        briefing: observation.briefing,
        time: observation.simulation_time,
        stress: observation.stress,
        step_ok: observation.step_ok,
        error: observation.error,
        detail: observation.step_detail,
        reward,
        return: total,
        breakdown: observation.reward_breakdown,
        reasons: observation.metadata.reward_attribution ?? [],
        terminated: observation.terminated,
        truncated: observation.truncated,
        end_reason: observation.metadata.episode_end_reason,
        grade: observation.grade,
        world: session.state().world ?? {},
      });
      expect(scene.terminated || scene.truncated).toBe(done);
      expect(scene.clashes).toHaveLength(observation.metadata.calendar_conflict_pairs);
    }
    expect(scenes.at(-1)?.terminated || scenes.at(-1)?.truncated).toBe(true);
  });

  test('its scenes equal the batches of a VectorEnv', async () => {
    const env = await VectorEnv.create({ tasks: [task], rules, autoreset: 'disabled' });
    const { scenes } = play(replayOf({ task }, rules), answersOf(task));
    let batch = await env.reset();
    for (const [index, scene] of scenes.entries()) {
      if (index > 0) batch = await env.step([scripted(task, 3, index - 1)]);
      const { terminated, truncated } = scene;
      expect([batch.terminated[0], batch.truncated[0]]).toEqual([Number(terminated), Number(truncated)]);
      expect(batch.reward[0]).toBe(scene.reward);
      expect(batch.briefing(0)).toBe(scene.briefing);
    }
    await env.close();
  });

  test('from any of its snapshots it continues as if undisturbed', () => {
    const answers = answersOf(task);
    const { scenes, snapshots } = play(replayOf({ task }, rules), answers);
    for (const [from, snapshot] of snapshots.entries()) {
      const replay = replayOf({ task }, rules);
      replay.restore(snapshot);
      expect(answers.slice(from).map((answer) => replay.step(answer))).toEqual(scenes.slice(from + 1));
    }
  });
});

describe.each(RULES)('random worlds under %s', (rules) => {
  const cases = fc.record({
    story: fc.oneof(storiesIn(worlds), storiesIn(wildWorlds)),
    drift: fc.option(drifts),
    cut: fc.nat(24),
  });

  test('an episode that another replay continues from a snapshot equals the undisturbed one', () => {
    assertProperty(
      fc.property(cases, ({ story: { world, actions }, drift, cut }) => {
        const asked = { scenario: world, drift };
        const spec = specOf(asked, rules);
        const { scenes, snapshots } = play(new Replay(spec, asked), actions);
        const from = cut % snapshots.length;
        const [before, after] = [new Replay(spec, asked), new Replay(specOf(asked, rules), asked)];
        // One of the replays has played something else before.
        before.begin();
        before.step(IDLE);
        for (const replay of [before, after]) {
          replay.restore(snapshots[from] ?? new Uint8Array());
          expect(Buffer.compare(replay.snapshot(), snapshots[from] ?? new Uint8Array())).toBe(0);
          expect(actions.slice(from).map((action) => replay.step(action))).toEqual(scenes.slice(from + 1));
        }
      }),
      { runs: 60 },
    );
  });

  test('no scene contains items that have not arrived, or the contents that a reply needs', () => {
    assertProperty(
      fc.property(storiesIn(worlds), ({ world, actions }) => {
        // Replies contain what is needed, so they are left out.
        const quiet = actions.filter(({ message_body }) => message_body === undefined);
        const { scenes } = play(replayOf({ scenario: world }, rules), quiet);
        const later = everythingIn({ events: world.events ?? [] } as ScenarioInput);
        for (const { action: _a, understood: _u, detail: _d, error: _e, briefing, ...scene } of scenes) {
          const text = JSON.stringify(scene) + briefing;
          for (const phrase of [...SECRETS, ...WRONG]) expect(text).not.toContain(phrase);
          const there = new Set([...scene.world.emails, ...scene.world.meetings].map(({ id }) => id));
          for (const { id } of [...later.emails, ...later.meetings]) {
            if (!there.has(id)) expect(text).not.toMatch(new RegExp(`(Subject|Title) ${id}\\b`));
          }
        }
      }),
      { runs: 60 },
    );
  });
});

test('mail and invitations appear when they arrive, and the contents that a reply needs never do', () => {
  const scenario = office({
    emails: [needy('e1')],
    events: [{ after_step: 2, announced: true, emails: [mail('e2')], meetings: [meet('m2', '16:00')] }],
  });
  const { scenes } = play(replayOf({ scenario }), [IDLE, IDLE]);
  const ids = ({ world }: Scene): string[] => [...world.emails, ...world.meetings].map(({ id }) => id);
  expect(scenes.map(ids)).toEqual([['e1'], ['e1'], ['e1', 'e2', 'm2']]);
  expect(scenes.map(({ events }) => events.length)).toEqual([0, 0, 1]);
  expect(JSON.stringify(scenes)).not.toContain('lighthouse');
});

test('two meetings clash while they overlap', () => {
  const scenario = office({ meetings: [meet('m1', '10:00'), meet('m2', '10:30', { movable: true })] });
  const move = { action_type: 'reschedule_meeting', meeting_id: 'm2', new_time: at('14:00'), reason: 'clash' };
  const { scenes } = play(replayOf({ scenario }), [move]);
  expect(scenes.map(({ clashes }) => clashes)).toEqual([[['m1', 'm2']], []]);
});

describe('the understood action of an answer', () => {
  const understood = (answer: unknown): unknown => {
    const { scenes } = play(replayOf({ scenario: smallScenario() }), [answer]);
    expect(scenes.map(({ action }) => action)).toEqual([null, answer]);
    return scenes.map((scene) => scene.understood);
  };

  test('is the action of an object', () => {
    const action = { action_type: 'archive_email', email_id: 'e2' };
    expect(understood(action)).toEqual([null, action]);
  });

  test('is the action in a completion', () => {
    const action = { action_type: 'archive_email', email_id: 'e2' };
    expect(understood(`That can go.\n<action>${JSON.stringify(action)}</action>`)).toEqual([null, action]);
  });

  test.each([['no action at all'], [null], [{ action_type: 'nap' }]])('is null for %j', (answer) => {
    expect(understood(answer)).toEqual([null, null]);
  });
});

describe('grades of rules v1 use all rewards', () => {
  const graded = listTasks().flatMap(({ id, v1_grader: grader }) =>
    grader !== undefined && isV1Grader(grader) ? [{ task: id, grader }] : [],
  );

  test.each(graded)('$task: also the rewards before a restored snapshot', async ({ task, grader }) => {
    const replay = replayOf({ task }, 'v1');
    const decide = greedy.begin(0);
    const rewards: number[] = [];
    const grades: Scene['grade'][] = [];
    for (let scene = replay.begin(); !replay.over; rewards.push(scene.reward)) {
      const snapshot = replay.snapshot();
      expect(briefing(replay.observation)).toBe(scene.briefing);
      const advice = decide(replay.observation);
      // The episode begins badly, so that a grade without the first rewards would differ.
      const answer = rewards.length < 2 ? IDLE : advice;
      grades.push(scene.grade);
      scene = replay.step(answer);
      const other = replayOf({ task }, 'v1');
      other.restore(snapshot);
      expect(other.step(answer)).toEqual(scene);
      if (replay.over) grades.push(scene.grade);
    }
    const grade = gradeV1(grader, { rewards });
    expect(grades).toEqual([...rewards.map(() => null), { grade }]);
    const ofSome = rewards.map((_, from) => gradeV1(grader, { rewards: rewards.slice(from) }));
    expect(new Set(ofSome).size).toBeGreaterThan(1);
  });

  test('a custom scenario has no grade, even if it has the name of a task', () => {
    const { scenes } = play(replayOf({ task: 'phase2_core', scenario: smallScenario() }, 'v1'), [
      IDLE,
      IDLE,
      IDLE,
      IDLE,
    ]);
    expect(scenes.at(-1)).toMatchObject({ truncated: true, grade: null });
  });
});

describe('the end', () => {
  const ending = smallScenario({ max_episode_steps: 2 });

  test.each(RULES)('a step after it is refused and changes nothing, under %s', (rules) => {
    const replay = replayOf({ scenario: ending }, rules);
    replay.begin();
    expect([replay.step(IDLE), replay.over]).toMatchObject([{ terminated: false, truncated: false }, false]);
    const last = replay.step(IDLE);
    expect([last, replay.over]).toMatchObject([{ truncated: true, end_reason: 'step_limit' }, true]);
    const after = replay.step({ action_type: 'archive_email', email_id: 'e1' });
    expect(after).toMatchObject({ step: 2, step_ok: false, world: last.world, truncated: true });
    expect(after.reward).toBeLessThan(0);
    expect(replay.over).toBe(true);
  });

  test.each(RULES)('steps after it change neither grade nor return, also after a restore, under %s', (rules) => {
    const replay = replayOf({ task: 'phase2_core' }, rules);
    let last = replay.begin();
    while (!replay.over) last = replay.step(IDLE);
    expect(last.grade).not.toBeNull();
    for (let i = 0; i < 3; i++) {
      const after = replay.step(IDLE);
      expect(after.reward).toBeLessThan(0);
      expect(after).toMatchObject({ grade: last.grade, return: last.return });
    }
    const other = replayOf({ task: 'phase2_core' }, rules);
    other.restore(replay.snapshot());
    expect(other.step(IDLE)).toMatchObject({ grade: last.grade, return: last.return });
  });

  test.each(RULES)('a snapshot of it is over too, under %s', (rules) => {
    const { snapshots } = play(replayOf({ scenario: ending }, rules), [IDLE, IDLE]);
    const isOver = snapshots.map((snapshot) => {
      const replay = replayOf({ scenario: ending }, rules);
      replay.restore(snapshot);
      return replay.over;
    });
    expect(isOver).toEqual([false, false, true]);
  });

  test.each(RULES)('a day that is over before it begins ends with its first step, under %s', (rules) => {
    const asked = { scenario: OVER_AT_ONCE };
    const { scenes, snapshots } = play(replayOf(asked, rules), [IDLE]);
    expect(scenes.map(({ terminated, truncated }) => [terminated, truncated])).toEqual([
      [false, false],
      [true, false],
    ]);
    expect(scenes.at(-1)).toMatchObject({ step: 0, step_ok: false, end_reason: 'closed by the file' });
    const isOver = snapshots.map((snapshot) => {
      const replay = replayOf(asked, rules);
      replay.restore(snapshot);
      return replay.over;
    });
    expect(isOver).toEqual([false, true]);
  });

  test('a replay can begin again after it', () => {
    const replay = replayOf({ scenario: ending });
    const first = play(replay, [IDLE, IDLE]);
    expect(play(replay, [IDLE, IDLE])).toEqual(first);
    expect(replay.over).toBe(true);
  });
});

describe('a replay refuses snapshots', () => {
  const asked = { scenario: smallScenario() };
  const { snapshots } = play(replayOf(asked), [IDLE, IDLE]);
  const [, , snapshot = new Uint8Array()] = snapshots;

  const refusalOf = (bytes: Uint8Array, replay = replayOf(asked)): string => {
    try {
      replay.restore(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(SnapshotError);
      return (error as SnapshotError).message;
    }
    throw new Error('expected a refusal');
  };

  test('with any wrong bit', () => {
    for (const [at, byte] of snapshot.entries()) {
      const broken = Buffer.from(snapshot);
      broken[at] = byte ^ (1 << (at % 8));
      expect(refusalOf(broken), `bit ${at % 8} of byte ${at}`).toMatch(/cannot be restored/);
    }
  });

  test('that are cut off or too long', () => {
    for (let length = 0; length < snapshot.length; length++) refusalOf(snapshot.subarray(0, length));
    refusalOf(Buffer.concat([snapshot, Buffer.of(0)]));
  });

  test('of another scenario, ruleset or reward mode', () => {
    const other = smallScenario({ stress: 21 });
    expect(refusalOf(snapshot, replayOf({ scenario: other }))).toMatch(/not loaded here/);
    expect(refusalOf(snapshot, replayOf(asked, 'v1'))).toMatch(/not loaded here/);
    for (const mode of REWARD_MODES.filter((one) => one !== 'full')) {
      expect(refusalOf(snapshot, new Replay(specOf(asked, 'v2', mode), asked))).toMatch(/not loaded here/);
    }
  });

  test('that are not snapshots of a replay', () => {
    const env = new SoloEnv(specOf(asked));
    env.reset();
    expect(refusalOf(env.snapshot())).toMatch(/not a snapshot of a replay/);
  });

  /** A snapshot with changed rewards and a correct checksum. */
  const withRewards = (from: Uint8Array, change: (rewards: number[]) => unknown): Uint8Array => {
    const saved = unpackSafely((unpackSafely(from) as { payload: Uint8Array }).payload) as { rewards: number[] };
    const payload = packPlain({ ...saved, rewards: change(saved.rewards) });
    const sha256 = createHash('sha256').update(payload).digest().subarray(0, 16);
    return packPlain({ format: 'ghostexec.replay', sha256, payload });
  };

  test.each(RULES)('with impossible rewards, under %s', (rules) => {
    const [, , two = new Uint8Array()] = play(replayOf(asked, rules), [IDLE, IDLE]).snapshots;
    const refused = (change: (rewards: number[]) => unknown): string =>
      refusalOf(withRewards(two, change), replayOf(asked, rules));
    replayOf(asked, rules).restore(withRewards(two, (rewards) => rewards));
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 'x', null]) {
      expect(refused(([first]) => [first, value])).toMatch(/not a snapshot of a replay/);
    }
    for (const value of [1e9, -1e9, 60, -60]) {
      expect(refused(([first]) => [first, value])).toContain(`the reward of step 2 is ${value}`);
    }
    expect(refused(([first]) => [first])).toContain('1 rewards of 2 steps');
    expect(refused((rewards) => [...rewards, 0])).toContain('3 rewards of 2 steps');
    expect(refused(() => [])).toContain('0 rewards of 2 steps');
  });

  test.each(RULES)('with a reward for a step after the end, under %s', (rules) => {
    const { snapshots } = play(replayOf(asked, rules), Array(7).fill(IDLE));
    const over = snapshots.at(-1) ?? new Uint8Array();
    const replay = replayOf(asked, rules);
    replay.restore(withRewards(over, (rewards) => rewards));
    expect(replay.over).toBe(true);
    const paid = withRewards(over, (rewards) => [...rewards, 1]);
    expect(refusalOf(paid, replayOf(asked, rules))).toContain('the reward of step 5 is 1');
  });

  test.each(RULES)('but accepts older ones, without the penalty of later steps, under %s', (rules) => {
    const { scenes, snapshots } = play(replayOf(asked, rules), Array(5).fill(IDLE));
    const old = withRewards(snapshots.at(-1) ?? new Uint8Array(), (rewards) => [...rewards, scenes.at(-1)?.reward]);
    const replay = replayOf(asked, rules);
    replay.restore(old);
    expect(replay.step(IDLE)).toEqual(scenes.at(-1));
  });

  test('and its current episode goes on after a refusal', () => {
    const answers = [IDLE, { action_type: 'archive_email', email_id: 'e2' }];
    const { scenes } = play(replayOf(asked), answers);
    const replay = replayOf(asked);
    replay.begin();
    replay.step(answers[0]);
    refusalOf(snapshot.subarray(1), replay);
    refusalOf(
      withRewards(snapshot, () => [0]),
      replay,
    );
    refusalOf(play(replayOf(asked, 'v1'), [IDLE]).snapshots[1] ?? new Uint8Array(), replay);
    expect(replay.step(answers[1])).toEqual(scenes[2]);
  });
});

test('a step or a snapshot before the beginning is refused', () => {
  const replay = replayOf({ scenario: smallScenario() });
  expect(() => replay.step(IDLE)).toThrow(ResetNeededError);
  expect(() => replay.snapshot()).toThrow(ResetNeededError);
  expect(replay.over).toBe(false);
});
