/** The inside of an audit's worker: whole episodes, or a part of a search. Piscina calls the default export. */
import { compileFor } from '../../sim/rules.ts';
import { readOracle } from '../../world/oracle.ts';
import { listTasks, loadTask, oraclePath } from '../../world/tasks.ts';
import { type BuiltInPolicy, builtIn } from '../built-in.ts';
import type { AuditJob, SearchJob } from './jobs.ts';
import { type Played, play } from './play.ts';
import { PLAYERS } from './players.ts';
import { type Found, search } from './search.ts';

export default function run(job: AuditJob | SearchJob): Played[] | Found {
  const task = loadTask(job.task);
  const c = compileFor(job.rules, task.scenario, task.drift, task.oracle);
  if (job.kind === 'search') return search(c, job);
  return play(c, job.rules, job.task, policyOf(job), job.from, job.to);
}

function policyOf({ player, task }: AuditJob): BuiltInPolicy {
  const policy = PLAYERS.find(({ name }) => name === player)?.policy;
  return policy ?? planPolicy(task);
}

/** Follows the plan in the sidecar of a task. */
function planPolicy(task: string): BuiltInPolicy {
  const entry = listTasks().find(({ id }) => id === task);
  const plan = entry === undefined ? [] : (readOracle(oraclePath(entry))?.plan ?? []);
  return builtIn('oracle', () => {
    let step = 0;
    return () => plan[step++] ?? { action_type: 'do_nothing' };
  });
}
