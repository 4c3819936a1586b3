/**
 * Writes answers to emails from what a policy can read. Each answer states one phrase for every fact that its email asks
 * for, and uses only phrases that a briefing has shown by then.
 */

import { Episode } from '../../sim/episode.ts';
import { briefingOf } from '../../sim/observation/observe.ts';
import { createRuleset } from '../../sim/rules.ts';
import { normalise } from '../../sim/v2/normalise.ts';
import { compileOwed, judge, owedIn, Reader, type ReplyDemands, type Text } from '../../sim/v2/words.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { HAPPENED, NOW } from '../../world/day.ts';
import type { Email, Needs } from '../../world/schema.ts';

/** Maximum number of combinations of phrases to try for one answer. */
const MAX_COMBINATIONS = 64;
/** The source of phrases in the first briefing. All other sources are indices of events. */
const OPENING = -1;

type AnswerPhrase = {
  readonly text: string;
  /** OPENING, or the events after which a briefing contains the phrase. */
  readonly sources: readonly number[];
  readonly owed: ReplyDemands;
};
const GREETINGS: Readonly<Record<NonNullable<Needs['tone']>, string>> = {
  apologetic: 'I am sorry about this, and I understand why you write.',
  formal: 'Dear correspondent, I have received your message. Kind regards from our office.',
  friendly: 'Thanks a lot for your message, it is good to hear from you.',
};
const PLAIN_GREETING = 'Thank you for your message.';

/** Prepares a text of any length for searching. */
export function searchable(text: string): Text {
  return { flaw: undefined, tokens: normalise(text).map((token) => token.text) };
}

/** An obligation that a text meets if it contains this phrase. */
export function owedPhrase(email: Email, phrase: string): ReplyDemands {
  return compileOwed({ ...email, needs: { facts: [{ id: phrase, any_of: [phrase] }] } });
}

export class Answers {
  private readonly c: CompiledScenario;
  private readonly reader = new Reader();
  /** The facts that each email asks for. */
  private readonly facts;
  /** Answers by email and the known phrases. */
  private readonly composed = new Map<string, string | undefined>();

  constructor(c: CompiledScenario) {
    this.c = c;
    const shown = this.sources();
    this.facts = c.world.emails.map((email) =>
      (email.needs?.facts ?? []).map(({ any_of }) => {
        const phrases = any_of.map((text): AnswerPhrase => {
          const owed = owedPhrase(email, text);
          const sources = shown.flatMap(({ source, said }) => (judge(said, owed).kind === 'adequate' ? [source] : []));
          return { text, sources, owed };
        });
        // An action may bring a phrase without a known source about, for example the new time of a meeting.
        return { phrases, emerges: phrases.every(({ sources }) => sources.length === 0) };
      }),
    );
  }

  /** An answer to an email from what the briefings have shown so far; undefined while the facts are incomplete. */
  compose(e: Episode, email: number): string | undefined {
    let now: Text | undefined;
    const known: string[][] = [];
    for (const fact of this.facts[email] ?? []) {
      if (fact.emerges) now ??= searchable(briefingOf(e));
      const said = now;
      const usable = fact.phrases.filter(
        ({ sources, owed }) =>
          sources.some((source) => hasCome(e, source)) ||
          (fact.emerges && said !== undefined && judge(said, owed).kind === 'adequate'),
      );
      if (usable.length === 0) return undefined;
      known.push(usable.map(({ text }) => text));
    }
    const key = `${email} ${JSON.stringify(known)}`;
    if (!this.composed.has(key)) this.composed.set(key, this.write(email, known));
    return this.composed.get(key);
  }

  private write(email: number, known: readonly (readonly string[])[]): string | undefined {
    const owed = owedIn(this.c, email);
    const greeting = owed.tone === undefined ? PLAIN_GREETING : GREETINGS[owed.tone];
    for (const phrases of combinations(known)) {
      for (const body of bodies(greeting, phrases)) {
        if (judge(this.reader.read(body), owed).kind === 'adequate') return body;
      }
    }
    return undefined;
  }

  /** The text of the first briefing, and the text that each event adds. */
  private sources(): { source: number; said: Text }[] {
    const { c } = this;
    const e = Episode.of(c, 'full');
    const rules = createRuleset('v2');
    rules.reset(e);
    const found = [{ source: OPENING, said: searchable(briefingOf(e)) }];
    c.day?.events.forEach((event, index) => {
      rules.reset(e);
      for (const email of event.emails) e.s.emailFlags[email] = 0;
      for (const meeting of event.meetings) e.s.meetingCancelled[meeting] = 0;
      if (event.announced) e.news = event.text;
      found.push({ source: index, said: searchable(briefingOf(e)) });
    });
    return found;
  }
}

function hasCome(e: Episode, source: number): boolean {
  const status = e.s.eventStatus[source];
  return source === OPENING || status === HAPPENED || status === NOW;
}

function bodies(greeting: string, phrases: readonly string[]): string[] {
  if (phrases.length === 0) {
    return [`${greeting} I confirm it, and I will see to it.`, `${greeting} Yes, I agree.`, `${greeting} Noted.`];
  }
  const facts = phrases.join('; ');
  return [
    `${greeting} My answer to your question: ${facts}. Please write again if anything is missing.`,
    `${greeting} My answer: ${facts}.`,
    `${greeting} To put it in my own words, it is this and nothing else: ${phrases.join(' and ')}.`,
  ];
}

/** All ways to take one phrase from each list, in the order of the lists; at most MAX_COMBINATIONS. */
function combinations(lists: readonly (readonly string[])[]): string[][] {
  let found: string[][] = [[]];
  for (const list of lists) {
    found = found.flatMap((begun) => list.map((phrase) => [...begun, phrase])).slice(0, MAX_COMBINATIONS);
  }
  return found;
}
