/** Shared parts of the tests of the vector engine: both backends, scripted policies, and results as comparable lines. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, expect } from 'vitest';
import {
  type Action,
  type Batch,
  BREAKDOWN_FIELDS,
  briefing,
  deriveSeed,
  type GhostexecError,
  type PolicyAnswer,
  VectorEnv,
  type VectorOptions,
} from '../../src/index.ts';
import { loadTask, taskIds } from '../../src/scenarios/shipped.ts';
import type { Breakdown, RewardMode } from '../../src/sim/breakdown.ts';
import { Episode } from '../../src/sim/episode.ts';
import { type Metadata, metadataOf } from '../../src/sim/observation/metadata.ts';
import type { Observation } from '../../src/sim/observation/observation.ts';
import { observe } from '../../src/sim/observation/observe.ts';
import { compileFor } from '../../src/sim/rules.ts';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import { type CompiledScenario, compileScenario } from '../../src/world/compile.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { driftSchema, type ScenarioInput, scenarioSchema } from '../../src/world/schema.ts';
import { EpisodeState } from '../../src/world/state.ts';
import { rerunOf } from '../support/rerun.ts';

export const BACKENDS = [
  { backend: 'in-process', workers: 0 },
  { backend: 'pooled', workers: 2 },
] as const;

export const LADDER = ['phase2_core', 'monday_morning', 'dinner_disaster'] as const;

/** Returns a function that makes VectorEnvs, with rules v1 by default. All of them are closed after the test. */
export function vectorFactory(): (options?: VectorOptions) => Promise<VectorEnv> {
  const made: VectorEnv[] = [];
  afterEach(async () => {
    await Promise.all(made.splice(0).map((vector) => vector.close()));
  });
  return async (options = {}) => {
    const vector = await VectorEnv.create({ rules: 'v1', ...options });
    made.push(vector);
    return vector;
  };
}

/** The error that a call throws or rejects with. Fails if the call succeeds. */
export async function errorOf(call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    if (error instanceof Error) return error;
    throw new TypeError(`something was thrown that is not an Error: ${String(error)}`);
  }
  throw new Error('expected the call to fail, and it did not');
}

type ErrorClass = abstract new (...args: never[]) => GhostexecError;

/** Fails unless the call is refused with this error, and the message contains all of these texts. */
export async function expectRefused(call: () => unknown, kind: ErrorClass, ...says: string[]): Promise<void> {
  const error = await errorOf(call);
  expect(error).toBeInstanceOf(kind);
  expect(error.name).toBe(kind.name);
  for (const text of says) expect(error.message).toContain(text);
}

/** A value that an untyped caller may pass where a type is expected: as options, or as an answer. */
export function unchecked(value: unknown): never {
  return value as never;
}

/** A property over asynchronous calls. A failure prints how to repeat the run. FC_SEED (see test/seed.setup.ts), FC_PATH and FC_RUNS control it. */
export async function assertAsyncProperty<T>(property: fc.IAsyncProperty<T>, runs: number): Promise<void> {
  const { FC_PATH, FC_RUNS } = process.env;
  const details = await fc.check(property, {
    numRuns: Number(FC_RUNS ?? runs),
    // Limits the time of shrinking to less than the timeout of a test.
    interruptAfterTimeLimit: 45_000,
    markInterruptAsFailure: true,
    ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
  });
  if (!details.failed) return;
  const variables = `FC_SEED=${details.seed} FC_PATH=${details.counterexamplePath ?? ''}`;
  const { testPath, currentTestName } = expect.getState();
  const again = `${variables} ${rerunOf(testPath ?? '')} -t ${JSON.stringify(currentTestName?.split(' > ').at(-1))}`;
  throw new Error(`${fc.defaultReportMessage(details)}\n\nRun it again: ${again}\n`, { cause: details.errorInstance });
}

// ---------------------------------------------------------------- scenarios

