/** Plays episodes of rules v2 and records everything that their rewards are made of, step by step. */
import { type BuiltInPolicy, builtIn } from '#dist/policies/policy.js';
import { readOracle } from '#dist/scenarios/files.js';
import { listTasks, loadTask, oraclePath } from '#dist/scenarios/shipped.js';
import { Episode } from '#dist/sim/episode.js';
import { observe } from '#dist/sim/observation/observe.js';
import { compileFor, createRuleset } from '#dist/sim/rules.js';
import { worthOf } from '#dist/sim/v2/value.js';
import type { CompiledScenario } from '#dist/world/compile.js';
import { readAction } from '#dist/world/completion/completion.js';
import type { Action } from '#dist/world/schema.js';

/** The state after a step, and its worth; step 0 is the beginning. */
export type Moment = {
  readonly step: number;
  /** An instant in microseconds. */
  readonly clock: number;
  readonly action: Action;
  readonly reward: number;
  /** Sum of the rewards so far. */
  readonly paid: number;
  readonly conflict: number;
  readonly relationship: number;
  readonly task: number;
  readonly collateral: number;
  /** V. */
  readonly value: number;
};

export type Trace = { readonly name: string; readonly episode: Episode; readonly moments: readonly Moment[] };

export function compileTask(id: string): CompiledScenario {
  const { scenario, drift, oracle } = loadTask(id);
  return compileFor('v2', scenario, drift, oracle);
}

/** A list of actions as a policy. After the end of the list it does nothing. */
export function planPolicy(name: string, plan: readonly Action[]): BuiltInPolicy {
  return builtIn(name, () => {
    let step = 0;
    return () => plan[step++] ?? { action_type: 'do_nothing' };
  });
}

/** The plan in the sidecar of a task. */
export function oraclePolicy(task: string): BuiltInPolicy {
  const entry = listTasks().find(({ id }) => id === task);
  const oracle = entry === undefined ? undefined : readOracle(oraclePath(entry));
  if (oracle === undefined) throw new Error(`${task} has no plan; run: ghostexec solve ${task}`);
  return planPolicy('oracle', oracle.plan);
}

/** Plays one whole episode. */
export function trace(c: CompiledScenario, policy: BuiltInPolicy): Trace {
  const rules = createRuleset('v2');
  const episode = Episode.of(c, 'full');
  const decide = policy.begin(0);
  rules.reset(episode);
  const moments = [momentOf(episode, {}, 0, 0)];
  while (episode.s.active) {
    const action = readAction(decide(observe(episode)));
    const reward = rules.step(episode, action);
    const paid = (moments.at(-1)?.paid ?? 0) + reward;
    moments.push(momentOf(episode, 'unreadable' in action ? {} : action, reward, paid));
  }
  return { name: policy.name, episode, moments };
}

function momentOf({ s }: Episode, action: Action, reward: number, paid: number): Moment {
  const [conflict = 0, relationship = 0, task = 0, collateral = 0] = s.sums;
  return {
    step: s.stepCount,
    clock: s.clock,
    action,
    reward,
    paid,
    conflict,
    relationship,
    task,
    collateral,
    value: worthOf(s),
  };
}
