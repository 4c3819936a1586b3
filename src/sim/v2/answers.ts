/** Reads what the executive writes, and records what it says about the asks of an email. */
import { LRUCache } from 'lru-cache';
import {
  ASK_ANSWERED,
  ASK_CORRECTED,
  ASK_LATE,
  ASK_OPEN,
  ASK_WRONG,
  CORRECTED,
  type Day,
  LATE,
  MET,
  OPEN,
  OVERDUE_STATUS,
  WRONG,
} from '../../world/day.ts';
import { Kept, keptFor } from '../../world/kept.ts';
import { CHANNELS } from '../../world/schema.ts';
import { type EpisodeState, READ, REPLIED, SUPPRESSED } from '../../world/state.ts';
import { mark } from '../effects.ts';
import type { Episode } from '../episode.ts';
import { type Asks, asksOf } from './judge/asks.ts';
import { type Flaw, flawOf } from './judge/flaws.ts';
import { judge } from './judge/judge.ts';
import { MAX_READ, type Reply, readReply } from './judge/reply.ts';
import type { Verdict } from './judge/verdict.ts';
import { dueOf, settle } from './react.ts';
import { isAnyWrong, setAsk, setStatus, shiftMood } from './value.ts';

/** The asks of each email of a scenario, compiled once. */
export const askedIn = keptFor(
  ({ world }) =>
    new Kept((at) => {
      const email = world.emails[at];
      if (email === undefined) throw new RangeError(`there is no email ${at}`);
      return asksOf(world, email);
    }),
);

/** A text that was read, with its flaw, whatever it answers, and its verdicts. */
export type ReadText = {
  readonly reply: Reply;
  readonly flaw: Flaw | undefined;
  readonly verdicts: Map<Asks, Verdict>;
};

/** Reads texts and remembers the last few with their verdicts, so that judging one text many times costs little. */
export class Reader {
  readonly #seen = new LRUCache<string, ReadText>({ max: 16 });

  read(body: string): ReadText {
    const text = body.slice(0, MAX_READ);
    const seen = this.#seen.get(text);
    if (seen !== undefined) return seen;
    const reply = readReply(text);
    const read: ReadText = { reply, flaw: flawOf(reply, []), verdicts: new Map() };
    this.#seen.set(text, read);
    return read;
  }
}

/** Judges a text as an answer to an email. */
export function judgeText({ reply, verdicts }: ReadText, asks: Asks): Verdict {
  let verdict = verdicts.get(asks);
  if (verdict === undefined) {
    verdict = judge(reply, asks);
    verdicts.set(asks, verdict);
  }
  return verdict;
}

/** What a text did to the answer that an email waits for. */
export type AnswerEffect = 'complete' | 'partial' | 'wrong' | 'nothing';

/**
 * Records a verdict without a flaw. An assertion that is wrong makes the whole text wrong: nothing else in it counts.
 * @param o The obligation of the email.
 */
export function applyAnswer(
  e: Episode,
  day: Day,
  o: number,
  verdict: Verdict,
  channel: (typeof CHANNELS)[number],
): AnswerEffect {
  const { s } = e;
  const from = day.askStart[o] ?? 0;
  const before = s.obligation[o] ?? OPEN;
  const isInTime = before !== OVERDUE_STATUS && s.clock <= dueOf(e, day, o);
  const isWrong = verdict.asks.some(({ outcome }) => outcome === 'wrong');
  const isPolite = (index: number): boolean => day.isApology[from + index] === 1;
  const hasContent = verdict.asks.some(({ outcome }, index) => {
    const isSettled = SETTLED.includes(s.ask[from + index] ?? ASK_OPEN);
    return !isPolite(index) && (isSettled || outcome === 'answered');
  });
  let changes = 0;
  verdict.asks.forEach(({ outcome }, index) => {
    // Politeness alone does not answer.
    if (isPolite(index) && !hasContent) return;
    const ask = from + index;
    const state = s.ask[ask];
    const next = isWrong
      ? outcome === 'wrong' && ASK_WRONG
      : outcome === 'answered' && nextState(state ?? ASK_OPEN, isInTime);
    if (next === false || next === state) return;
    setAsk(e, ask, next);
    changes++;
  });
  if (isWrong) {
    setStatus(e, o, WRONG);
    return 'wrong';
  }
  if (changes === 0) return 'nothing';
  const status = statusByAsks(s, day, o);
  if (status === undefined) {
    setStatus(e, o, isInTime ? OPEN : OVERDUE_STATUS);
    e.v2.quietUntil = Number.NEGATIVE_INFINITY;
    return 'partial';
  }
  settle(e, day, o, status);
  if (status === WRONG) return 'partial';
  const email = day.subjects[o] ?? -1;
  mark(e, email, READ | REPLIED);
  const sender = e.c.emailSender[email] ?? -1;
  const isLiked =
    CHANNELS[s.preference[sender] ?? -1] === channel || e.c.world.emails[email]?.reply?.channel === channel;
  const isSilenced = ((s.emailFlags[email] ?? 0) & SUPPRESSED) !== 0;
  if (status === MET && isLiked && !isSilenced) shiftMood(e, sender, 1);
  return 'complete';
}

const SETTLED: readonly number[] = [ASK_ANSWERED, ASK_LATE, ASK_CORRECTED];

function nextState(state: number, isInTime: boolean): number {
  if (state === ASK_WRONG) return ASK_CORRECTED;
  if (state !== ASK_OPEN) return state;
  return isInTime ? ASK_ANSWERED : ASK_LATE;
}

/** The status of a reply that its asks alone decide; undefined if one of them is open and none is wrong. */
export function statusByAsks({ ask: asks }: EpisodeState, day: Day, o: number): number | undefined {
  if (isAnyWrong(day, o, asks)) return WRONG;
  const states = asks.subarray(day.askStart[o], day.askStart[o + 1]);
  if (states.includes(ASK_OPEN)) return undefined;
  if (states.includes(ASK_CORRECTED)) return CORRECTED;
  return states.includes(ASK_LATE) ? LATE : MET;
}

/** The names of the asks of an email that are in one of these states. */
export function asksIn({ c, s }: Episode, day: Day, o: number, states: readonly number[]): string[] {
  const from = day.askStart[o] ?? 0;
  const asks = c.world.emails[day.subjects[o] ?? -1]?.asks ?? [];
  return asks.flatMap(({ id }, index) => (states.includes(s.ask[from + index] ?? ASK_OPEN) ? [id] : []));
}
