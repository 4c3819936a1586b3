/** The inside of an audit's worker: whole episodes, or a part of a search. Piscina calls the default export. */
import { compileFor } from '../../sim/rules.ts';
import { readOracle } from '../../world/oracle.ts';
import { listTasks, loadTask, oraclePath } from '../../world/tasks.ts';
import type { Policy } from '../actor.ts';
import type { AuditJob, SearchJob } from './jobs.ts';
import { type Played, play } from './play.ts';
import { PLAYERS } from './players.ts';
import { type Found, search } from './search.ts';

export default async function run(job: AuditJob | SearchJob): Promise<Played[] | Found> {
  const task = loadTask(job.task);
  const c = compileFor(job.rules, task.scenario, task.drift, task.oracle);
  if (job.kind === 'search') return search(c, job);
  const policy = policyOf(job);
  const played: Played[] = [];
  for (let seed = job.from; seed < job.to; seed++) played.push(await play(c, job.rules, job.task, policy, seed));
  return played;
}

function policyOf({ player, task }: AuditJob): Policy {
  const policy = PLAYERS.find(({ name }) => name === player)?.policy;
  return policy ?? planPolicy(task);
}

/** Follows the plan in the sidecar of a task. */
function planPolicy(task: string): Policy {
  const entry = listTasks().find(({ id }) => id === task);
  const plan = entry === undefined ? [] : (readOracle(oraclePath(entry))?.plan ?? []);
  return {
    name: 'oracle',
    start() {
      let step = 0;
      return { act: () => plan[step++] ?? { action_type: 'do_nothing' } };
    },
  };
}
