/** The worker of an audit: plays whole episodes, or a part of a search. Piscina calls the default export. */
import { compileFor } from '../../sim/rules.ts';
import { loadTask } from '../../world/tasks.ts';
import type { BuiltInPolicy } from '../built-in.ts';
import { oraclePolicy, storedPlan } from '../oracle-policy.ts';
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
  return policy ?? oraclePolicy(storedPlan(task));
}
