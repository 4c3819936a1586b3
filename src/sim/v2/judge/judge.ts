/** Judges a reply by what it asserts about each ask of an email. Deterministic, and without a model. */
import type { Token } from '../normalise.ts';
import { type Asks, type CompiledAsk, isAmount } from './asks.ts';
import { actVerdict, choiceVerdict } from './decision.ts';
import { flawOf } from './flaws.ts';
import type { Cue } from './match.ts';
import { type Clause, type Reply, says } from './reply.ts';
import { valueVerdict } from './value-verdict.ts';
import { mentionsIn, type Value } from './values.ts';
import { type Finding, finding, type Verdict } from './verdict.ts';

/** Judges a reply to an email. */
export function judge(reply: Reply, { asks, denied, source, amounts, today }: Asks): Verdict {
  return {
    flaw: flawOf(reply, source),
    asks: asks.map(({ id, ask }) => ({ id, ...verdictOf(reply, ask, amounts, today) })),
    told: denied.flatMap(({ id, value }) => (statedIn(reply, value).length > 0 ? [id] : [])),
  };
}

/** The right values that a text states, negated or not, by their keys. */
export function statedIn({ clauses }: Reply, value: Value): string[] {
  const mentions = clauses.flatMap((clause) => mentionsIn(clause, value));
  return mentions.flatMap(({ key }) => (value.right.has(key) ? [key] : []));
}

function verdictOf(reply: Reply, ask: CompiledAsk, amounts: readonly string[], today: string): Finding {
  if (ask.kind === 'value') return valueVerdict(reply, ask);
  const found = ask.kind === 'choice' ? choiceVerdict(reply, ask, today) : actVerdict(reply, ask, today);
  const cues = ask.kind === 'choice' ? ask.about : ask.says.flat();
  const clause = found.outcome === 'answered' ? otherAmount(reply, cues, amounts) : undefined;
  return clause === undefined ? found : finding('wrong', clause, 'names another amount');
}

/** A clause that decides about an amount which the email does not name, though it names one of that length. */
function otherAmount({ clauses }: Reply, cues: readonly Cue[], amounts: readonly string[]): Clause | undefined {
  const isOther = (token: Token): boolean =>
    isAmount(token) && !amounts.includes(token.text) && amounts.some(({ length }) => length === token.text.length);
  return clauses.find((clause) => clause.open === undefined && says(clause, cues) && clause.tokens.some(isOther));
}
