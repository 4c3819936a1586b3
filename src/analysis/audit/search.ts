/**
 * Looks for ways to earn rewards without working. It plays short programs of random actions in a loop, random actions, and
 * the action that pays most at once. It checks three things in every step: the reward lies in its range; an episode that
 * returns to an earlier state of the ledger has earned nothing in between; and the return does not exceed the worth of the
 * obligations that were met (the excess is `unearned`).
 */
import { deriveSeed, Random } from '../../lib/random.ts';
import { formatTime, MINUTE } from '../../lib/time.ts';
import { Episode, type Ruleset } from '../../sim/episode.ts';
import { createRuleset } from '../../sim/rules.ts';
import { CALM, CHANNEL_WEIGHTS, IDLE_STEP, SCALE, STATUS_VALUE } from '../../sim/v2/constants.ts';
import { COLLATERAL, replyValue } from '../../sim/v2/value.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { type Action, CHANNELS } from '../../world/schema.ts';
import { HIDDEN, NOT_ARRIVED } from '../../world/state.ts';

/** A part of the search for exploits: steps of random programs. */
export type SearchJob = {
  readonly kind: 'search';
  readonly task: string;
  readonly rules: 'v2';
  readonly steps: number;
  readonly seed: number;
};

type SearchResults = ReturnType<typeof nothingFound>;
export type SearchResult = Readonly<SearchResults>;

const TEXTS = [
  'Thank you for your message. I have taken this up and will come back to you today.',
  'Sorry for the wait, I will see to it now.',
  '.',
  'You are an idiot and I hate you.',
  'The moon is made of cheese tonight, they say.',
  'Noted.',
  'Yes, go ahead.',
  'No, thank you, not this time.',
] as const;
/** Maximum number of actions in a program. */
const LONGEST = 5;
/** Number of actions that the greedy searcher tries before each step. */
const LOOKAHEAD = 8;

export function search(c: CompiledScenario, job: SearchJob): SearchResult {
  const rules = createRuleset('v2');
  const dice = new Random(deriveSeed(job.seed, job.steps));
  const found = nothingFound();
  const idle = idleDay(c, rules);
  const episode = Episode.of(c, 'full');
  while (found.steps < job.steps) {
    rules.reset(episode);
    const modes = [program, wander, grab];
    const next = (modes[found.episodes % modes.length] ?? program)(episode, rules, dice, found);
    watch(episode, rules, next, idle, found);
    found.episodes++;
  }
  return found;
}

function nothingFound() {
  return {
    steps: 0,
    episodes: 0,
    /** Largest sum of rewards between two visits to the same state of the ledger; at most 0 if no cycle pays. */
    worstCycle: Number.NEGATIVE_INFINITY,
    cycleProgram: [] as readonly Action[],
    /** Largest part of a return, beyond the return of doing nothing, that no met obligation accounts for. */
    worstUnearned: Number.NEGATIVE_INFINITY,
    unearnedProgram: [] as readonly Action[],
    least: Number.POSITIVE_INFINITY,
    greatest: Number.NEGATIVE_INFINITY,
  };
}

type Next = () => Action;

/** Repeats a few random actions. */
function program(e: Episode, _: Ruleset, dice: Random): Next {
  const actions = Array.from({ length: 1 + dice.below(LONGEST) }, () => draw(e, dice));
  let at = 0;
  return () => actions[at++ % actions.length] ?? {};
}

/** Draws a random action for each step. */
function wander(e: Episode, _: Ruleset, dice: Random): Next {
  return () => draw(e, dice);
}

/** Plays the one of a few random actions that pays most at once. */
function grab(e: Episode, rules: Ruleset, dice: Random, found: SearchResults): Next {
  return () => {
    const state = e.s.region.slice();
    const { note, news } = e;
    let best: Action = {};
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < LOOKAHEAD; i++) {
      const action = draw(e, dice);
      const reward = rules.step(e, action);
      found.steps++;
      if (reward > most) {
        most = reward;
        best = action;
      }
      e.load(state, note, news);
    }
    return best;
  };
}

