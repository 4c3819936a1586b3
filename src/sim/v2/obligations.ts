/**
 * The obligations of a world over the whole episode. Their total, the denominator of the potentials, therefore never changes.
 */
import { quote } from '../../lib/text.ts';
import { utcOf } from '../../lib/time.ts';
import type { Ask } from '../../world/asks.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { type Obligation, REWARD_CHANNELS, STATUSES } from '../../world/day.ts';
import { latenessAfter, sweepOverlaps } from '../../world/facts.ts';
import { MAX_CLASHES, scenarioRefusal } from '../../world/references.ts';
import { type Email, MOODS } from '../../world/schema.ts';
import { EpisodeState } from '../../world/state.ts';
import * as v2 from './constants.ts';

// The clashes that a day can have. Each clash is an obligation, so their number is limited.

/**
 * The pairs of meetings that cannot both be attended, in file order: one of them would be missed, not only begin late.
 * @param s A state in which everything has arrived that may arrive.
 * @throws ValidationError if there are more than MAX_CLASHES
 */
function findClashes(c: CompiledScenario, s: EpisodeState): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  sweepOverlaps(c, s, (a, b) => {
    const [earlier, later] = (s.meetingStart[a] ?? 0) <= (s.meetingStart[b] ?? 0) ? [a, b] : [b, a];
    return latenessAfter(c, s, earlier, later) <= v2.LATE_TOLERANCE || pairs.push([a, b]) <= MAX_CLASHES;
  });
  const [a, b] = pairs[MAX_CLASHES] ?? [];
  if (a !== undefined && b !== undefined) {
    const [one, other] = [a, b].map((meeting) => quote(c.world.meetings[meeting]?.id));
    throw scenarioRefusal(
      `meetings: expected at most ${MAX_CLASHES} pairs that overlap (rules v2), those that events bring included, got at least ${pairs.length}, the last of them ${one} and ${other}`,
    );
  }
  return pairs.sort(([a, b], [c, d]) => a - c || b - d);
}

type Weighed = Omit<Obligation, 'share'> & { readonly weight: number };

/** Number of entries of an obligation in `Day.stakes`. */
const STAKES = 2 * STATUSES.length;
const CONFLICT = 0;
const RELATIONSHIP = 1;
const TASK = 2;

/** Whether an email needs an answer: it does if it asks for something. */
export function owesReply({ asks, replied }: Email): boolean {
  return !replied && asks !== undefined;
}

/**
 * Derives the obligations of a world, and the parts of a `Day` that follow from them.
 * @param c The whole world; its initial region shows everything as if it had arrived.
 * @param emailEvent The event that brings each email, or -1. Emails beyond its end are reactions, which need no answer.
 * @throws ValidationError if too many meetings overlap
 */
