/** The figures in openenv.yaml hold for the episodes of the probe plan, the canaries, the oracle and doing nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { EXPLOITS } from '../../src/analysis/audit/exploits.ts';
import { briefing } from '../../src/index.ts';
import { readOracle } from '../../src/scenarios/files.ts';
import { listTasks, oraclePath, taskIds } from '../../src/scenarios/shipped.ts';
import { createServer } from '../../src/server/server.ts';
import { Session, wireAnswer } from '../../src/server/session.ts';
import { Specs } from '../../src/server/specs.ts';
import { resetDataSchema, type WireAnswer, type WireState, wireSchemas } from '../../src/server/wire.ts';
import { SoloEnv } from '../../src/vector/solo-env.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { CANARIES, MANIFEST, PLAN, type PlannedEpisode, ROOT } from './support-manifest.ts';

const { reward, capabilities } = MANIFEST.validation;
const specs = new Specs({ task: taskIds()[0] ?? '', rules: 'v2', rewardMode: 'full' });
const DO_NOTHING = { action_type: 'do_nothing' };
/** Limits that a validator sets for one message, and for all messages of one episode. */
const MESSAGE_LIMIT = 2 ** 20;
const TRACE_LIMIT = 8 * 2 ** 20;

/** `metadata` is of one session, and no part of what two of them have in common. */
type Exchange = { readonly answer: Omit<WireAnswer, 'metadata'>; readonly state: WireState };

/** A session as for a socket, with a different token each time. */
const open = (): Session => new Session(specs, crypto.randomUUID());

/** Begins a planned episode, then plays its actions until it is over. */
function* play({ reset, actions }: PlannedEpisode, session = open()): Generator<Exchange> {
  const { options, ...rest } = reset;
  let { metadata: _, ...answer } = wireAnswer(session.reset(resetDataSchema.parse({ ...options, ...rest })));
  yield { answer, state: session.state() };
  for (const action of actions) {
    if (answer.done) return;
    ({ metadata: _, ...answer } = wireAnswer(session.step(action)));
    yield { answer, state: session.state() };
  }
}

/** The grade of a task if these actions are played and nothing is done after them. */
function gradeOf(task_id: string, actions: readonly unknown[]): number {
  const session = open();
  let answer = session.reset({ task_id, rules: 'v2', seed: 0 });
  for (let step = 0; !answer.done; step++) answer = session.step(actions[step] ?? DO_NOTHING);
  return answer.observation.grade?.grade ?? Number.NaN;
}

const probe = [...play(PLAN)];

test('the probe plan is one whole episode with valid and invalid steps', () => {
  expect(probe.at(-1)?.answer.done).toBe(true);
  expect(probe).toHaveLength(PLAN.actions.length + 1);
  expect(new Set(probe.map(({ answer }) => answer.observation.step_ok))).toEqual(new Set([true, false]));
});

test('the same seed and actions give the same answers and states, in a new session and after another episode', () => {
  expect([...play(PLAN)]).toEqual(probe);
  const used = open();
  used.reset({ task_id: taskIds()[1] ?? '' });
  used.step(DO_NOTHING);
  expect([...play(PLAN, used)]).toEqual(probe);
});

test('what is drawn for a session stands beside its observation', () => {
  expect(open().reset().metadata).toEqual({ episode_id: expect.any(String), session_token: expect.any(String) });
  for (const drawn of ['session_token', 'episode_id']) {
    expect(JSON.stringify(probe.map(({ answer }) => answer))).not.toContain(drawn);
  }
});

test('sessions that take turns do not touch each other', () => {
  const [first, second] = [play(PLAN), play(PLAN)];
  const taken: Exchange[][] = [[], []];
  for (const _ of probe) {
    for (const [at, turn] of [first, second].entries()) {
      const { value } = turn.next();
      if (value) taken[at]?.push(value);
    }
  }
  expect(taken).toEqual([probe, probe]);
});

test('the requested seed is the reported one', () => {
  for (const seed of [0, PLAN.reset.seed + 1, 2 ** 32 - 1]) {
    const [begun] = play({ ...PLAN, reset: { ...PLAN.reset, seed } });
    expect(begun).toMatchObject({ state: { seed }, answer: { observation: { seed } } });
  }
});

test('rewards are finite and in the declared range; states name the episode and count its steps', () => {
  const [low, high] = reward.range;
  for (const [step, { answer, state }] of probe.entries()) {
    expect(answer.reward).toEqual(expect.any(Number));
    expect(answer.reward).toBeGreaterThanOrEqual(low);
    expect(answer.reward).toBeLessThanOrEqual(high);
    expect([state.episode_id, state.step_count]).toEqual([PLAN.reset.episode_id, step]);
  }
});