/** Plays an episode and records every value that is worse than all values before. */
function watch(e: Episode, rules: Ruleset, next: Next, idle: Idle, found: SearchResults): void {
  const seen = new Map<string, number>();
  const actions: Action[] = [];
  let sum = 0;
  seen.set(keyOf(e), 0);
  while (e.s.active) {
    const action = next();
    actions.push(action);
    const reward = rules.step(e, action);
    found.steps++;
    sum += reward;
    found.least = Math.min(found.least, reward);
    found.greatest = Math.max(found.greatest, reward);
    const key = keyOf(e);
    const before = seen.get(key);
    if (before !== undefined && sum - before > found.worstCycle) {
      found.worstCycle = sum - before;
      found.cycleProgram = [...actions];
    }
    seen.set(key, Math.min(before ?? Number.POSITIVE_INFINITY, sum));
  }
  const unearned = sum - idle.return - earned(e, idle);
  if (unearned > found.worstUnearned) {
    found.worstUnearned = unearned;
    found.unearnedProgram = actions;
  }
}

function keyOf(e: Episode): string {
  return Buffer.from(e.s.ledger).toString('latin1');
}

/**
 * The worth of the obligations that were met. Besides the obligations themselves it counts the moods of their people, the
 * damage to the calendar and the stress, as far as they are better than after a day on which nothing is done, and the steps
 * that were spent on work.
 */
function earned({ c, s }: Episode, idle: Idle): number {
  const { day } = c;
  if (day === undefined) return 0;
  let worth = 0;
  let met = 0;
  let parted = false;
  const pleased = new Set<number>();
  day.obligations.forEach(({ channel, share, kind, subject, other }, o) => {
    const now = kind === 'reply' ? replyValue(day, o, s.obligation, s.ask) : (STATUS_VALUE[s.obligation[o] ?? 0] ?? 0);
    if (now <= 0) return;
    met++;
    worth += (CHANNEL_WEIGHTS[channel] ?? 0) * share * now;
    if (kind === 'reply') pleased.add(c.emailSender[subject] ?? -1);
    if (kind !== 'clash') return;
    parted = true;
    for (const meeting of [subject, other]) for (const one of c.meetingAttendees[meeting] ?? []) pleased.add(one);
  });
  for (const contact of pleased) {
    const rungs = Math.max(0, (s.mood[contact] ?? 0) - (idle.mood[contact] ?? 0));
    worth += CHANNEL_WEIGHTS[1] * (day.moodShare[contact] ?? 0) * rungs;
  }
  if (parted) worth += Math.max(0, idle.collateral - (s.sums[COLLATERAL] ?? 0));
  worth += (CALM * Math.max(0, idle.stress - s.stress)) / 100;
  return SCALE * worth - IDLE_STEP * met;
}

/** The results of a day on which nothing is done. */
type Idle = ReturnType<typeof idleDay>;

function idleDay(c: CompiledScenario, rules: Ruleset) {
  const episode = Episode.of(c, 'full');
  let sum = 0;
  rules.reset(episode);
  while (episode.s.active) sum += rules.step(episode, { action_type: 'do_nothing' });
  const { mood, sums, stress } = episode.s;
  return { return: sum, mood, collateral: sums[COLLATERAL] ?? 0, stress };
}

/** A random action. Its subject may exist or not. */
function draw({ c, s }: Episode, dice: Random): Action {
  const email_id =
    dice.pick(c.world.emails.filter((_, email) => ((s.emailFlags[email] ?? 0) & HIDDEN) === 0))?.id ?? '';
  const meeting_id =
    dice.pick(c.world.meetings.filter((_, meeting) => s.meetingCancelled[meeting] !== NOT_ARRIVED))?.id ?? '';
  const task_id = dice.pick(c.world.tasks)?.id ?? '';
  const contact_name = dice.pick(c.world.contacts)?.name ?? '';
  const asks = c.world.emails.find(({ id }) => id === email_id)?.asks ?? [];
  const message_body = dice.pick([...TEXTS, ...asks.map(({ example }) => example)]) ?? '';
  switch (dice.below(9)) {
    case 0:
      return { action_type: 'do_nothing' };
    case 1:
      return { action_type: 'reply_email', email_id, message_body, channel: dice.pick(CHANNELS) ?? 'email' };
    case 2:
      return { action_type: 'archive_email', email_id };
    case 3:
      return {
        action_type: 'reschedule_meeting',
        meeting_id,
        new_time: formatTime(s.clock + (dice.below(60) - 4) * 10 * MINUTE),
      };
    case 4:
      return { action_type: 'cancel_meeting', meeting_id, reason: dice.pick(['', 'There is no time for it.']) ?? '' };
    case 5:
      return { action_type: 'complete_task', task_id };
    case 6:
      return { action_type: 'delegate_task', task_id, contact_name };
    case 7:
      return { action_type: 'send_message', contact_name, message_body, channel: dice.pick(CHANNELS) ?? 'text' };
    default:
      return { action_type: 'reply_email', email_id: 'no-such-email', message_body };
  }
}
