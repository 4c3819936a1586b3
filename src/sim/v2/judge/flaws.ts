/** What is wrong with a whole reply, whatever it answers. */
import { FUNCTION_WORDS, INSULTS, OWN_SIDE, TO_THE_GRADER } from './language.ts';
import { findPhrase, phraseAt } from './match.ts';
import type { Reply } from './reply.ts';

/** Words that a reply may have at most; the prompt states it. */
export const MAX_WORDS = 200;
/** An echo is one run of at least this many words of the email that makes up this share of the reply, ... */
const ECHO_WORDS = 12;
const ECHO_SHARE = 0.6;
/** ... or several runs of at least this many words each that make up nearly all of it. */
const RUN_WORDS = 5;
const WHOLE_SHARE = 0.8;
/** Words without a function word or a mark between them from which a reply is not language. */
const SALAD_RUN = 7;

export type Flaw = { readonly kind: 'insult' | 'noise' | 'echo' | 'length' | 'grader'; readonly why: string };

/** The first flaw of a reply. `source` has the words of the email that it answers. */
export function flawOf(reply: Reply, source: readonly string[]): Flaw | undefined {
  const { words } = reply;
  if (words.length === 0) return { kind: 'noise', why: 'it has no words' };
  if (words.length > MAX_WORDS) return { kind: 'length', why: `it is too long (at most ${MAX_WORDS} words)` };
  if (isInsult(words)) return { kind: 'insult', why: 'it is an insult' };
  if (findPhrase(words, TO_THE_GRADER) >= 0) return { kind: 'grader', why: 'it is addressed to a grader' };
  if (isEcho(words, source)) return { kind: 'echo', why: 'it repeats the mail that it answers' };
  if (isSalad(reply)) return { kind: 'noise', why: 'it is not a sentence' };
  return undefined;
}

/** An insult, unless it is turned on the writer's own side ("stupid of us", "my stupid mistake"). */
function isInsult(words: readonly string[]): boolean {
  for (let at = 0; at < words.length; at++) {
    const length = phraseAt(words, INSULTS, at);
    if (length === 0) continue;
    const before = words.slice(Math.max(0, at - 3), at);
    const after = words.slice(at + length, at + length + 2);
    if (findPhrase(before, OWN_SIDE) < 0 && findPhrase(after, OWN_SIDE) < 0) return true;
  }
  return false;
}

const PERSONS: ReadonlySet<string> = new Set('i me my mine you your yours we us our ours am are is'.split(' '));

/** Whether runs of the words of the mail, with the persons exchanged, make up most of the reply. */
function isEcho(words: readonly string[], source: readonly string[]): boolean {
  const [said, asked] = [words, source].map((list) => list.map((word) => (PERSONS.has(word) ? '*' : word)));
  if (said === undefined || asked === undefined) return false;
  const starts = new Map<string, number[]>();
  for (const [at, word] of asked.entries()) {
    const known = starts.get(word);
    if (known === undefined) starts.set(word, [at]);
    else known.push(at);
  }
  let echoed = 0;
  for (let at = 0; at < said.length; at++) {
    let longest = 0;
    for (const start of starts.get(said[at] ?? '') ?? []) {
      let run = 0;
      while (at + run < said.length && start + run < asked.length && said[at + run] === asked[start + run]) run++;
      longest = Math.max(longest, run);
    }
    if (longest >= ECHO_WORDS && longest > said.length * ECHO_SHARE) return true;
    if (longest < RUN_WORDS) continue;
    echoed += longest;
    at += longest - 1;
  }
  return echoed >= ECHO_WORDS && echoed > said.length * WHOLE_SHARE;
}

/** Words in a heap: a long run of them without grammar or marks, or an end in the middle of a phrase after such a run. */
function isSalad({ clauses }: Reply): boolean {
  return clauses.some(({ words }) => {
    let run = 0;
    for (const word of words) {
      run = FUNCTION_WORDS.has(word) ? 0 : run + 1;
      if (run >= SALAD_RUN) return true;
    }
    return false;
  });
}
