/**
 * Judges an answer by its words alone, without a model: whether it states the required facts, in the required tone, without
 * errors. Every phrasing that contains the facts counts alike.
 */
import { LRUCache } from 'lru-cache';
import { groupBy } from '../../lib/group.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import type { Email, Needs } from '../../world/schema.ts';
import { Kept, keptFor } from '../kept.ts';
import { isNumber, normalise, readings, type Token } from './normalise.ts';

export const MIN_WORDS = 4;
export const MAX_WORDS = 120;
export const MAX_NUMBERS = 12;
/** Text beyond this number of UTF-16 units is not read. */
const MAX_READ = 4_000;

/** A compiled phrase: for each of its tokens, the texts with the same meaning. */
type Phrase = readonly (readonly string[])[];

/** The requirements on an answer, compiled for matching. */
export type ReplyDemands = Readonly<ReturnType<typeof compileOwed>>;

/** The judgement of an answer, and the reason for it. */
export type Verdict = { readonly kind: 'adequate' | 'inadequate' | 'hurtful'; readonly why: string };

/** An answer in the form in which it is judged. */
export type Text = {
  /** A flaw of the answer that does not depend on the email. */
  readonly flaw: Verdict | undefined;
  /** Empty if there is a flaw, since nothing more is checked then. */
  readonly tokens: readonly string[];
  /** Cached verdicts, if the text is remembered. */
  readonly verdicts?: WeakMap<ReplyDemands, Verdict>;
};

/** Phrases by their first token. */
type Lexicon = ReadonlyMap<string | undefined, readonly (readonly string[])[]>;

const HURTFUL = lexicon(`
  idiot, idiots, idiotic, stupid, stupidity, moron, morons, moronic, imbecile, dumb, dumbass, pathetic, useless,
  worthless, loser, losers, you fool, you clown, you liar, incompetent, disgusting, asshole, assholes, arsehole,
  bastard, bastards, bitch, dickhead, wanker, fuck, fucks, fucked, fucking, fucker, shit, shitty, bullshit, crap,
  bollocks, screw you, damn you, shut up, shut it, go to hell, get lost, get stuffed, piss off, sod off, bugger
  off, drop dead, hate you, despise you, you suck, who cares, couldnt care less, could not care less, not my
  problem, leave me alone, stop bothering me, stop bothering us, stop whining, stop moaning, waste of space`);

const TONES: Readonly<Record<NonNullable<Needs['tone']>, Lexicon>> = {
  apologetic:
    lexicon(`sorry, apologise, apologises, apologised, apologising, apologize, apologizes, apologized, apologizing,
    apology, apologies, apologetic, my mistake, our mistake, my fault, our fault, my bad, regret, regrets, regretfully,
    forgive, pardon, excuse me, excuse us, let you down, should not have happened, shouldnt have happened,
    ashamed, i owe you`),
  formal: lexicon(`dear, sincerely, regards, respectfully, cordially, kindly, faithfully, yours truly, sir, madam,
    to whom it may concern, we hereby, i hereby`),
  friendly: lexicon(`thanks, thank, thx, cheers, glad, happy, warm, warmly, love, lovely, look forward, looking forward,
    great, wonderful, brilliant, fantastic, hope, hoping, appreciate, appreciated, delighted, pleased, pleasure,
    grateful, cant wait, wouldnt miss, would not miss, see you, of course, no problem, no worries, best wishes,
    all the best, take care, enjoy, fun, hugs, xx, xxx, darling, sweetheart`),
};

const COURTESY =
  lexicon(`thank, thanks, thankyou, thx, cheers, appreciate, appreciated, grateful, received, noted, sorry,
  apologies, apologise, apologize, confirm, confirmed, confirming, acknowledge, acknowledged, agreed, agree, understood,
  yes, ok, sure, certainly, of course, by all means, got it, got your, will do, i will, we will, ill, will be, get back,
  come back to you, follow up, look into, let you know, in touch, sounds good, no problem, happy to, glad to, welcome,
  congratulations, best wishes, regards, good luck, well done, no thanks`);

