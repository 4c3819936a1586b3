/** The best plan known for a shipped task, as a policy. It is for people who want to see it, and for audits. */
import type { CompiledScenario } from '../world/compile.ts';
import { type Oracle, readOracle } from '../world/oracle.ts';
import type { Action } from '../world/schema.ts';
import { listTasks, oraclePath } from '../world/tasks.ts';
import { type BuiltInPolicy, builtIn } from './built-in.ts';

export const ORACLE = 'oracle';

/** The plan of a shipped task; undefined where none is known for just this scenario and drift, or under rules v1. */
export function planFor(task: string, c: CompiledScenario): readonly Action[] | undefined {
  const oracle = c.day === undefined ? undefined : storedOracle(task);
  return oracle?.scenario_sha256 === c.hash ? oracle.plan : undefined;
}

/** The plan in the sidecar of a shipped task, whatever it is for; empty where there is none. */
export function storedPlan(task: string): readonly Action[] {
  return storedOracle(task)?.plan ?? [];
}

/** Follows a plan, whatever the briefings say, and then does nothing. */
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
