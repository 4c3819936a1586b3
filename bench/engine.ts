/** Steps per second: in this thread, in workers, under rules v2, with few and with many environments. */
import type { Group } from './group.js';
import { interleave, ratesOf, speedRatios } from './interleave.js';
import { LonePlayer } from './lone-player.js';
import type { Measure } from './measure.js';
import { EPISODE_LENGTH } from './office.js';
import { actionsFor, checkAgreement, fingerprint, makeOffice, playThrough } from './play.js';

export const engine: Group = {
  name: 'engine',
  figures: {
    in_process_steps_per_s: { what: 'steps/s on one core, 1,024 environments, texts unread', goal: { least: 200_000 } },
    in_process_read_steps_per_s: { what: 'the same, every briefing read' },
    pooled_1_steps_per_s: { what: 'steps/s, 1 worker, texts unread' },
    pooled_1_ratio: { what: '1 worker / in process, texts unread' },
    pooled_2_steps_per_s: { what: 'steps/s, 2 workers, texts unread' },
    pooled_2_ratio: { what: '2 workers / 1 worker, texts unread' },
    threads_2_ratio: {
      what: 'two separate threads that play in process, half of the environments each / one that plays all',
    },
    pooled_2_decoded_steps_per_s: {
      what: 'steps/s, 2 workers, every briefing read on the main thread',
      goal: { least: 120_000 },
    },
    in_process_v2_steps_per_s: { what: 'steps/s in process, rules v2, an office of the same size' },
    v2_ratio: { what: 'rules v2 / rules v1', goal: { least: 0.6 } },
  },
  measure: measureEngine,
};

async function measureEngine(rounds: number, smoke: boolean): Promise<Record<string, Measure>> {
  const numEnvs = smoke ? 32 : 1_024;
  const [actions, actionsV2] = [actionsFor(numEnvs), actionsFor(numEnvs, 'v2')];
  const inProcess = await makeOffice(numEnvs, 0);
  const inProcessV2 = await makeOffice(numEnvs, 0, 'v2');
  const pooled1 = await makeOffice(numEnvs, 1, 'v1', 0, false);
  const pooled2 = await makeOffice(numEnvs, 2, 'v1', 0, false);
  const reading = await makeOffice(numEnvs, 2);
  const lone = await LonePlayer.start(numEnvs);
  const pair = [await LonePlayer.start(numEnvs / 2), await LonePlayer.start(numEnvs / 2)];
  await checkAgreement([inProcess, pooled1, pooled2, reading], actions);
  await fingerprint(inProcessV2, actionsV2);

  const times = await interleave(
    {
      inProcess: { run: () => playThrough(inProcess, actions) },
      inProcessRead: { run: () => playThrough(inProcess, actions, (batch) => void batch.briefings()) },
      inProcessV2: { run: () => playThrough(inProcessV2, actionsV2) },
      pooled1: { run: () => playThrough(pooled1, actions) },
      pooled2: { run: () => playThrough(pooled2, actions) },
      lone: { run: () => lone.play() },
      pair: { run: () => Promise.all(pair.map((player) => player.play())) },
      decoded: { run: () => playThrough(reading, actions, (batch) => void batch.briefings()) },
    },
    rounds,
  );
  await Promise.all([inProcess, inProcessV2, pooled1, pooled2, reading, lone, ...pair].map((one) => one.close()));

  const steps = numEnvs * EPISODE_LENGTH;
  return {
    in_process_steps_per_s: ratesOf(times.inProcess, steps),
    in_process_read_steps_per_s: ratesOf(times.inProcessRead, steps),
    pooled_1_steps_per_s: ratesOf(times.pooled1, steps),
    pooled_1_ratio: speedRatios(times.pooled1, times.inProcess),
    pooled_2_steps_per_s: ratesOf(times.pooled2, steps),
    pooled_2_ratio: speedRatios(times.pooled2, times.pooled1),
    threads_2_ratio: speedRatios(times.pair, times.lone),
    pooled_2_decoded_steps_per_s: ratesOf(times.decoded, steps),
    in_process_v2_steps_per_s: ratesOf(times.inProcessV2, steps),
    v2_ratio: speedRatios(times.inProcessV2, times.inProcess),
  };
}