/** A small day with one entity of each kind. Every field can be replaced. */
export function smallScenario(changes: Partial<ScenarioInput> = {}): ScenarioInput {
  return {
    simulation_time: '2026-06-22T09:00:00',
    stress: 20,
    max_episode_steps: 4,
    emails: [
      {
        id: 'e1',
        sender: 'Ana Lumme',
        subject: 'Lease',
        body: 'We need the signature by noon.',
        priority: 'critical',
        sender_relationship: 'VIP',
      },
      {
        id: 'e2',
        sender: 'Tom \u00c9ber \u4e16\u{1f44b}',
        subject: 'Lunch',
        body: 'Friday?',
        priority: 'low',
        sender_relationship: 'personal',
      },
    ],
    meetings: [
      {
        id: 'm1',
        title: 'Review',
        start: '2026-06-22T10:00:00',
        duration_minutes: 60,
        attendees: ['Ana Lumme'],
        priority: 'high',
      },
      { id: 'm2', title: 'Standup', start: '2026-06-22T10:30:00', duration_minutes: 30 },
    ],
    contacts: [
      { name: 'Ana Lumme', relationship_type: 'client', communication_preference: 'email', importance: 5 },
      { name: 'Bo', relationship_type: 'team_member', communication_preference: 'text', importance: 2 },
    ],
    tasks: [{ id: 't1', description: 'File the report', deadline: '2026-06-22T09:30:00', owner: 'Bo' }],
    ...changes,
  };
}

export const SMALL_DRIFT = {
  events: [
    { after_step: 2, shift_all_meetings_hours: 1, set_contact_mood: { name: 'Ana Lumme', mood: 'angry' } },
    { after_step: 3, suppress_reply_relationship_for_senders: ['Ana Lumme'] },
  ],
};

/** A day that is over before it begins: its first step is refused and terminates the episode. */
export const OVER_AT_ONCE = smallScenario({ episode_active: false, episode_end_reason: 'closed by the file' });

// ---------------------------------------------------------------- policies

/** Sensible and senseless answers in a scenario: objects and completions of every kind that JSON can represent. */
export function answersFor({ emails = [], meetings = [], contacts = [], tasks = [] }: ScenarioInput): PolicyAnswer[] {
  const answers: PolicyAnswer[] = [
    {},
    { action_type: 'do_nothing', message: 'waiting' },
    '{"action_type": "do_nothing"}',
    'I do not know what to do.',
    '```json\n{"action_type": "archive_email", "email_id": "no such email"}\n```',
    unchecked({ action_type: 'take_a_nap' }),
    unchecked({ action_type: 'archive_email', email_id: null }),
    { action_type: 'send_message', contact_name: 'Stranger \u{1f989}', message_body: 'x' },
    unchecked(null),
    unchecked(17),
    unchecked(['do_nothing']),
    '',
  ];
  emails.forEach(({ id }, i) => {
    const action: Action = {
      action_type: i % 3 === 2 ? 'archive_email' : 'reply_email',
      email_id: id,
      message_body: 'Dear all, it is done.',
    };
    answers.push(i % 2 === 0 ? action : `Let me think.\n<action>${JSON.stringify(action)}</action>`);
  });
  meetings.forEach(({ id }, i) => {
    const start = `2026-10-0${1 + (i % 9)}T0${i % 10}:15:00${i % 2 === 0 ? '' : '+02:00'}`;
    answers.push({ action_type: 'reschedule_meeting', meeting_id: id, new_time: start, reason: 'clash' });
    if (i % 2 === 0) answers.push(JSON.stringify({ action_type: 'cancel_meeting', meeting_id: id }));
  });
  contacts.forEach(({ name }, i) => {
    answers.push({
      action_type: 'send_message',
      contact_name: ` ${name} `,
      message_body: i % 2 === 0 ? 'Hey' : 'ASAP',
    });
  });
  tasks.forEach(({ id }, i) => {
    answers.push({ action_type: 'complete_task', task_id: id });
    const contact_name = contacts[i % Math.max(1, contacts.length)]?.name ?? '';
    answers.push({ action_type: 'delegate_task', task_id: id, contact_name });
  });
  return answers;
}

