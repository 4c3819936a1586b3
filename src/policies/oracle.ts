/** The best known plan for a shipped task, as a policy: for people who want to see the plan, and for audits. */

import { readOracle } from '../scenarios/files.ts';
import { listTasks, loadTask, oraclePath } from '../scenarios/shipped.ts';
import type { CompiledScenario } from '../world/compile.ts';
import type { Action } from '../world/schema.ts';
import { PolicyFailure } from './failure.ts';
import { type Actor, type BuiltInPolicy, builtIn } from './policy.ts';

export const ORACLE = 'oracle';

/** The plan of a shipped task; undefined under rules v1, and if no plan is known for exactly this scenario and drift. */
export function planFor(task: string, c: CompiledScenario): readonly Action[] | undefined {
  const entry = listTasks().find(({ id }) => id === task);
  return entry && planIn(oraclePath(entry), c);
}

/** The plan in a file, for whatever scenario; undefined if there is no file. */
export function storedPlan(path: string): readonly Action[] | undefined {
  return readOracle(path)?.plan;
}

/** The plan in a file; undefined under rules v1, and if there is none for exactly this scenario and drift. */
export function planIn(path: string, c: CompiledScenario): readonly Action[] | undefined {
  const oracle = c.day === undefined ? undefined : readOracle(path);
  return oracle?.scenario_sha256 === c.hash ? oracle.plan : undefined;
}

/** Follows a plan, whatever the briefings say. After the plan it does nothing. */
export function oraclePolicy(plan: readonly Action[]): BuiltInPolicy {
  return builtIn(ORACLE, () => {
    let step = 0;
    return () => plan[step++] ?? { action_type: 'do_nothing' };
  });
}

/** Follows the plan of each shipped task under rules v2. An episode of another task fails. */
export const oracleOfTasks: Actor & { readonly name: string } = {
  name: ORACLE,
  act: ({ task, step, observation }) => {
    const plan = observation.day_ends === null ? undefined : currentPlan(task);
    if (plan === undefined) throw new PolicyFailure('policy', `no plan is known for task ${task} under these rules`);
    return plan[step] ?? { action_type: 'do_nothing' };
  },
};

const currentPlans = new Map<string, readonly Action[] | undefined>();

/** The plan for a shipped task as it is now. */
function currentPlan(task: string): readonly Action[] | undefined {
  if (!currentPlans.has(task)) {
    const entry = listTasks().find(({ id }) => id === task);
    const isCurrent = entry !== undefined && loadTask(task).oracle !== undefined;
    currentPlans.set(task, isCurrent ? storedPlan(oraclePath(entry)) : undefined);
  }
  return currentPlans.get(task);
}
