/**
 * Writes validation/canaries.json: the actions of the audit's exploits on every task. Needs a build. Run it when a scenario or an
 * exploit has changed; test/docs/manifest.test.ts detects that.
 */
import { writeFileSync } from 'node:fs';
import { EXPLOITS } from '../dist/analysis/audit/exploits.js';
import { SoloEnv } from '../dist/vector/solo-env.js';
import { compileSpec, loadSpec } from '../dist/vector/spec.js';
import { taskIds } from '../dist/scenarios/shipped.js';

/** The actions of this exploit are whole briefings, which would make up nine tenths of the file. The audit plays it. */
const LEFT_OUT = ['paste_briefing'];
const SEED = 7;
/** The highest grade that the audit allows an exploit. */
const MAX_GRADE = 0.15;

const lines = [];
for (const task_id of taskIds()) {
  const spec = compileSpec({ ...loadSpec({ task: task_id }), rules: 'v2', rewardMode: 'full' });
  for (const policy of EXPLOITS) {
    if (LEFT_OUT.includes(policy.name)) continue;
    const decide = policy.begin(SEED);
    const env = new SoloEnv(spec);
    const actions = [];
    let step = env.reset();
    while (env.active) {
      const action = decide(step.observation);
      actions.push(action);
      step = env.step(action);
    }
    const reset = { episode_id: `canary-${policy.name}-${task_id}`, seed: SEED, options: { task_id, rules: 'v2' } };
    lines.push(`    ${JSON.stringify({ name: policy.name, reset, actions })}`);
  }
}
const head = `{\n  "canary_schema_version": "1",\n  "max_grade": ${MAX_GRADE},\n  "trajectories": [\n`;
writeFileSync(new URL('../validation/canaries.json', import.meta.url), `${head}${lines.join(',\n')}\n  ]\n}\n`);
