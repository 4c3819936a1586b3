/** Compares the simulator with all recordings of the published environment. */
import { describe, expect, test } from 'vitest';
import { gradeV1 } from '../../src/sim/v1/grade.ts';
import { RulesV1 } from '../../src/sim/v1/step.ts';
import { GRADER_TASKS } from '../reference/graders.ts';
import { loadGraderRecordings, loadRecordings, playRecording, type Recording } from '../reference/recordings.ts';
import { SimulatorEpisode } from '../support/episode.ts';

const recordings = loadRecordings();
const graderRecordings = loadGraderRecordings();
// Shared by all episodes, as in the engine: nothing of one episode may reach the next through the scratch memory.
const rules = new RulesV1();

function simulate({ scenario, drift, reward_mode }: Recording): SimulatorEpisode {
  return new SimulatorEpisode(scenario, drift, reward_mode, rules);
}

describe('the simulator agrees with the recorded episodes', () => {
  test.each(recordings.map((recording) => [recording.name, recording] as const))('%s', (_name, recording) => {
    const played = playRecording(recording, simulate(recording));
    expect(played.differences).toEqual([]);
    expect(played.compared + played.raised).toBe(recording.steps.length);
  });

  test('a second episode over the same state starts afresh', () => {
    for (const recording of recordings) {
      const episode = simulate(recording);
      playRecording(recording, episode);
      expect(playRecording(recording, episode).differences, recording.name).toEqual([]);
    }
  });

  test('episodes played turn by turn through one set of rules do not disturb each other', () => {
    const running = recordings.map((recording) => ({ recording, episode: simulate(recording) }));
    const longest = Math.max(...recordings.map(({ steps }) => steps.length));
    for (let step = 0; step < longest; step++) {
      for (const { recording, episode } of running) {
        const { action, expect: expected } = recording.steps[step] ?? {};
        if (action === undefined) continue;
        const answer = episode.step(action);
        if (expected !== undefined)
          expect(answer.reward, `${recording.name} ${step}`).toBeCloseTo(Number(expected.reward), 9);
      }
    }
  });

  test('all 77 recordings and 1,249 compared steps are there', () => {
    const steps = recordings.flatMap((recording) => recording.steps);
    expect(recordings.length).toBe(77);
    expect(steps.filter((step) => step.expect !== undefined).length).toBe(1249);
    expect(steps.filter((step) => step.raises !== undefined).length).toBe(4);
  });
});

describe('the graders agree with the recorded scores', () => {
  test('all 121 recordings are there', () => {
    expect(graderRecordings.length).toBe(121);
  });

  test.each(GRADER_TASKS)('%s', (task) => {
    const wrong = graderRecordings
      .map(({ trajectory, scores }, index) => ({ index, expected: scores[task], actual: gradeV1(task, trajectory) }))
      .filter(({ expected, actual }) => !Object.is(expected, actual));
    expect(wrong).toEqual([]);
  });
});
