/** The sidecar of a scenario stores the solution that was found. This file measures that plan and checks the stored numbers. */

import type { Oracle } from '../../scenarios/files.ts';
import { EDITIONS } from '../../sim/edition.ts';
import { Episode } from '../../sim/episode.ts';
import { briefingOf } from '../../sim/observation/observe.ts';
import { createRuleset } from '../../sim/rules.ts';
import { askedIn, judgeText, Reader } from '../../sim/v2/answers.ts';
import { gradeV2 } from '../../sim/v2/grade.ts';
import { statedIn } from '../../sim/v2/judge/judge.ts';
import type { Reply } from '../../sim/v2/judge/reply.ts';
import { isAccepted } from '../../sim/v2/judge/verdict.ts';
import { worthOf } from '../../sim/v2/value.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { LATE, MET } from '../../world/day.ts';
import type { Action } from '../../world/schema.ts';
import { readShown, valuesAsked } from './answers.ts';
import type { SolveOptions } from './estimate.ts';
import type { Solution } from './search.ts';

/** Largest difference between stored and measured numbers. */
export const PLAN_TOLERANCE = 1e-9;

/**
 * Plays a plan and yields after each step, with the briefing before the step. Steps beyond the end of the episode are not
 * played.
 */
export function* playPlan(c: CompiledScenario, plan: readonly Action[], rules = createRuleset('v2')) {
  const episode = Episode.of(c, 'full');
  rules.reset(episode);
  for (const action of plan) {
    if (!episode.s.active) return;
    const briefing = briefingOf(episode);
    const reward = rules.step(episode, action);
    yield { episode, action, reward, briefing };
  }
}

export function measurePlan(c: CompiledScenario, plan: readonly Action[]) {
  let last: Episode | undefined;
  let [paid, steps, invalid] = [0, 0, 0];
  for (const { episode, reward } of playPlan(c, plan)) {
    last = episode;
    paid += reward;
    steps++;
    if (!episode.s.stepOk) invalid++;
  }
  return {
    /** V at the end of the plan. */
    value: last === undefined ? Number.NaN : worthOf(last.s),
    floor: c.day?.floor ?? Number.NaN,
    /** Sum of the rewards. */
    paid,
    steps,
    /** Number of invalid steps. */
    invalid,
    /** The grade of the finished episode; undefined if the plan does not reach the end. */
    grade: last === undefined || last.s.active ? undefined : gradeV2(c, last.s),
  };
}

export function oracleOf(task: string, c: CompiledScenario, solution: Solution, options: SolveOptions): Oracle {
  const { beam, seed, maxExpansions: max_expansions } = options;
  const { expansions, exhausted } = solution;
  return {
    task_id: task,
    rules: 'v2',
    edition: EDITIONS.v2,
    scenario_sha256: c.hash,
    v_floor: c.day?.floor ?? 0,
    v_oracle: solution.value,
    return: solution.paid,
    solver: { beam, seed, max_expansions, expansions, exhausted },
    plan: [...solution.actions],
  };
}

export type SidecarDifference = { readonly field: string; readonly stored: unknown; readonly measured: unknown };

/** Plays the plan of a sidecar again and compares the results with the stored numbers. */
export function checkOracle(task: string, c: CompiledScenario, oracle: Oracle): SidecarDifference[] {
  const { value, floor, paid, steps, invalid, grade } = measurePlan(c, oracle.plan);
  const found: SidecarDifference[] = [];
  const compare = (field: string, stored: unknown, measured: unknown): void => {
    const same =
      typeof stored === 'number' && typeof measured === 'number'
        ? Math.abs(stored - measured) <= PLAN_TOLERANCE
        : stored === measured;
    if (!same) found.push({ field, stored, measured });
  };
  compare('task_id', oracle.task_id, task);
  compare('scenario_sha256', oracle.scenario_sha256, c.hash);
  compare('v_floor', oracle.v_floor, floor);
  compare('v_oracle', oracle.v_oracle, value);
  compare('return', oracle.return, paid);
  compare('steps of the plan', oracle.plan.length, steps);
  compare('invalid steps', 0, invalid);
  compare('plan reaches the end', true, grade !== undefined);
  return found;
}

/**
 * Checks that a policy could have made this plan from the briefings: every id, name and value that a step uses must occur in
 * a briefing before it. Returns one line for each that does not.
 */
export function auditPlan(c: CompiledScenario, plan: readonly Action[]): string[] {
  const problems: string[] = [];
  const reader = new Reader();
  const texts: string[] = [];
  const seen: Reply[] = [];
  let before = new Uint8Array(c.layout.obligations);
  let step = 0;
  for (const { episode, action, briefing } of playPlan(c, plan)) {
    step++;
    texts.push(briefing);
    seen.push(...readShown(briefing));
    for (const id of [action.email_id, action.meeting_id, action.task_id]) {
      if (id !== undefined && !texts.some((text) => text.includes(`[${id}]`))) problems.push(`step ${step}: id ${id}`);
    }
    const { contact_name: name, message_body: body } = action;
    if (name !== undefined && !texts.some((text) => text.includes(name))) problems.push(`step ${step}: name ${name}`);
    for (const email of body === undefined ? [] : answeredBy(episode, before)) {
      const file = c.world.emails[email];
      if (file === undefined || body === undefined) continue;
      if (!isAccepted(judgeText(reader.read(body), askedIn(c).at(email)))) {
        problems.push(`step ${step}: no answer to ${file.id}`);
      }
      for (const { id, value } of valuesAsked(c, email)) {
        const shown = seen.flatMap((line) => statedIn(line, value));
        if (!statedIn(reader.read(body).reply, value).some((key) => shown.includes(key)))
          problems.push(`step ${step}: ${JSON.stringify(id)} of ${file.id}`);
      }
    }
    before = episode.s.obligation.slice();
  }
  return problems;
}

/** Emails whose answer the last step met. */
function answeredBy({ c, s }: Episode, before: Uint8Array): number[] {
  return (c.day?.obligations ?? []).flatMap(({ kind, subject }, o) => {
    const isMet = s.obligation[o] === MET || s.obligation[o] === LATE;
    return kind === 'reply' && isMet && s.obligation[o] !== before[o] ? [subject] : [];
  });
}