export function obligationsOf(c: CompiledScenario, emailEvent: readonly number[]) {
  const { world } = c;
  const asInFile = new EpisodeState(c.layout, c.initialRegion.slice().buffer);
  const weighed: Weighed[] = [];
  world.emails.slice(0, emailEvent.length).forEach((email, subject) => {
    if (!owesReply(email)) return;
    const { priority, reply } = email;
    const span = v2.DUE_AFTER[priority] ?? Number.POSITIVE_INFINITY;
    const arrives = (emailEvent[subject] ?? -1) >= 0;
    weighed.push({
      id: `reply:${email.id}`,
      kind: 'reply',
      channel: priority === 'critical' ? CONFLICT : RELATIONSHIP,
      weight: v2.PRIORITY_WEIGHT[priority],
      subject,
      other: -1,
      due: reply?.by === undefined ? (arrives ? Number.NaN : utcOf(world.simulation_time) + span) : utcOf(reply.by),
      span,
    });
  });
  for (const [first, second] of findClashes(c, asInFile)) {
    const a = world.meetings[first];
    const b = world.meetings[second];
    if (a === undefined || b === undefined) continue;
    weighed.push({
      id: `clash:${a.id}+${b.id}`,
      kind: 'clash',
      channel: CONFLICT,
      weight: (v2.PRIORITY_WEIGHT[a.priority] + v2.PRIORITY_WEIGHT[b.priority]) / 2,
      subject: first,
      other: second,
      due: Number.NaN,
      span: Number.NaN,
    });
  }
  world.tasks.forEach((task, subject) => {
    if (task.status === 'done') return;
    weighed.push({
      id: `task:${task.id}`,
      kind: 'task',
      channel: TASK,
      weight: v2.EFFORT_WEIGHT[task.effort] * v2.PRIORITY_WEIGHT[task.priority ?? 'normal'],
      subject,
      other: -1,
      due: Number.NaN,
      span: Number.NaN,
    });
  });
  const totals = [0, 0, 0];
  for (const { channel, weight } of weighed) totals[channel] = (totals[channel] ?? 0) + weight;
  const importance = world.contacts.reduce((sum, contact) => sum + contact.importance, 0);
  totals[RELATIONSHIP] = (totals[RELATIONSHIP] ?? 0) + importance;
  const obligations = weighed.map(
    ({ weight, ...rest }): Obligation => ({ ...rest, share: weight / (totals[rest.channel] ?? 1) }),
  );
  const replyOf = new Int32Array(world.emails.length).fill(-1);
  const taskOf = new Int32Array(world.tasks.length).fill(-1);
  const repliesTo = world.contacts.map((): number[] => []);
  const clashesOf = world.meetings.map((): number[] => []);
  obligations.forEach(({ kind, subject, other }, index) => {
    if (kind === 'reply') {
      replyOf[subject] = index;
      repliesTo[c.emailSender[subject] ?? -1]?.push(index);
    } else if (kind === 'task') taskOf[subject] = index;
    else {
      clashesOf[subject]?.push(index);
      clashesOf[other]?.push(index);
    }
  });
  const askStart = [0];
  const kinds: Ask['kind'][] = [];
  for (const obligation of obligations) {
    if (obligation.kind !== 'reply') break;
    kinds.push(...(world.emails[obligation.subject]?.asks ?? []).map(({ kind }) => kind));
    askStart.push(kinds.length);
  }
  const count = (some: readonly Obligation['kind'][]): number =>
    obligations.filter(({ kind }) => some.includes(kind)).length;
  const rungs = MOODS.length - 1;
  return {
    obligations,
    stakes: stakesOf(obligations),
    members: REWARD_CHANNELS.map((_, channel) =>
      Int32Array.from(obligations.flatMap((one, o) => (one.channel === channel ? [o] : []))),
    ),
    firstClash: count(['reply']),
    firstTask: count(['reply', 'clash']),
    shares: Float64Array.from(obligations, ({ share }) => share),
    subjects: Int32Array.from(obligations, ({ subject }) => subject),
    others: Int32Array.from(obligations, ({ other }) => other),
    dues: Float64Array.from(obligations, ({ due }) => due),
    spans: Float64Array.from(obligations, ({ span }) => span),
    replyOf,
    taskOf,
    repliesTo,
    askStart: Int32Array.from(askStart),
    isChoice: Uint8Array.from(kinds, (kind) => Number(kind === 'choice')),
    isApology: Uint8Array.from(kinds, (kind) => Number(kind === 'apology')),
    clashesOf,
    moodShare: Float64Array.from(world.contacts, (one) => one.importance / ((totals[RELATIONSHIP] ?? 1) * rungs)),
    // A channel without obligations has its full value.
    unowed: Float64Array.from(totals, (total) => Number(total === 0)),
  };
}

/** The index in `Day.stakes` of an obligation with this status. */
export function stakeAt(o: number, status: number): number {
  return o * STAKES + 2 * status;
}

function stakesOf(obligations: readonly Obligation[]): Float64Array {
  const stakes = new Float64Array(stakeAt(obligations.length, 0));
  obligations.forEach(({ share }, o) => {
    for (let status = 0; status < STATUSES.length; status++) {
      stakes[stakeAt(o, status)] = share * (v2.STATUS_VALUE[status] ?? 0);
      stakes[stakeAt(o, status) + 1] = share * (v2.STATUS_PRESSURE[status] ?? 0);
    }
  });
  return stakes;
}

/**
 * Numbers places; -1 means that a meeting can be held anywhere. Rooms of one house are one place: the text before the first
 * comma counts.
 */
export function placesOf(locations: readonly string[]): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(locations, (location) => {
    const place = (location.split(',')[0] ?? '').trim().toLowerCase();
    if (place === '' || /^(phone|call|online|video)/.test(place)) return -1;
    const number = known.get(place) ?? known.size;
    known.set(place, number);
    return number;
  });
}
