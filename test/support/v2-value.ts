/**
 * Computes the worth of a world under rules v2: a slow second implementation from the documentation, which shares no code with
 * src. It reads the status of the obligations and the harm done from the episode, and the price of each kind of harm from the
 * table of constants, but computes weights and sums itself.
 */
import * as figures from '../../src/sim/v2/constants.ts';
import { PRIORITIES, type Scenario } from '../../src/world/schema.ts';
import { instantOf, MINUTE } from '../reference/time.ts';
import type { AskState, OfficeDay } from './v2-episode.ts';

const PRIORITY = { critical: 4, high: 3, normal: 2, low: 1 } as const;
const EFFORT = { low: 1, medium: 2, high: 3 } as const;
const MOOD = { furious: 0, angry: 1, annoyed: 2, neutral: 3, happy: 4 } as const;
const VALUE: Readonly<Record<string, number>> = {
  awaited: 0.3,
  open: 0.3,
  'in able hands': 0.65,
  met: 1,
  late: 0.5,
  spared: 1,
};
/** What an ask counts that is not open. */
const ASK: Readonly<Record<string, number>> = { answered: 1, 'answered late': 0.5, corrected: 0.5 };
const PRESSURE: Readonly<Record<string, number>> = {
  open: 0.5,
  'in able hands': 0.2,
  overdue: 1,
  late: 0.3,
  corrected: 0.3,
  missed: 1,
  spoiled: 1,
  wrong: 1,
};

export type Channel = 'conflict' | 'relationship' | 'task';
export type Weighed = { readonly id: string; readonly channel: Channel; readonly weight: number };

type Placed = Scenario['meetings'][number];

/** The place where a person must be: the text before the first comma. Empty if the meeting is not in person. */
function placeOf({ location }: Placed): string {
  const place = (location.split(',')[0] ?? '').trim().toLowerCase();
  return ['phone', 'call', 'online', 'video'].some((word) => place.startsWith(word)) ? '' : place;
}

function clashes(a: Placed, b: Placed, travel: number): boolean {
  if (a.cancelled || b.cancelled) return false;
  const [from, to] = [placeOf(a), placeOf(b)];
  const way = from !== '' && to !== '' && from !== to ? BigInt(travel) * MINUTE : 0n;
  const [startA, startB] = [instantOf(a.start), instantOf(b.start)];
  const endA = startA + BigInt(a.duration_minutes) * MINUTE;
  const endB = startB + BigInt(b.duration_minutes) * MINUTE;
  if (!(startA < endB + way && startB < endA + way)) return false;
  // Who comes at most ten minutes late does not miss the second one.
  return (startA <= startB ? endA + way - startB : endB + way - startA) > 10n * MINUTE;
}

/** Every obligation of the world, from its beginning to its end. */
export function owedIn(world: Scenario): Weighed[] {
  const events = world.events ?? [];
  const owed: Weighed[] = [];
  for (const { id, priority, asks, replied } of [...world.emails, ...events.flatMap((event) => event.emails ?? [])]) {
    if (replied || asks === undefined) continue;
    const channel = priority === 'critical' ? 'conflict' : 'relationship';
    owed.push({ id: `reply:${id}`, channel, weight: PRIORITY[priority] });
  }
  const meetings = [...world.meetings, ...events.flatMap((event) => event.meetings ?? [])];
  meetings.forEach((a, first) => {
    for (const b of meetings.slice(first + 1)) {
      if (!clashes(a, b, world.travel_minutes ?? 0)) continue;
      const weight = (PRIORITY[a.priority] + PRIORITY[b.priority]) / 2;
      owed.push({ id: `clash:${a.id}+${b.id}`, channel: 'conflict', weight });
    }
  });
  for (const { id, status, effort, priority } of world.tasks) {
    if (status === 'done') continue;
    owed.push({ id: `task:${id}`, channel: 'task', weight: EFFORT[effort] * PRIORITY[priority ?? 'normal'] });
  }
  return owed;
}

