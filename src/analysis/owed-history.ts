/** When each obligation of an episode changed its state, taken from the scenes of the episode. Pure, so pages can import it. */
import { fixed, plural } from '../lib/text.ts';
import type { OwedItem } from '../sim/v2/owed.ts';
import type { Scene } from './replay.ts';

/** One change of an obligation. */
export type OwedChange = {
  /** The step that changed it, or in which it changed. */
  readonly step: number;
  /** The time after that step, as in the scene. */
  readonly time: string;
  /** The new state: `met`, `wrong: the cost to date`. */
  readonly what: string;
  /** Whether it changed in the last step or in the rest of the day after it. */
  readonly isAtEnd: boolean;
};

/** What the history needs of a scene. */
export type OwedMoment = Pick<Scene, 'step' | 'time' | 'terminated' | 'truncated' | 'owed'>;

/**
 * The changes of each obligation, by id, oldest first.
 * @param scenes The scenes of one episode, from its beginning up to the scene that is shown.
 */
export function owedHistory(scenes: readonly OwedMoment[]): ReadonlyMap<string, readonly OwedChange[]> {
  const history = new Map<string, OwedChange[]>();
  let known = new Map<string, OwedItem>();
  for (const { step, time, terminated, truncated, owed } of scenes) {
    const items = owed?.items ?? [];
    const isOver = terminated || truncated;
    for (const item of items) {
      const changes = changesOf(known.get(item.id), item, step)
        // What is missed at the end is what was never met: no step of its own says so.
        .filter((what) => !isOver || what !== 'missed')
        .map((what) => ({ step, time, what, isAtEnd: isOver && item.kind === 'task' }));
      history.set(item.id, [...(history.get(item.id) ?? []), ...changes]);
    }
    known = new Map(items.map((item) => [item.id, item]));
  }
  return history;
}

function changesOf(was: OwedItem | undefined, is: OwedItem, step: number): string[] {
  if (was === undefined) return step === 0 ? [] : is.state === 'open' ? ['arrived'] : ['arrived', is.state];
  const asks = changedAsks(was, is);
  // The asks tell of an answer that they complete. Only a miss says more.
  return was.state === is.state || (asks.length > 0 && is.state !== 'missed') ? asks : [...asks, is.state];
}

/** The asks whose state changed, by their new state: `answered: the cost to date, the go`. */
function changedAsks(was: OwedItem, is: OwedItem): string[] {
  const byState = new Map<string, string[]>();
  is.asks.forEach(({ name, state }, index) => {
    if (was.asks[index]?.state !== state) byState.set(state, [...(byState.get(state) ?? []), name]);
  });
  return [...byState].map(([state, names]) => `${state}: ${names.join(', ')}`);
}

/** The states in which an obligation is worth less than it could be. */
const LESS: readonly OwedItem['state'][] = ['wrong', 'overdue', 'missed', 'spoiled', 'late', 'corrected'];

/** An obligation that is worth less than it could be, and since when. */
export type LostItem = {
  readonly item: OwedItem;
  /** How many points less. */
  readonly points: number;
  /** The step in which it came to be so, and the time after that step. */
  readonly step: number;
  readonly time: string;
  /** Whether only the end of the episode decided it: no step says so before. */
  readonly isAtEnd: boolean;
};

/**
 * The obligations that were not met in time or not met at all, those that lost most points first.
 * @param scenes The scenes of one episode, from its beginning up to the scene that is shown.
 */
export function lostItems(scenes: readonly OwedMoment[]): LostItem[] {
  const last = scenes.at(-1);
  const lost = (last?.owed?.items ?? []).flatMap((item) => {
    const since = scenes.find(({ owed }) =>
      owed?.items.some(({ id, state }) => id === item.id && LESS.includes(state)),
    );
    if (since === undefined || !LESS.includes(item.state)) return [];
    const isAtEnd = since.terminated || since.truncated;
    return [{ item, points: item.most - item.now, step: since.step, time: since.time, isAtEnd }];
  });
  return lost.sort((a, b) => b.points - a.points);
}

/** A change in words: `step 5, 09:35: wrong: the cost to date`. @param at Writes a time. */
export function changeText({ step, time, what, isAtEnd }: OwedChange, at: (time: string) => string): string {
  return isAtEnd ? `at the end: ${what}` : `step ${step}, ${at(time)}: ${what}`;
}

/** `e01` of `reply:e01`, `m01 and m02` of `clash:m01+m02`. */
export function owedName({ id, kind }: Pick<OwedItem, 'id' | 'kind'>): string {
  const name = id.slice(kind.length + 1);
  return kind === 'clash' ? name.replace('+', ' and ') : name;
}

/** From what can still be done to what is settled. */
const ORDER: readonly OwedItem['state'][] = [
  'wrong',
  'overdue',
  'open',
  'in able hands',
  'missed',
  'spoiled',
  'late',
  'corrected',
  'met',
];

/** The obligations as a person reads them: what can still be done first, each state by due time. */
export function owedInOrder(items: readonly OwedItem[]): OwedItem[] {
  const rank = ({ state }: OwedItem): number => ORDER.indexOf(state);
  return [...items].sort(
    (a, b) => rank(a) - rank(b) || Number((a.due ?? '') > (b.due ?? '')) - Number((a.due ?? '') < (b.due ?? '')),
  );
}

/** `3 open, 1 in able hands, 2 met`, in the same order; `nothing so far` without obligations. */
export function owedSummary(items: readonly OwedItem[]): string {
  if (items.length === 0) return 'nothing so far';
  return ORDER.flatMap((state) => {
    const count = items.filter((item) => item.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  }).join(', ');
}

/** `54.1 of 73.2`: what the obligations are worth together, now and at most, in points. */
export function owedPoints(items: readonly Pick<OwedItem, 'now' | 'most'>[]): string {
  const [now, most] = [items.reduce((sum, one) => sum + one.now, 0), items.reduce((sum, one) => sum + one.most, 0)];
  return `${fixed(now, 1)} of ${fixed(most, 1)}`;
}

/** `2 obligations never arrived: 1 counted as met, 1 as missed.`; empty if all arrived. */
export function unseenText({ unseen }: NonNullable<OwedMoment['owed']>): string {
  if (unseen === null || unseen.met + unseen.missed === 0) return '';
  const parts = (['met', 'missed'] as const).filter((state) => unseen[state] > 0);
  const counted = parts.map((state, index) => `${unseen[state]} ${index === 0 ? 'counted ' : ''}as ${state}`);
  return `${plural(unseen.met + unseen.missed, 'obligation')} never arrived: ${counted.join(', ')}.`;
}
