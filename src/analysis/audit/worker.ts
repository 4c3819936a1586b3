/** The worker of an audit: plays whole episodes, or a part of a search. Piscina calls the default export. */

import { oraclePolicy, storedPlan } from '../../policies/oracle.ts';
import type { BuiltInPolicy } from '../../policies/policy.ts';
import { loadTask } from '../../scenarios/shipped.ts';
import { compileFor } from '../../sim/rules.ts';
import { PLAYERS } from './exploits.ts';
import type { AuditJob, SearchJob } from './jobs.ts';
import { type AuditedEpisode, play } from './jobs.ts';
import { type SearchResult, search } from './search.ts';

/** Does one job. */
export function runAuditJob(job: AuditJob | SearchJob): AuditedEpisode[] | SearchResult {
  const task = loadTask(job.task);
  const c = compileFor(job.rules, task.scenario, task.drift, task.oracle);
  if (job.kind === 'search') return search(c, job);
  return play(c, job.rules, job.task, policyOf(job), job.from, job.to);
}

/** @param job `undefined` only checks that the worker has started. */
export default function run(job: AuditJob | SearchJob | undefined): AuditedEpisode[] | SearchResult | undefined {
  return job && runAuditJob(job);
}

function policyOf({ player, task }: AuditJob): BuiltInPolicy {
  const policy = PLAYERS.find(({ name }) => name === player)?.policy;
  return policy ?? oraclePolicy(storedPlan(task));
}
