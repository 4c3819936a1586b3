/** Prints an episode to a terminal for a person. */

import type { Baseline } from '../../analysis/baselines.ts';
import {
  changeText,
  type OwedMoment,
  owedHistory,
  owedInOrder,
  owedName,
  owedPoints,
  owedSummary,
  unseenText,
} from '../../analysis/owed-history.ts';
import type { Scene } from '../../analysis/replay.ts';
import { REWARD_PARTS, rewardParts } from '../../analysis/reward-parts.ts';
import { STATE_TERMS, TERMS } from '../../analysis/terms.ts';
import { fixed, oneLine, plural, signed } from '../../lib/text.ts';
import { arrivals, clockOf, describeAction, describeEnd, describeGrade, describeReasons } from '../../report/words.ts';
import type { OwedItem } from '../../sim/v2/owed.ts';
import type { WorldExport } from '../../world/export.ts';
import { formatTable } from '../progress.ts';
import type { Screen, Style } from './screen.ts';

/** Prints the state of the episode in one line. */
export function showStatus(screen: Screen, scene: Scene): void {
  const { step, max_steps, time, stress, world } = scene;
  const unread = world.emails.filter(({ read }) => !read).length;
  const open = world.tasks.filter(({ status }) => status !== 'done').length;
  const parts = [clockOf(time), `step ${step} of ${max_steps}`, `stress ${stress}`, `${unread} unread`];
  screen.item(
    [...parts, plural(scene.clashes.length, 'clash', 'clashes'), `${plural(open, 'task')} open`].join(' | '),
    'bold',
  );
}

/** Prints an email in full, without control characters. */
export function showMail(screen: Screen, { id, sender, subject, body }: WorldExport['emails'][number]): void {
  screen.print();
  screen.wrap(oneLine(`[${id}] ${sender}: ${subject}`), '', 'bold');
  for (const line of body.split('\n')) screen.wrap(oneLine(line), '  ');
  screen.print();
}

/** The width of a time and the gap after it. */
const INDENT = ' '.repeat(7);

/** Prints what a step did and what its reward was paid for. */
export function showStep(screen: Screen, before: Scene, after: Scene): void {
  const { deed, said } = describeAction(after.action, after.step_ok, after.world);
  screen.print();
  screen.wrap(`${deed}.`, `${clockOf(before.time)}  `, 'bold');
  if (said !== undefined) screen.wrap(`"${said}"`, INDENT, 'dim');
  if (!after.step_ok) screen.wrap(`Invalid: ${after.error ?? ''}`, INDENT, 'red');
  else if (after.understood?.action_type !== 'do_nothing') screen.wrap(after.detail, INDENT);
  for (const one of arrivals(before, after)) screen.wrap(one, INDENT, 'cyan');
  const colour = after.reward > 0 ? 'green' : after.reward < 0 ? 'red' : 'dim';
  const paid = screen.paint(colour, `reward ${signed(after.reward, 3)}`);
  screen.print(`${INDENT}${paid}   return ${fixed(after.return, 3)}`);
  if (after.breakdown !== null) {
    const parts = rewardParts(after.breakdown);
    const used = REWARD_PARTS.filter((part) => parts[part] !== 0);
    if (used.length > 0) screen.wrap(used.map((part) => `${part}\u00a0${signed(parts[part], 3)}`).join(', '), INDENT);
  }
  const { settlement = 0 } = after.breakdown ?? {};
  if (settlement !== 0)
    screen.wrap(`${signed(settlement, 3)} of it is the settlement. ${TERMS.settlement}`, INDENT, 'dim');
  // Under rules v1 the reasons are the parts, which are printed already.
  if (after.reasons.length === 0) return;
  for (const { amount, channel, text } of describeReasons(after.reasons, after.breakdown, after.world)) {
    screen.wrap(text, `     ${signed(amount, 3).padStart(8)}  ${channel.padEnd(12)}  `, 'dim');
  }
}

/** Prints how the episode ended, and the results of other policies. */
export function showEnd(screen: Screen, scene: Scene, others: readonly Baseline[]): void {
  const { grade } = scene;
  screen.print();
  screen.wrap(`${describeEnd(scene.end_reason)}. Return ${fixed(scene.return, 3)}.`, '', 'bold');
  if (grade === null) screen.print('No grader certifies this episode.');
  else {
    screen.print(screen.paint('bold', `Grade ${fixed(grade.grade, 3)} of 0.01 to 0.99.`));
    if (grade.value !== undefined) for (const sentence of describeGrade(grade)) screen.wrap(sentence, '  ');
  }
  const rows = [{ name: 'you', return: scene.return, grade: grade?.grade ?? null }, ...others]
    .sort((a, b) => b.return - a.return)
    .map(({ name, return: paid, grade: graded }) => [name, fixed(paid, 3), fixed(graded, 3)]);
  screen.print();
  screen.print(formatTable(['who', 'return', 'grade'], rows, [1, 2]));
}

const STYLES: Partial<Record<OwedItem['state'], Style>> = { met: 'green', missed: 'red', spoiled: 'red', wrong: 'red' };
/** The width of the longest state that is printed, `in able hands`, and the margins around it. */
const STATE_WIDTH = 17;

/**
 * Prints what is owed: to whom, by when, in which state, why, and which step changed it. A model does not see it. Prints nothing under
 * rules without obligations.
 * @param scenes The scenes from the beginning of the episode up to the current one.
 */
export function showOwed(screen: Screen, scenes: readonly OwedMoment[]): void {
  const owed = scenes.at(-1)?.owed ?? null;
  if (owed === null) return;
  const items = owedInOrder(owed.items);
  const history = owedHistory(scenes);
  screen.print();
  screen.wrap(`What is owed: ${owedSummary(items)}. ${owedPoints(items)} points.`, '', 'bold');
  for (const item of items) {
    const { id, to, due, what, state, asks, why } = item;
    const by = due === null ? '' : ` by ${clockOf(due)}`;
    const about = `[${owedName(item)}] \u201c${what}\u201d to ${to.join(', ')}${by} (${owedPoints([item])})`;
    screen.wrap(about, `  ${state.padEnd(STATE_WIDTH - 2)}`, STYLES[state]);
    const several = asks.length < 2 ? [] : asks.map((ask) => `${ask.name}: ${ask.state}`);
    const changes = (history.get(id) ?? []).map((change) => changeText(change, clockOf));
    screen.wrap([why, ...several, ...changes].join('; '), ' '.repeat(STATE_WIDTH), 'dim');
  }
  const unseen = unseenText(owed);
  if (unseen !== '') screen.wrap(unseen, '  ');
  screen.print();
  for (const state of new Set(items.map((item) => item.state))) {
    screen.wrap(STATE_TERMS[state], `  ${`${state}:`.padEnd(STATE_WIDTH - 2)}`, 'dim');
  }
  screen.wrap(`${TERMS.points} ${TERMS.V}`, `  ${'points:'.padEnd(STATE_WIDTH - 2)}`, 'dim');
}