const STOP_WORDS: ReadonlySet<string> = new Set(
  `about above after again against also always another anything because been before being below between both cant
  come could does doing done dont down during each else even ever every first from give given goes going gone good
  have having here hers into itself just keep know last least less like long look made make many maybe mine more
  most much must need needs never next nothing once only other others ours over please same says shall should since
  some something soon still such take than that their theirs them then there these they thing things think this
  those though through time today tomorrow tonight under until upon very want wants well went were what when where
  whether which while whole whom whose will with within without would year years your yours yourself`.split(/\s+/),
);

const ADEQUATE: Verdict = { kind: 'adequate', why: 'it says what it owes' };

/** Compiles the requirements of an email. If the email requires nothing, any polite or pertinent answer is adequate. */
export function compileOwed(email: Email) {
  const { facts = [], avoid = [], tone } = email.needs ?? {};
  const source = normalise(`${email.sender}\n${email.subject}\n${email.body}`);
  return {
    facts: facts.map(({ id, any_of }) => ({ id, phrases: any_of.flatMap(compilePhrase) })),
    avoid: avoid.flatMap(compilePhrase),
    tone,
    /** The content words of the email, sender and subject included. */
    topic: new Set(source.filter(isContent).map(({ text }) => text)),
  };
}

/** Reads answers and remembers the last few, so that judging one body many times costs little. */
export class Reader {
  readonly #seen = new LRUCache<string, Text>({ max: 16 });

  read(body: string): Text {
    if (body.length > MAX_READ) return readText(body.slice(0, MAX_READ));
    const seen = this.#seen.get(body);
    if (seen !== undefined) return seen;
    const text = readText(body);
    this.#seen.set(body, text);
    return text;
  }
}

/** Judges a text against the requirements on an answer. */
export function judge({ flaw, tokens, verdicts }: Text, owed: ReplyDemands): Verdict {
  if (flaw !== undefined) return flaw;
  let verdict = verdicts?.get(owed);
  if (verdict === undefined) {
    verdict = judgeTokens(tokens, owed);
    verdicts?.set(owed, verdict);
  }
  return verdict;
}

function judgeTokens(tokens: readonly string[], owed: ReplyDemands): Verdict {
  if (owed.avoid.some((phrase) => says(tokens, phrase))) return inadequate('it says what is wrong');
  const missing = owed.facts.filter(({ phrases }) => !phrases.some((phrase) => says(tokens, phrase)));
  if (missing.length > 0) return inadequate(`it does not mention ${missing.map(({ id }) => id).join(', ')}`);
  if (owed.tone !== undefined && !holds(tokens, TONES[owed.tone])) return inadequate(`it is not ${owed.tone}`);
  if (owed.facts.length === 0 && !tokens.some((token) => owed.topic.has(token)) && !holds(tokens, COURTESY)) {
    return inadequate('it is not about the matter');
  }
  return ADEQUATE;
}

function inadequate(why: string): Verdict {
  return { kind: 'inadequate', why };
}

function readText(body: string): Text {
  const tokens = normalise(body);
  const texts = tokens.map(({ text }) => text);
  const flaw = flawOf(body, tokens, texts);
  return { flaw, tokens: flaw === undefined ? texts : [], verdicts: new WeakMap() };
}

function flawOf(body: string, tokens: readonly Token[], texts: readonly string[]): Verdict | undefined {
  if (holds(texts, HURTFUL)) return { kind: 'hurtful', why: 'it is an insult' };
  if (isNoise(body, tokens, texts)) return { kind: 'hurtful', why: 'it is noise' };
  const numbers = tokens.filter((token) => token.kind !== 'word').length;
  if (tokens.length < MIN_WORDS) return inadequate(`it has fewer than ${MIN_WORDS} words`);
  if (tokens.length > MAX_WORDS) return inadequate(`it is too long (at most ${MAX_WORDS} words)`);
  if (numbers > MAX_NUMBERS) return inadequate(`it has too many figures (at most ${MAX_NUMBERS})`);
  if (numbers * 2 > tokens.length) return inadequate('it is mostly figures');
  return undefined;
}

