/** Prints what is owed: to whom, by when, in which state, why, and which step changed it. A model does not see it. */
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
import { STATE_TERMS, TERMS } from '../../analysis/terms.ts';
import { clockOf } from '../../report/words.ts';
import type { OwedItem } from '../../sim/v2/owed.ts';
import type { Screen, Style } from './screen.ts';

const STYLES: Partial<Record<OwedItem['state'], Style>> = { met: 'green', missed: 'red', spoiled: 'red', wrong: 'red' };
/** The width of the longest state that is printed, `in able hands`, and the margins around it. */
const INDENT = 17;

/**
 * Prints nothing under rules without obligations.
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
    screen.wrap(about, `  ${state.padEnd(INDENT - 2)}`, STYLES[state]);
    const several = asks.length < 2 ? [] : asks.map((ask) => `${ask.name}: ${ask.state}`);
    const changes = (history.get(id) ?? []).map((change) => changeText(change, clockOf));
    screen.wrap([why, ...several, ...changes].join('; '), ' '.repeat(INDENT), 'dim');
  }
  const unseen = unseenText(owed);
  if (unseen !== '') screen.wrap(unseen, '  ');
  screen.print();
  for (const state of new Set(items.map((item) => item.state))) {
    screen.wrap(STATE_TERMS[state], `  ${`${state}:`.padEnd(INDENT - 2)}`, 'dim');
  }
  screen.wrap(`${TERMS.points} ${TERMS.V}`, `  ${'points:'.padEnd(INDENT - 2)}`, 'dim');
}
