/** The best known plan for a shipped task, as a policy: for people who want to see the plan, and for audits. */

import { type Oracle, readOracle } from '../scenarios/files.ts';
import { listTasks, oraclePath } from '../scenarios/shipped.ts';
import type { CompiledScenario } from '../world/compile.ts';
import type { Action } from '../world/schema.ts';
import { type BuiltInPolicy, builtIn } from './policy.ts';

export const ORACLE = 'oracle';

/** The plan of a shipped task; undefined under rules v1, and if no plan is known for exactly this scenario and drift. */
export function planFor(task: string, c: CompiledScenario): readonly Action[] | undefined {
  const oracle = c.day === undefined ? undefined : storedOracle(task);
  return oracle?.scenario_sha256 === c.hash ? oracle.plan : undefined;
}

/** The plan in the sidecar of a shipped task, without a check of the scenario; empty if the task has none. */
export function storedPlan(task: string): readonly Action[] {
  return storedOracle(task)?.plan ?? [];
}

/** Follows a plan, whatever the briefings say. After the plan it does nothing. */
export function oraclePolicy(plan: readonly Action[]): BuiltInPolicy {
  return builtIn(ORACLE, () => {
    let step = 0;
    return () => plan[step++] ?? { action_type: 'do_nothing' };
  });
}

function storedOracle(task: string): Oracle | undefined {
  const entry = listTasks().find(({ id }) => id === task);
  return entry === undefined ? undefined : readOracle(oraclePath(entry));
}
