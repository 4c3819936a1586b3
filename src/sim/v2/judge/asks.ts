/** The asks of the emails of a day, compiled for the judge. */
import { utcOf } from '../../../lib/time.ts';
import type { Ask, Denial, ValueType } from '../../../world/asks.ts';
import type { Email, Scenario } from '../../../world/schema.ts';
import { normalise, type Token } from '../normalise.ts';
import { APOLOGIES, WEEKDAYS } from './language.ts';
import type { Cue } from './match.ts';
import { MAX_READ } from './reply.ts';
import { compileValue, cueOf, type Value } from './values.ts';

/** What the judge needs to know of an email and its world. */
export type AskingEmail = {
  readonly sender: string;
  readonly subject: string;
  readonly body: string;
  readonly asks: readonly Ask[];
  /** What the sender must not learn. */
  readonly denied: readonly Denial[];
};

/** When something must be done. */
export type Timing = { readonly today: boolean; readonly before: string | undefined };

export type ValueAsk = {
  readonly kind: 'value';
  readonly value: Value;
  readonly about: readonly Cue[];
  /** Words for other things that have values of this type. */
  readonly unlike: readonly Cue[];
  /** The right values of the other asks of the email. */
  readonly others: readonly string[];
  readonly excluded: boolean;
};
export type ChoiceAsk = Timing & {
  readonly kind: 'choice';
  readonly is: 'yes' | 'no' | 'either';
  readonly about: readonly Cue[];
  readonly against: readonly Cue[];
};
export type ActAsk = Timing & {
  readonly kind: 'act';
  readonly says: readonly (readonly Cue[])[];
  readonly against: readonly Cue[];
  /** Whether the email asks for decisions and deeds alone, so that a bare yes does it. */
  readonly takesYes: boolean;
  /** Whether the email leaves nothing to decide, so that a bare no refuses the deed. */
  readonly takesNo: boolean;
};
export type CompiledAsk = ValueAsk | ChoiceAsk | ActAsk;

/** The asks of an email, compiled for judging. */
export type Asks = {
  readonly asks: readonly { readonly id: string; readonly ask: CompiledAsk }[];
  readonly denied: readonly { readonly id: string; readonly value: Value }[];
  /** The words of the email, for finding echoes. */
  readonly source: readonly string[];
  /** The large numbers of the email. */
  readonly amounts: readonly string[];
  /** The day of the world as a weekday. */
  readonly today: string;
};

/**
 * Compiles the asks of an email.
 * @param today The weekday of the world, in lower case.
 */
export function compileAsks(email: AskingEmail, today: string): Asks {
  const asks = email.asks.map((ask) => ({ id: ask.id, ask: compileAsk(ask, email.asks) }));
  const tokens = normalise(`${email.subject}\n${email.body}`.slice(0, MAX_READ));
  const amounts = tokens.filter(isAmount).map(({ text }) => text);
  const denied = email.denied.map(({ id, type, is }) => ({ id, value: compileValue(type, is, []) }));
  return { asks, denied, source: tokens.map(({ text }) => text), amounts, today };
}

const APOLOGY: ActAsk = {
  kind: 'act',
  says: [APOLOGIES.map(cueOf)],
  against: [],
  takesYes: false,
  takesNo: false,
  today: false,
  before: undefined,
};

function compileAsk(ask: Ask, all: readonly Ask[]): CompiledAsk {
  if (ask.kind === 'choice') {
    const { kind, is, today, before } = ask;
    return { kind, is, about: ask.about.map(cueOf), against: ask.against.map(cueOf), today, before };
  }
  if (ask.kind === 'apology') return APOLOGY;
  if (ask.kind === 'act') {
    const { kind, today, before } = ask;
    return {
      kind,
      says: ask.says.map((ways) => ways.map(cueOf)),
      against: ask.against.map(cueOf),
      takesYes: all.every((one) => one.kind === 'act' || one.kind === 'choice'),
      takesNo: !all.some((one) => one.kind === 'choice'),
      today,
      before,
    };
  }
  const values = all.flatMap((other) => (other.kind === 'value' && other !== ask ? [other] : []));
  const alike = values.filter(
    ({ type }) => isNumeric(type) === isNumeric(ask.type) && (isNumeric(type) || type === ask.type),
  );
  return {
    kind: 'value',
    value: compileValue(ask.type, ask.is, ask.rivals),
    about: ask.about.map(cueOf),
    unlike: [...ask.unlike, ...values.filter(({ type }) => type === ask.type).flatMap(({ about }) => about)].map(cueOf),
    others: alike.flatMap(({ type, is }) => [...compileValue(type, is, []).right]),
    excluded: ask.excluded,
  };
}

function isNumeric(type: ValueType): boolean {
  return type === 'money' || type === 'count';
}

/** Whether a number is large enough to be an amount of money. */
export function isAmount({ kind, text }: Token): boolean {
  return (kind === 'number' || kind === 'spelled') && Number(text) >= 1_000;
}

const DAY_US = 86_400e6;
/** 1 January 1970 was a Thursday. */
const FIRST_WEEKDAY = 4;

/** The emails of a scenario, those that events bring included. */
export function emailsOf({ emails, events = [] }: Scenario): Email[] {
  return [...emails, ...events.flatMap((event) => event.emails ?? [])];
}

/** The asks of an email of a scenario; none if it asks for nothing. */
export function asksOf({ simulation_time, contacts }: Scenario, email: Email): Asks {
  const day = Math.floor(utcOf(simulation_time) / DAY_US) + FIRST_WEEKDAY;
  const today = WEEKDAYS[((day % 7) + 7) % 7] ?? 'monday';
  const sender = contacts.find(({ name }) => name === email.sender);
  return compileAsks(
    { ...email, asks: email.asks ?? [], denied: [...(sender?.deny ?? []), ...(email.deny ?? [])] },
    today,
  );
}