export type Worth = {
  readonly conflict: number;
  readonly relationship: number;
  readonly task: number;
  readonly collateral: number;
  readonly value: number;
  readonly stress: number;
};

/** The worth of the current state of a day. */
export function worthOf(day: OfficeDay): Worth {
  const { world } = day;
  const owed = owedIn(world);
  const status = day.statuses();
  const people = day.export().contacts;
  const share = (channel: Channel, table: Readonly<Record<string, number>>): [number, number] => {
    const list = owed.filter((one) => one.channel === channel);
    const total = list.reduce((sum, { weight }) => sum + weight, 0);
    const countOf = (id: string): number => {
      const plain = table[status.get(id) ?? ''] ?? 0;
      return table === VALUE && id.startsWith('reply:') ? answerOf(day.asks(id), plain) : plain;
    };
    return [list.reduce((sum, { id, weight }) => sum + weight * countOf(id), 0), total];
  };
  const importance = people.reduce((sum, one) => sum + one.importance, 0);
  const content = people.reduce((sum, one) => sum + one.importance * (MOOD[one.mood] / 4), 0);
  const part = (got: number, of: number): number => (of === 0 ? 1 : got / of);
  const conflict = part(...share('conflict', VALUE));
  const [answered, answers] = share('relationship', VALUE);
  const relationship = part(content + answered, importance + answers);
  const task = part(...share('task', VALUE));
  const collateral = Math.min(0.5, damageOf(day));
  const press = (got: number, of: number): number => (of === 0 ? 0 : got / of);
  const [restless, waiting] = share('relationship', PRESSURE);
  const pressure =
    0.35 * press(...share('conflict', PRESSURE)) +
    0.35 * press(restless, waiting + importance) +
    0.3 * press(...share('task', PRESSURE));
  return {
    conflict,
    relationship,
    task,
    collateral,
    value: 0.35 * conflict + 0.35 * relationship + 0.3 * task - collateral,
    stress: Math.min(100, 0.5 * world.stress + 60 * pressure),
  };
}

/** What an answer counts: the mean over its asks. While one of them is wrong, the others count nothing. */
function answerOf(asks: readonly AskState[], open: number): number {
  const isWrong = asks.some(({ state }) => state === 'wrong');
  const counts = asks.map(({ kind, state }) => {
    if (state === 'wrong') return kind === 'choice' ? -1 : 0;
    if (isWrong || (kind === 'choice' && state === 'corrected')) return 0;
    return state === 'open' ? open : (ASK[state] ?? Number.NaN);
  });
  return counts.reduce((sum, one) => sum + one, 0) / counts.length;
}

/** The total damage, from the bits and counters of harm that src/sim/v2/constants.ts documents. */
function damageOf({ episode: { s, c } }: OfficeDay): number {
  let sum = 0;
  c.world.meetings.forEach(({ priority }, meeting) => {
    const harm = s.meetingHarm[meeting] ?? 0;
    const damage = figures.PRIORITY_DAMAGE[PRIORITIES.indexOf(priority)] ?? Number.NaN;
    if (harm & 1) sum += figures.MEETING_DAMAGE.missed * damage;
    if (harm & 2) sum += figures.MEETING_DAMAGE.spoiled * damage;
    if (harm & 4) sum += figures.MEETING_DAMAGE.needless * damage;
    if (harm & 8) sum += figures.HASTY_DAMAGE;
    if (harm & 16) sum += figures.DECLINED_DAMAGE;
    if (harm & 64) sum += figures.MEETING_DAMAGE.late * damage;
  });
  for (const harm of s.emailHarm) {
    if (harm & 1) sum += figures.BURIED_DAMAGE;
    if (harm & 2) sum += figures.FOBBED_OFF_DAMAGE;
    sum += figures.RUDE_DAMAGE * ((harm >> 2) & 3);
  }
  for (const harm of s.contactHarm)
    sum += figures.UNASKED_DAMAGE * (harm & 3) + figures.RUDE_DAMAGE * ((harm >> 2) & 3);
  for (const told of s.told) sum += figures.TOLD_DAMAGE * told;
  return sum;
}
