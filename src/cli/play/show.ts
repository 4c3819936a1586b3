/** Prints an episode to a terminal for a person. */

import type { Scene } from '../../analysis/replay.ts';
import { REWARD_PARTS, rewardParts } from '../../analysis/reward-parts.ts';
import { fixed, plural, signed } from '../../lib/text.ts';
import { oraclePolicy, planFor } from '../../policies/oracle.ts';
import { policyNamed } from '../../policies/policies.ts';
import type { BuiltInPolicy } from '../../policies/policy.ts';
import { arrivals, clockOf, describeAction, describeEnd, describeGrade, describeReasons } from '../../report/words.ts';
import { EpisodePlayer } from '../../rollout/player.ts';
import { gradeEpisode } from '../../scenarios/graders.ts';
import type { Spec } from '../../vector/spec.ts';
import { formatTable } from '../progress.ts';
import { clashCount } from './menu.ts';
import type { Terminal } from './terminal.ts';

// What policies achieve in the same episode.

export type Other = {
  readonly name: string;
  readonly return: number;
  readonly grade: number | null;
  readonly invalid: number;
};

/**
 * Plays `do_nothing`, `greedy` and, if there is one, the best known plan. Returns their results, not their actions.
 * @param isShipped Whether this is a shipped task with its own drift, for which a plan may be known.
 */
export function playOthers(spec: Spec, isShipped: boolean): Other[] {
  const plan = isShipped ? planFor(spec.task, spec.compiled) : undefined;
  const policies: BuiltInPolicy[] = [policyNamed('do_nothing'), policyNamed('greedy')];
  if (plan !== undefined) policies.push(oraclePolicy(plan));
  const player = new EpisodePlayer(spec.compiled, spec.rules, spec.rewardMode);
  return policies.map((policy) => {
    const { rewards, invalid, grade } = player.play(policy, 0);
    const graded = gradeEpisode(spec.task, spec.rules, rewards, grade && { grade });
    return { name: policy.name, return: rewards.reduce((sum, one) => sum + one, 0), grade: graded.grade, invalid };
  });
}

/** Prints the state of the episode in one line. */
export function showStatus(terminal: Terminal, scene: Scene): void {
  const { step, max_steps, time, stress, world } = scene;
  const unread = world.emails.filter(({ read }) => !read).length;
  const open = world.tasks.filter(({ status }) => status !== 'done').length;
  const parts = [clockOf(time), `step ${step} of ${max_steps}`, `stress ${stress}`, `${unread} unread`];
  terminal.item([...parts, clashCount(scene), `${plural(open, 'task')} open`].join(' | '), 'bold');
}

/** Prints what a step did and what its reward was paid for. */
export function showStep(terminal: Terminal, before: Scene, after: Scene): void {
  const { deed, said } = describeAction(after.action, after.step_ok, after.world);
  terminal.print();
  terminal.wrap(`${clockOf(before.time)}  ${deed}.`, '', '       ', 'bold');
  if (said !== undefined) terminal.wrap(`"${said}"`, '       ', '', 'dim');
  if (!after.step_ok) terminal.wrap(`Invalid: ${after.error ?? ''}`, '       ', '', 'red');
  else if (after.understood?.action_type !== 'do_nothing') terminal.wrap(after.detail, '       ');
  for (const one of arrivals(before, after)) terminal.wrap(one, '       ', '  ', 'cyan');
  const colour = after.reward > 0 ? 'green' : after.reward < 0 ? 'red' : 'dim';
  terminal.print(
    `       ${terminal.paint(colour, `reward ${signed(after.reward, 3)}`)}   return ${fixed(after.return, 3)}`,
  );
  if (after.breakdown !== null) {
    const parts = rewardParts(after.breakdown);
    const used = REWARD_PARTS.filter((part) => parts[part] !== 0);
    if (used.length > 0)
      terminal.wrap(used.map((part) => `${part}\u00a0${signed(parts[part], 3)}`).join(', '), '       ');
  }
  // Under rules v1 the reasons are the parts, which are printed already.
  if (after.reasons.length === 0) return;
  for (const { amount, channel, text } of describeReasons(after.reasons, after.breakdown, after.world)) {
    terminal.wrap(`${signed(amount, 3).padStart(8)}  ${channel.padEnd(12)}  ${text}`, '     ', ' '.repeat(24), 'dim');
  }
}

/** Prints how the episode ended, and the results of other policies. */
export function showEnd(terminal: Terminal, scene: Scene, others: readonly Other[]): void {
  const { grade } = scene;
  terminal.print();
  terminal.wrap(`${describeEnd(scene.end_reason)}. Return ${fixed(scene.return, 3)}.`, '', '', 'bold');
  if (grade === null) terminal.print('No grader certifies this episode.');
  else {
    terminal.print(terminal.paint('bold', `Grade ${fixed(grade.grade, 3)} of 0.01 to 0.99.`));
    const { value, floor, oracle, conflict, relationship, task, collateral, met, late, missed } = grade;
    const parts = { value, floor, oracle, conflict, relationship, task, collateral, met, late, missed };
    if (isWhole(parts)) for (const sentence of describeGrade(parts)) terminal.wrap(sentence, '  ', '  ');
  }
  const rows = [{ name: 'you', return: scene.return, grade: grade?.grade ?? null }, ...others]
    .sort((a, b) => b.return - a.return)
    .map(({ name, return: paid, grade: graded }) => [name, fixed(paid, 3), fixed(graded, 3)]);
  terminal.print();
  terminal.print(formatTable(['who', 'return', 'grade'], rows, [1, 2]));
}

function isWhole<K extends string>(parts: Record<K, number | undefined>): parts is Record<K, number> {
  return Object.values(parts).every((part) => part !== undefined);
}
