/** The actions that write: answers, messages, and the reasons for changes of the calendar. Source: rules v2. */
import { ASK_OPEN, ASK_WRONG, type Day, MISSED } from '../../world/day.ts';
import { keptFor } from '../../world/kept.ts';
import type { Action, CHANNELS } from '../../world/schema.ts';
import { READ, REPLIED } from '../../world/state.ts';
import { mark } from '../effects.ts';
import type { Episode } from '../episode.ts';
import { isBlank, unknown } from '../texts.ts';
import { applyAnswer, askedIn, asksIn, judgeText, type Reader, type ReadText } from './answers.ts';
import * as v2 from './constants.ts';
import type { Flaw } from './judge/flaws.ts';
import { statedIn } from './judge/judge.ts';
import { compileValue } from './judge/values.ts';
import type { Verdict } from './judge/verdict.ts';
import { notesOf } from './notes.ts';
import { type ActionOutcome, beBusy, hasArrived, isOwed, spend } from './react.ts';
import { shiftMood } from './value.ts';

type Channel = (typeof CHANNELS)[number];

/** The denied facts, compiled once for each scenario. */
const deniedIn = keptFor(({ day }) => (day?.denied ?? []).map(({ fact: { type, is } }) => compileValue(type, is, [])));

export function replyEmail(e: Episode, day: Day, action: Action, reader: Reader): ActionOutcome {
  const { email_id = '', message_body = '', channel = 'email' } = action;
  const email = e.c.emailIndex.get(email_id) ?? -1;
  if (!hasArrived(e, email)) return unknown(action, 'email_id', 'email', email_id);
  if (isBlank(message_body)) return 'reply_email needs a message_body that is not blank';
  write(e, day, channel);
  mark(e, email, READ);
  const text = reader.read(message_body);
  tell(e, day, text, [e.c.world.emails[email]?.sender ?? '']);
  const verdict = judgeText(text, askedIn(e.c).at(email));
  const o = day.replyOf[email] ?? -1;
  const { flaw } = verdict;
  if (flaw !== undefined && isHurtful(flaw)) {
    countUp(e, e.s.emailHarm, email, v2.RUDE_SHIFT);
    shiftMood(e, e.c.emailSender[email] ?? -1, -1);
    e.note = `your answer to [${email_id}] hurts: ${flaw.why}`;
    return false;
  }
  if (o < 0) {
    mark(e, email, REPLIED);
    e.setNote(notesOf(e.c).answeredForNothing.at(email));
    return false;
  }
  if (flaw !== undefined) return fobOff(e, email, flaw.why);
  if (!isInChannel(e, email, channel)) {
    return fobOff(e, email, `it should be a ${e.c.world.emails[email]?.reply?.channel}`);
  }
  return answer(e, day, o, verdict, channel);
}

/** Takes the time for a text. A call keeps the executive out of meetings. */
function write(e: Episode, day: Day, channel: Channel): void {
  const begun = e.s.clock;
  spend(e, v2.WRITING[channel]);
  if (channel === 'call') beBusy(e, day, begun, e.s.clock);
}

/** Records an answer, and tells the executive what it did. */
function answer(e: Episode, day: Day, o: number, verdict: Verdict, channel: Channel): boolean {
  const email = day.subjects[o] ?? -1;
  const effect = applyAnswer(e, day, o, verdict, channel);
  switch (effect) {
    case 'complete':
      e.setNote(notesOf(e.c).answered.at(email));
      return true;
    case 'partial':
      e.note = `${begun(e, email)} is not complete: ${gaps(e, day, o)}`;
      return true;
    case 'wrong':
      return fobOff(e, email, gaps(e, day, o));
    case 'nothing': {
      const open = gaps(e, day, o);
      if (open === '') e.setNote(notesOf(e.c).answeredAgain.at(email));
      else if (saysAny(day, o, verdict)) e.note = `${begun(e, email)} adds nothing: ${open}`;
      else return fobOff(e, email, open);
      return false;
    }
  }
}

/** Whether a verdict finds an ask answered, apologies apart. */
function saysAny(day: Day, o: number, { asks }: Verdict): boolean {
  const from = day.askStart[o] ?? 0;
  return asks.some(({ outcome }, index) => outcome === 'answered' && day.isApology[from + index] !== 1);
}

/** What an answer still lacks: that something is missing or wrong, never what would be right. */
function gaps(e: Episode, day: Day, o: number): string {
  const [wrong, open] = [[ASK_WRONG], [ASK_OPEN]].map((states) => asksIn(e, day, o, states).join(', '));
  return [wrong && `wrong about ${wrong}`, open && `not answered: ${open}`].filter(Boolean).join('; ');
}

function begun({ c }: Episode, email: number): string {
  return `your answer to [${c.world.emails[email]?.id}]`;
}

/** An answer that will not do lowers the mood of the sender once. */
function fobOff(e: Episode, email: number, why: string): false {
  e.note = `${begun(e, email)} will not do: ${why}`;
  const before = e.s.emailHarm[email] ?? 0;
  if ((before & v2.EMAIL_FOBBED_OFF) !== 0) return false;
  e.s.emailHarm[email] = before | v2.EMAIL_FOBBED_OFF;
  e.v2.harmed = true;
  shiftMood(e, e.c.emailSender[email] ?? -1, -1);
  return false;
}

