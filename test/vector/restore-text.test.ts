/**
 * A restore renders only the sections that differ from the current briefing. The result must be the briefing of the restored
 * moment, whatever the time and the actions before the restore.
 */
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/index.ts';
import { RULES } from '../../src/sim/rules.ts';
import { BACKENDS, scripted, vectorFactory } from './support.ts';

const TASK = 'drift_drill';
const ENVS = 4;
const TURNS = 24;
const JUMPS = 150;

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  test.each(RULES)('from any moment of a day to any other, rules %s', async (rules) => {
    const vector = await create({ rules, workers, numEnvs: ENVS, tasks: [TASK], autoreset: 'disabled' });
    const moments: { readonly snapshot: Uint8Array; readonly briefing: string }[] = [];
    await vector.reset();
    for (let turn = 0; turn < TURNS; turn++) {
      const batch = await vector.step(vector.envIds.map((env) => scripted(TASK, env, turn)));
      for (const env of vector.envIds) {
        moments.push({ snapshot: await vector.snapshot([env]), briefing: batch.briefing(env) });
      }
    }
    const random = new Random(8);
    const differences = new Set<string>();
    for (let jump = 0; jump < JUMPS; jump++) {
      const env = random.below(ENVS);
      const moment = moments[random.below(moments.length)];
      if (moment === undefined) throw new TypeError('there is no such moment');
      differences.add(moment.briefing);
      const restored = await vector.restore(moment.snapshot, [env]);
      expect(restored.briefing(0)).toBe(moment.briefing);
      // Half of the jumps begin after a step.
      if (jump % 2 === 0) await vector.step([scripted(TASK, env, jump)], [env]);
    }
    expect(differences.size).toBeGreaterThan(JUMPS / 4);
  });
});
