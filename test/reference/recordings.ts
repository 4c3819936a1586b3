/** The recorded episodes and grader scores of test/conformance, and the comparison of an implementation with them. */
import { readdirSync, readFileSync } from 'node:fs';
import type { GraderTask } from './graders.ts';
import type { RewardMode } from './reward.ts';
import type { Action, Drift, PlainAction, Scenario } from './world.ts';

const FOLDER = new URL('../conformance/', import.meta.url);

export interface RecordedStep {
  action: PlainAction;
  /** Metadata, reward, done, breakdown, moods; absent where the published code crashed. */
  expect?: Record<string, unknown>;
  /** The exception with which the published code crashed. Here the step must be invalid instead. */
  raises?: string;
}

export interface Recording {
  name: string;
  reward_mode: RewardMode;
  scenario: Scenario;
  drift: Drift | null;
  reset: Record<string, unknown>;
  steps: RecordedStep[];
  final: Record<string, unknown>;
}

export interface GraderRecording {
  trajectory: unknown;
  scores: Record<GraderTask, number>;
}

function readJson(url: URL): unknown {
  return JSON.parse(readFileSync(url, 'utf8'));
}

/** All recorded episodes, by file name. */
export function loadRecordings(): Recording[] {
  const folder = new URL('v1/', FOLDER);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => readJson(new URL(name, folder)) as Recording);
}

export function loadGraderRecordings(): GraderRecording[] {
  return readJson(new URL('v1-graders.json', FOLDER)) as GraderRecording[];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The paths of all fields in which the two differ, including keys that only one of them has. Numbers may differ by `tolerance`;
 * everything else must be equal. The root is "(root)".
 */
export function compare(expected: unknown, actual: unknown, tolerance = 1e-9): string[] {
  return differences(expected, actual, tolerance, '').map((path) => path || '(root)');
}

function differences(expected: unknown, actual: unknown, tolerance: number, path: string): string[] {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const same = Object.is(expected, actual) || Math.abs(expected - actual) <= tolerance;
    return same ? [] : [path];
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const found: string[] = expected.length === actual.length ? [] : [`${path}.length`];
    for (let index = 0; index < Math.min(expected.length, actual.length); index += 1) {
      found.push(...differences(expected[index], actual[index], tolerance, `${path}[${index}]`));
    }
    return found;
  }
  if (isRecord(expected) && isRecord(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => {
      const inner = path === '' ? key : `${path}.${key}`;
      if (!Object.hasOwn(expected, key) || !Object.hasOwn(actual, key)) return [inner];
      return differences(expected[key], actual[key], tolerance, inner);
    });
  }
  return expected === actual ? [] : [path];
}

/** A simulator that can be compared with a recording: the reference, or an adapter of the real one. */
export interface Playable {
  reset(): unknown;
  step(action: Action): unknown;
  world(): unknown;
}

export interface Played {
  /** `reset.stress`, `steps[3].breakdown.task`, `final.emails[0].read`, … */
  differences: string[];
  /** Number of steps that were compared with an `expect`. */
  compared: number;
  /** Steps at which the published code crashed. */
  raised: number;
}

/**
 * Plays one recording. The recordings do not contain `max_episode_steps` in the metadata, but the wire does, so it is expected
 * in addition. After a step that `raises`, `final` is not compared.
 */
export function playRecording(recording: Recording, episode: Playable): Played {
  const extra = { max_episode_steps: recording.scenario.max_episode_steps ?? 48 };
  const played: Played = { differences: [], compared: 0, raised: 0 };
  const note = (where: string, expected: unknown, actual: unknown): void => {
    const paths = differences(expected, actual, 1e-9, where);
    played.differences.push(...paths);
  };

  note('reset', { ...recording.reset, ...extra }, episode.reset());
  recording.steps.forEach((step, index) => {
    const where = `steps[${index}]`;
    const answer = episode.step(step.action);
    if (step.expect !== undefined) {
      note(where, { ...step.expect, ...extra }, answer);
      played.compared += 1;
      return;
    }
    const { step_ok, breakdown } = isRecord(answer) ? answer : {};
    const { invalid_step_adjustment } = isRecord(breakdown) ? breakdown : {};
    note(`${where}.step_ok`, false, step_ok);
    note(`${where}.breakdown.invalid_step_adjustment`, -0.25, invalid_step_adjustment);
    played.raised += 1;
  });
  if (played.raised === 0) note('final', recording.final, episode.world());
  return played;
}
