/** Compares the reference with all recordings of the published environment. */
import { describe, expect, test } from 'vitest';
import { GRADER_TASKS, grade } from './graders.ts';
import { loadGraderRecordings, loadRecordings, playRecording } from './recordings.ts';
import { ReferenceEpisode } from './reference.ts';

const recordings = loadRecordings();
const graderRecordings = loadGraderRecordings();

describe('the reference agrees with the recorded episodes', () => {
  test.each(recordings.map((recording) => [recording.name, recording] as const))('%s', (_name, recording) => {
    const { scenario, drift, reward_mode } = recording;
    const played = playRecording(recording, new ReferenceEpisode(scenario, drift, reward_mode));
    expect(played.differences).toEqual([]);
    expect(played.compared + played.raised).toBe(recording.steps.length);
  });

  test('a second episode of the same object starts afresh', () => {
    for (const recording of recordings) {
      const { scenario, drift, reward_mode } = recording;
      const episode = new ReferenceEpisode(scenario, drift, reward_mode);
      playRecording(recording, episode);
      expect(playRecording(recording, episode).differences, recording.name).toEqual([]);
    }
  });

  test('all 77 recordings and 1,249 compared steps are there', () => {
    expect(recordings.length).toBe(77);
    const steps = recordings.flatMap((recording) => recording.steps);
    expect(steps.filter((step) => step.expect !== undefined).length).toBe(1249);
    expect(steps.filter((step) => step.raises !== undefined).length).toBe(4);
  });
});

describe('the reference graders agree with the recorded scores', () => {
  test('all 121 recordings are there', () => {
    expect(graderRecordings.length).toBe(121);
  });

  test.each(GRADER_TASKS)('%s', (task) => {
    const wrong = graderRecordings
      .map(({ trajectory, scores }, index) => ({
        index,
        expected: scores[task],
        actual: grade(task, trajectory),
      }))
      .filter(({ expected, actual }) => !Object.is(expected, actual));
    expect(wrong).toEqual([]);
  });
});