/** A message answers the email of the contact about whose asks it says most. */
export function sendMessage(e: Episode, day: Day, action: Action, reader: Reader): ActionOutcome {
  const { contact_name = '', message_body = '', channel = 'text' } = action;
  const name = contact_name.trim();
  const contact = e.c.contactIndex.get(name) ?? -1;
  if (contact < 0) return unknown(action, 'contact_name', 'contact', contact_name);
  if (isBlank(message_body)) return 'send_message needs a message_body that is not blank';
  write(e, day, channel);
  const text = reader.read(message_body);
  tell(e, day, text, [name]);
  const { flaw } = text;
  if (flaw !== undefined && isHurtful(flaw)) {
    countUp(e, e.s.contactHarm, contact, v2.RUDE_SHIFT);
    shiftMood(e, contact, -1);
    e.note = `your message to ${name} hurts: ${flaw.why}`;
    return false;
  }
  const best = bestAnswer(e, day, contact, text, channel);
  if (best === undefined) {
    const before = (e.s.contactHarm[contact] ?? 0) & v2.UNASKED_MASK;
    countUp(e, e.s.contactHarm, contact, 0);
    if (before > 0) shiftMood(e, contact, -1);
    e.setNote(notesOf(e.c).messageForNothing.at(contact));
    return false;
  }
  const furthers = answer(e, day, best.o, best.verdict, channel);
  if (!isOwed(e.s.obligation[best.o] ?? MISSED)) e.setNote(notesOf(e.c).message.at(day.subjects[best.o] ?? -1));
  return furthers;
}

/** The owed answer to a contact of which a text answers most asks; if it answers none, one that it gets wrong. */
function bestAnswer(e: Episode, day: Day, contact: number, text: ReadText, channel: Channel) {
  let best: { o: number; verdict: Verdict; count: number } | undefined;
  for (const o of day.repliesTo[contact] ?? []) {
    const email = day.subjects[o] ?? 0;
    if (!hasArrived(e, email) || !isOwed(e.s.obligation[o] ?? MISSED) || !isInChannel(e, email, channel)) continue;
    const verdict = judgeText(text, askedIn(e.c).at(email));
    if (verdict.flaw !== undefined || verdict.asks.every(({ outcome }) => outcome === 'missing')) continue;
    const count = verdict.asks.filter(({ outcome }) => outcome === 'answered').length;
    if (count > (best?.count ?? -1)) best = { o, verdict, count };
  }
  return best;
}

/** The reason for a change of the calendar goes to those who attend: it may tell them what they must not know. */
export function tellReason(e: Episode, day: Day, meeting: number, reason: string, reader: Reader): void {
  if (day.denied.length > 0) tell(e, day, reader.read(reason), e.c.world.meetings[meeting]?.attendees ?? []);
}

/** The reason for a cancellation may also answer what one of those who attend has asked. Returns whether it does. */
export function answerByReason(e: Episode, day: Day, meeting: number, reason: string, reader: Reader): boolean {
  if (isBlank(reason)) return false;
  tellReason(e, day, meeting, reason, reader);
  const text = reader.read(reason);
  let furthers = false;
  for (const contact of day.attendees[meeting] ?? []) {
    const best = bestAnswer(e, day, contact, text, 'email');
    if (best === undefined || best.verdict.asks.some(({ outcome }) => outcome === 'wrong')) continue;
    if (applyAnswer(e, day, best.o, best.verdict, 'email') === 'nothing') continue;
    furthers = true;
    e.appendNote(`the reason answers [${e.c.world.emails[day.subjects[best.o] ?? -1]?.id}]`);
  }
  return furthers;
}

/** Records what a text tells people that they must not know: once for each fact and person, negated or not. */
function tell(e: Episode, day: Day, { reply }: ReadText, people: readonly string[]): void {
  day.denied.forEach(({ person, email }, index) => {
    if (e.s.told[index] === 1 || !people.includes(person) || (email >= 0 && !hasArrived(e, email))) return;
    const value = deniedIn(e.c)[index];
    if (value === undefined || statedIn(reply, value).length === 0) return;
    e.s.told[index] = 1;
    e.v2.harmed = true;
  });
}

/** Insults and noise hurt; other flaws only keep a text from being an answer. */
function isHurtful(flaw: Flaw): boolean {
  return flaw.kind === 'insult' || flaw.kind === 'noise';
}

function isInChannel(e: Episode, email: number, channel: Channel): boolean {
  const needed = e.c.world.emails[email]?.reply?.channel;
  return needed === undefined || needed === channel;
}

/** Counts in two bits, up to COUNT_LIMIT. */
function countUp(e: Episode, harm: Uint8Array, index: number, shift: number): void {
  const before = harm[index] ?? 0;
  if (((before >> shift) & v2.COUNT_LIMIT) === v2.COUNT_LIMIT) return;
  harm[index] = before + (1 << shift);
  e.v2.harmed = true;
}