/** Fewer than two words, no letters, mostly one repeated token, or mostly tokens that cannot be words. */
function isNoise(body: string, tokens: readonly Token[], texts: readonly string[]): boolean {
  if (tokens.length < 2 || !/\p{L}/u.test(body)) return true;
  const letters = texts.join('');
  if (texts.length > 2 && isMonotonous(texts)) return true;
  if (letters.length > 7 && isMonotonous(letters)) return true;
  const words = tokens.filter(({ kind }) => kind === 'word');
  return words.filter(({ text }) => isPlausible(text)).length * 2 < words.length;
}

/** Whether more than two thirds of `things` are equal: only the winner of a majority vote can be that value. */
function isMonotonous(things: ArrayLike<string>): boolean {
  let candidate: string | undefined;
  for (let i = 0, lead = 0; i < things.length; i++) {
    if (lead === 0) candidate = things[i];
    lead += things[i] === candidate ? 1 : -1;
  }
  let count = 0;
  for (let i = 0; i < things.length; i++) if (things[i] === candidate) count++;
  return count * 3 > things.length * 2;
}

/** Whether a token may be a word: it has a vowel or a letter that is not Latin, and the length of a word. */
function isPlausible(word: string): boolean {
  return word.length <= 20 && /[aeiouy]|[^a-z0-9]/.test(word);
}

function isContent({ text, kind }: Token): boolean {
  return kind === 'word' && text.length >= 4 && !STOP_WORDS.has(text);
}

/** Compiles a phrase. A phrase without a word becomes empty, since no answer could contain it. */
function compilePhrase(phrase: string): Phrase[] {
  const tokens = normalise(phrase);
  return tokens.length === 0 ? [] : [tokens.map((token) => (isWordLike(token) ? [token.text] : readings(token.text)))];
}

function isWordLike(token: Token): boolean {
  return token.kind !== 'clock' && !isNumber(token);
}

function says(tokens: readonly string[], phrase: Phrase): boolean {
  const last = tokens.length - phrase.length;
  for (let at = 0; at <= last; at++) {
    let i = 0;
    while (i < phrase.length && phrase[i]?.includes(tokens[at + i] ?? '')) i++;
    if (i === phrase.length) return true;
  }
  return false;
}

function lexicon(list: string): Lexicon {
  const phrases = list.split(',').map((phrase) => normalise(phrase).map(({ text }) => text));
  return groupBy(phrases, ([first]) => first);
}

function holds(tokens: readonly string[], entries: Lexicon): boolean {
  return tokens.some((token, at) =>
    entries.get(token)?.some((phrase) => phrase.every((next, i) => tokens[at + i] === next)),
  );
}

// The requirements on answers to the emails of a scenario, compiled once for each scenario.

const owedOf = keptFor(({ world }) => ({
  emails: new Kept((at) => {
    const email = world.emails[at];
    if (email === undefined) throw new RangeError(`there is no email ${at}`);
    return compileOwed(email);
  }),
  contacts: new Kept((at) => {
    const sender = world.contacts[at]?.name ?? '';
    const email = { id: '', subject: '', body: '', read: true, replied: false, priority: 'low' as const };
    return compileOwed({ ...email, sender, sender_relationship: 'professional' });
  }),
}));

/** The requirements on an answer to an email. */
export function owedIn(c: CompiledScenario, email: number): ReplyDemands {
  return owedOf(c).emails.at(email);
}

/** The requirements on any message to a contact, whatever its subject. */
export function owedBy(c: CompiledScenario, contact: number): ReplyDemands {
  return owedOf(c).contacts.at(contact);
}