const answersOf = new Map<string, PolicyAnswer[]>(taskIds().map((task) => [task, answersFor(loadTask(task).scenario)]));

/** The answer of a fixed policy, which depends only on the task, the player and the turn. */
export function scripted(task: string, player: number, turn: number): PolicyAnswer {
  const answers = answersOf.get(task) ?? [];
  return unchecked(answers[deriveSeed(player, turn) % answers.length]);
}

// ---------------------------------------------------------------- results

/** The exact bits of a double, which distinguish -0 from 0 and show every digit. */
function bits(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16);
}

/** The whole content of a batch in row `i`, as one line. */
export function lineOf(batch: Batch, i: number): string {
  return JSON.stringify([
    batch.envIds[i],
    [batch.terminated[i], batch.truncated[i], batch.stepOk[i]],
    bits(batch.reward[i] ?? Number.NaN),
    BREAKDOWN_FIELDS.map((field) => bits(batch.breakdown[field][i] ?? Number.NaN)),
    batch.observation(i),
    batch.briefing(i),
    batch.info(i),
    batch.final(i) ?? null,
  ]);
}

export function linesOf(batch: Batch): string[] {
  return batch.envIds.map((_, i) => lineOf(batch, i));
}

/** The row of an environment. Fails if the batch has none. */
export function rowOf(batch: Batch, env: number): number {
  const row = batch.envIds.indexOf(env);
  if (row < 0) throw new RangeError(`environment ${env} is not among [${batch.envIds.join(', ')}]`);
  return row;
}

export function sha256(lines: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line).update('\n');
  return hash.digest('hex');
}

/** Copies of the numbers of a batch. */
export function numbersOf(batch: Batch): unknown {
  return structuredClone({
    envIds: batch.envIds,
    reward: batch.reward,
    terminated: batch.terminated,
    truncated: batch.truncated,
    stepOk: batch.stepOk,
    breakdown: batch.breakdown,
  });
}

// ---------------------------------------------------------------- one episode by hand

export type HandStep = {
  readonly reward: number;
  readonly breakdown: Breakdown;
  readonly metadata: Metadata;
  readonly observation: Observation;
  readonly briefing: string;
};

/** An episode played without the engine. It is observed from scratch every time. */
export class HandEpisode {
  readonly episode: Episode;
  private readonly rules = new RulesV1();

  constructor(c: CompiledScenario, rewardMode: RewardMode = 'full') {
    this.episode = new Episode(c, new EpisodeState(c.layout, new ArrayBuffer(c.layout.byteLength)), rewardMode);
    this.rules.reset(this.episode);
  }

  static ofTask(task: string, rewardMode?: RewardMode): HandEpisode {
    const { scenario, drift } = loadTask(task);
    return new HandEpisode(compileFor('v1', scenario, drift), rewardMode);
  }

  static ofDocuments(scenario: unknown, drift?: unknown, rewardMode?: RewardMode): HandEpisode {
    const events = drift === undefined ? undefined : driftSchema.parse(drift);
    return new HandEpisode(compileScenario(scenarioSchema.parse(scenario), events), rewardMode);
  }

  briefing(): string {
    return briefing(this.observation());
  }

  observation(): Observation {
    return observe(this.episode);
  }

  metadata(): Metadata {
    return metadataOf(this.episode);
  }

  step(answer: unknown): HandStep {
    const reward = this.rules.step(this.episode, readAction(answer));
    const breakdown = { ...this.rules.breakdown };
    const metadata = metadataOf(this.episode, breakdown);
    return { reward, breakdown, metadata, observation: this.observation(), briefing: this.briefing() };
  }
}