test('observations follow the published schema, alone and with reward and done laid into them', () => {
  const published = wireSchemas();
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const [observes, states] = [ajv.compile(published.observation), ajv.compile(published.state)];
  for (const { answer, state } of probe) {
    const { observation, reward: paid, done } = answer;
    for (const shape of [observation, { ...observation, reward: paid, done }]) {
      expect(observes(JSON.parse(JSON.stringify(shape))), ajv.errorsText(observes.errors)).toBe(true);
    }
    expect(states(JSON.parse(JSON.stringify(state))), ajv.errorsText(states.errors)).toBe(true);
  }
  expect(JSON.stringify(published)).not.toMatch(/"\$(?:dynamicR|r)ef":"[^#]/);
});

test('messages are small enough to be read as evidence', () => {
  const sizes = probe.flatMap(({ answer, state }) => [answer, state].map((one) => JSON.stringify(one).length));
  expect(Math.max(...sizes)).toBeLessThan(MESSAGE_LIMIT);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(TRACE_LIMIT);
});

test.each(listTasks())('$id: the oracle is as near to 1 as declared, doing nothing as far below it', (entry) => {
  const oracle = gradeOf(entry.id, readOracle(oraclePath(entry))?.plan ?? []);
  const floor = gradeOf(entry.id, []);
  expect(oracle).toBeGreaterThanOrEqual(1 - reward.oracle_tolerance);
  expect(oracle).toBeLessThanOrEqual(1);
  expect(1 - floor).toBeGreaterThanOrEqual(reward.floor_margin);
  expect(oracle - floor).toBeGreaterThanOrEqual(reward.floor_margin);
  expect(CANARIES.max_grade).toBeLessThan(oracle - floor);
});

test('no canary is graded above its bound, and its rewards are in the declared range', () => {
  const [low, high] = reward.range;
  for (const trajectory of CANARIES.trajectories) {
    const exchanges = [...play(trajectory)];
    const last = exchanges.at(-1)?.answer;
    expect(last?.done, trajectory.reset.episode_id).toBe(true);
    expect(last?.observation.grade?.grade, trajectory.reset.episode_id).toBeLessThanOrEqual(CANARIES.max_grade);
    const rewards = exchanges.map(({ answer }) => answer.reward ?? Number.NaN);
    expect(rewards.every((paid) => paid >= low && paid <= high)).toBe(true);
  }
});

test('the canaries are what the exploits do today, on every task; scripts/write-canaries.mjs writes them', async () => {
  // The actions of paste_briefing are whole briefings: the audit plays it.
  const policies = EXPLOITS.filter(({ name }) => name !== 'paste_briefing');
  const names = taskIds().flatMap((task) => policies.map(({ name }) => `canary-${name}-${task}`));
  expect(CANARIES.trajectories.map(({ reset }) => reset.episode_id)).toEqual(names);
  for (const { name, reset, actions } of CANARIES.trajectories) {
    const decide = policies.find((policy) => policy.name === name)?.begin(reset.seed);
    const session = open();
    const data = resetDataSchema.parse({ ...reset.options, seed: reset.seed });
    let answer = session.reset(data);
    const watched = new SoloEnv(specs.compile(specs.resolve(data, [])));
    watched.reset();
    const acted: unknown[] = [];
    while (!answer.done) {
      // An answer of a session has the observation as text only.
      const observation = watched.observation();
      expect(briefing(observation)).toBe(answer.observation.briefing);
      const action = decide?.(observation);
      acted.push(action);
      answer = session.step(action);
      watched.play(readAction(action));
    }
    expect(acted, reset.episode_id).toEqual(actions);
  }
});

test('the oracle script gets the highest grade on every task of a running server, and reports a task on which it does not', async () => {
  const script = fileURLToPath(new URL(capabilities.oracle.location, ROOT));
  const run = async (url: string): Promise<{ code: unknown; out: string }> => {
    const child = spawn(process.execPath, [script, url], { stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
    });
    const [code] = await once(child, 'close');
    return { code, out };
  };
  const server = await createServer({ port: 0, logLevel: 'silent' });
  const url = await server.listen();
  try {
    const { code, out } = await run(url);
    const played = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { task_id: string; grade: number });
    expect(played.map(({ task_id }) => task_id)).toEqual(taskIds());
    for (const { grade } of played) expect(grade).toBeGreaterThanOrEqual(1 - reward.oracle_tolerance);
    expect(code).toBe(0);
  } finally {
    await server.close();
  }
  expect((await run(url)).code).not.toBe(0);
});
