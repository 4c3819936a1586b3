/**
 * Plays recorded episodes and compares every field of the reset, of each step and of the final world. A recording has the format
 * of the files in test/conformance: `{name, reward_mode, scenario, drift, reset, steps, final}`, or a list of
 * `{trajectory, scores}` for graders.
 */

import { z } from 'zod';
import { messageOf } from '../lib/errors.ts';
import { parseDrift, parseScenario } from '../scenarios/files.ts';
import { REWARD_MODES } from '../sim/breakdown.ts';
import { Episode } from '../sim/episode.ts';
import { metadataOf } from '../sim/observation/metadata.ts';
import { gradeV1, isV1Grader } from '../sim/v1/grade.ts';
import { RulesV1 } from '../sim/v1/step.ts';
import { compileScenario } from '../world/compile.ts';
import { readAction } from '../world/completion/completion.ts';
import { exportWorld } from '../world/export.ts';
import { MOODS } from '../world/schema.ts';
import { parseWith } from '../world/validate.ts';

/** The maximum difference of two floats. All other values must be equal. */
export const FLOAT_TOLERANCE = 1e-9;

const fields = z.record(z.string(), z.unknown());

const episodeSchema = z.object({
  name: z.string(),
  reward_mode: z.enum(REWARD_MODES),
  scenario: z.unknown(),
  drift: z.unknown(),
  reset: fields,
  steps: z.array(z.object({ action: z.unknown(), expect: fields.optional(), raises: z.string().optional() })),
  final: fields.optional(),
});

const graderSchema = z.array(z.object({ trajectory: z.unknown(), scores: z.record(z.string(), z.number()) }));

/** A field that differs from a recording or record. */
export type Difference = {
  readonly recording: string;
  /** `reset`, the number of a step from 1, `final`, or the number of a trajectory from 1. */
  readonly step: string;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
};

/** The counts and differences of all documents verified so far. */
export type Verification = ReturnType<typeof emptyVerification>;

/** A verification of no documents yet. */
export function emptyVerification() {
  return {
    /** Number of steps that agree in every field. */
    matched: 0,
    /** Number of steps, resets and final worlds that do not. */
    differing: 0,
    gradesMatched: 0,
    gradesDiffering: 0,
    differences: [] as Difference[],
  };
}

/**
 * Verifies one document and adds the outcome to `into`.
 * @param name The name of the document in messages.
 * @throws ValidationError if the document is not a recording
 */
export function verifyDocument(name: string, document: unknown, into: Verification): void {
  if (Array.isArray(document)) verifyGraders(name, parseWith(graderSchema, document, `grader recording ${name}`), into);
  else verifyEpisode(parseWith(episodeSchema, document, `recording ${name}`), into);
}

/**
 * Plays one recording of the published environment again, or its list of graded trajectories, and compares every field. Floats may
 * differ by 1e-9.
 * @param name The name of the recording in differences.
 * @throws ValidationError if the document is not a recording
 * @example
 * const { matched, differences } = verifyRecording(JSON.parse(text));
 */
export function verifyRecording(document: unknown, name = 'the recording'): Verification {
  const found = emptyVerification();
  verifyDocument(name, document, found);
  return found;
}

function verifyEpisode(recording: z.output<typeof episodeSchema>, into: Verification): void {
  const scenario = parseScenario(recording.scenario, `scenario of ${recording.name}`);
  const drift = recording.drift ? parseDrift(recording.drift, `drift of ${recording.name}`) : undefined;
  const c = compileScenario(scenario, drift);
  const episode = Episode.of(c, recording.reward_mode);
  const rules = new RulesV1();
  const compare = (step: string, expected: unknown, actual: unknown): boolean => {
    const found = differences(expected, actual);
    into.differences.push(...found.map((one) => ({ recording: recording.name, step, ...one })));
    if (found.length > 0) into.differing++;
    return found.length === 0;
  };

  rules.reset(episode);
  compare('reset', recording.reset, metadataOf(episode));
  let raised = false;
  recording.steps.forEach(({ action, expect, raises }, i) => {
    const reward = rules.step(episode, readAction(action));
    // If the published code crashed at this step, ours must report an invalid step. No other field is known.
    raised ||= raises !== undefined;
    const expected = raises === undefined ? (expect ?? {}) : { step_ok: false };
    const moods = c.world.contacts.map((contact, index) => [contact.name, MOODS[episode.s.mood[index] ?? 0]]);
    const actual = {
      ...metadataOf(episode),
      reward,
      done: !episode.s.active,
      breakdown: { ...rules.breakdown },
      moods: Object.fromEntries(moods),
    };
    if (compare(String(i + 1), expected, actual)) into.matched++;
  });
  if (recording.final !== undefined && !raised) compare('final', recording.final, exportWorld(c, episode.s));
}

function verifyGraders(name: string, cases: z.output<typeof graderSchema>, into: Verification): void {
  cases.forEach(({ trajectory, scores }, i) => {
    for (const [grader, expected] of Object.entries(scores)) {
      const actual = isV1Grader(grader) ? gradeV1(grader, trajectory) : `no grader ${grader}`;
      if (actual === expected) into.gradesMatched++;
      else {
        into.gradesDiffering++;
        into.differences.push({ recording: name, step: String(i + 1), field: grader, expected, actual });
      }
    }
  });
}

/** The fields of `expected` that differ in `actual`. Lists must have the same length. */
function differences(
  expected: unknown,
  actual: unknown,
  path = '',
): Pick<Difference, 'field' | 'expected' | 'actual'>[] {
  if (typeof expected === 'number' && typeof actual === 'number') {
    return Math.abs(expected - actual) <= FLOAT_TOLERANCE ? [] : [{ field: path, expected, actual }];
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length) return [{ field: path, expected, actual }];
    return expected.flatMap((item, i) => differences(item, actual[i], `${path}[${i}]`));
  }
  if (isRecord(expected) && isRecord(actual)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(value, Object.hasOwn(actual, key) ? actual[key] : undefined, path === '' ? key : `${path}.${key}`),
    );
  }
  return Object.is(expected, actual) ? [] : [{ field: path, expected, actual }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The difference that reports a document that could not be played. */
export function unplayable(name: string, error: unknown): Difference {
  return { recording: name, step: '-', field: '-', expected: 'a recording', actual: messageOf(error) };
}
