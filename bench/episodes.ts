/** The cost of snapshots, restores and forks: for each of many environments in one call, and for one environment. */
import type { Group } from './group.js';
import { interleave, microsecondsEach } from './interleave.js';
import { type Measure, measureOf } from './measure.js';
import { actionsFor, makeOffice } from './play.js';

/** Steps played first, so that emails are answered, meetings are moved and notes exist. */
const STEPS_BEFORE = 20;
/** Number of calls for one environment in a sample. */
const CALLS = 64;
/** A call takes milliseconds, so a round has several samples. */
const SAMPLES_A_ROUND = 5;

export const episodes: Group = {
  name: 'episodes',
  figures: {
    snapshot_us: { what: 'µs an environment, in a snapshot of 1,024', goal: { most: 5 } },
    restore_us: { what: 'µs an environment, in a restore of 1,024 to where they stood a step ago', goal: { most: 5 } },
    restore_far_us: { what: 'the same, to where they stood 21 steps ago, when the day began' },
    fork_us: { what: 'µs a copy, in a fork of one environment into 1,024', goal: { most: 5 } },
    snapshot_bytes: { what: 'bytes an environment, in a snapshot of 1,024', goal: { most: 1_000 } },
    snapshot_one_us: { what: 'µs, a snapshot of one of 1,024 environments' },
    restore_one_us: { what: 'µs, a restore of one of 1,024 environments' },
    fork_one_us: { what: 'µs, a fork of one of 1,024 environments into one more' },
    snapshot_one_bytes: { what: 'bytes, a snapshot of one environment' },
  },
  measure: measureEpisodes,
};

async function measureEpisodes(rounds: number, smoke: boolean): Promise<Record<string, Measure>> {
  const numEnvs = smoke ? 64 : 1_024;
  const env = await makeOffice(numEnvs, 0, 'v1', numEnvs);
  const ids = [...env.envIds];
  await env.reset();
  const dawn = await env.snapshot();
  const actions = actionsFor(numEnvs, 'v1', STEPS_BEFORE + 1);
  for (const step of actions.slice(0, STEPS_BEFORE)) await env.step(step);
  const all = await env.snapshot();
  const one = await env.snapshot([1]);
  // Steps on before every restore: restoring the state that the environments already have would be cheaper.
  const goOn = (): Promise<unknown> => env.step(actions[STEPS_BEFORE] ?? []);
  await goOn();
  const later = await env.snapshot([1]);
  const releaseForks = (): Promise<void> => env.release(env.envIds.slice(numEnvs));
  const often = (call: (i: number) => Promise<unknown>) => async (): Promise<void> => {
    for (let i = 0; i < CALLS; i++) await call(i);
  };
  const back = async (): Promise<void> => {
    await env.restore(all);
    await goOn();
  };
  const times = await interleave(
    {
      snapshot: { run: () => env.snapshot(ids) },
      restore: { run: () => env.restore(all), after: goOn },
      restoreFar: { run: () => env.restore(dawn), after: back },
      fork: { run: () => env.fork(0, numEnvs), after: releaseForks },
      snapshotOne: { run: often(() => env.snapshot([1])) },
      restoreOne: { run: often((i) => env.restore(i % 2 === 0 ? one : later)) },
      forkOne: { run: often(() => env.fork(1, 1)), after: releaseForks },
    },
    rounds * SAMPLES_A_ROUND,
  );
  await env.close();
  return {
    snapshot_us: microsecondsEach(times.snapshot, numEnvs),
    restore_us: microsecondsEach(times.restore, numEnvs),
    restore_far_us: microsecondsEach(times.restoreFar, numEnvs),
    fork_us: microsecondsEach(times.fork, numEnvs),
    snapshot_bytes: measureOf([all.length / numEnvs]),
    snapshot_one_us: microsecondsEach(times.snapshotOne, CALLS),
    restore_one_us: microsecondsEach(times.restoreOne, CALLS),
    fork_one_us: microsecondsEach(times.forkOne, CALLS),
    snapshot_one_bytes: measureOf([one.length]),
  };
}
