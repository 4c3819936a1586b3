/**
 * Writes answers to emails: the example of every ask, once the briefings have shown each requested value. A policy
 * could therefore have written them.
 */

import { Episode } from '../../sim/episode.ts';
import { briefingOf } from '../../sim/observation/observe.ts';
import { createRuleset } from '../../sim/rules.ts';
import { askedIn, judgeText, Reader } from '../../sim/v2/answers.ts';
import { statedIn } from '../../sim/v2/judge/judge.ts';
import { type Reply, readReply } from '../../sim/v2/judge/reply.ts';
import type { Value } from '../../sim/v2/judge/values.ts';
import { isAccepted } from '../../sim/v2/judge/verdict.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { HAPPENED, NOW } from '../../world/day.ts';

/** The source of values in the first briefing. All other sources are indices of events. */
const OPENING = -1;

/** Reads a text of any length, line by line. */
export function readShown(text: string): Reply[] {
  return text.split('\n').map(readReply);
}

/** Whether a text states a value anywhere. */
export function shows(lines: readonly Reply[], value: Value): boolean {
  return lines.some((line) => statedIn(line, value).length > 0);
}

/** The values that an email asks for, with the names of their asks. */
export function valuesAsked(c: CompiledScenario, email: number): { readonly id: string; readonly value: Value }[] {
  return askedIn(c)
    .at(email)
    .asks.flatMap(({ id, ask }) => (ask.kind === 'value' ? [{ id, value: ask.value }] : []));
}

export class Answers {
  private readonly c: CompiledScenario;
  /** For each email the values that it asks for, and the sources that show each of them. */
  private readonly values;
  /** The answer to each email; undefined if the judge does not accept its examples. */
  private readonly written: readonly (string | undefined)[];

  constructor(c: CompiledScenario) {
    this.c = c;
    const shown = this.sources();
    this.values = c.world.emails.map((_, email) =>
      valuesAsked(c, email).map(({ value }) => ({
        value,
        sources: shown.flatMap(({ source, lines }) => (shows(lines, value) ? [source] : [])),
      })),
    );
    const reader = new Reader();
    this.written = c.world.emails.map(({ asks = [] }, email) => {
      const body = asks.map(({ example }) => example).join(' ');
      return isAccepted(judgeText(reader.read(body), askedIn(c).at(email))) ? body : undefined;
    });
  }

  /** An answer to an email; undefined while the briefings have not shown all that it asks for. */
  compose(e: Episode, email: number): string | undefined {
    let now: Reply[] | undefined;
    for (const { value, sources } of this.values[email] ?? []) {
      if (sources.some((source) => hasCome(e, source))) continue;
      // An action may bring about a value without a known source, for example the new time of a meeting.
      if (sources.length > 0) return undefined;
      now ??= readShown(briefingOf(e));
      if (!shows(now, value)) return undefined;
    }
    return this.written[email];
  }

  /** The text of the first briefing, and the text that each event adds. */
  private sources(): { source: number; lines: Reply[] }[] {
    const { c } = this;
    const e = Episode.of(c, 'full');
    const rules = createRuleset('v2');
    rules.reset(e);
    const found = [{ source: OPENING, lines: readShown(briefingOf(e)) }];
    c.day?.events.forEach((event, index) => {
      rules.reset(e);
      for (const email of event.emails) e.s.emailFlags[email] = 0;
      for (const meeting of event.meetings) e.s.meetingCancelled[meeting] = 0;
      if (event.announced) e.news = event.text;
      found.push({ source: index, lines: readShown(briefingOf(e)) });
    });
    return found;
  }
}

function hasCome(e: Episode, source: number): boolean {
  const status = e.s.eventStatus[source];
  return source === OPENING || status === HAPPENED || status === NOW;
}
