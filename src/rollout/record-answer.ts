/** Converts the answer of a policy, of any type, to the fields of a record. */
import { asSent, readAnswer } from '../vector/wire-action.ts';
import { isUnreadable, plainAction, type ReadAction } from '../world/completion.ts';
import { type RecordedAnswer, recordCompletion, recordPlain, recordValue } from './recorded-answer.ts';

/** The fields of a record for an answer. Never throws. @param read The action that was played, if it is known. */
export function recordAnswer(answer: unknown, read?: ReadAction): RecordedAnswer {
  if (typeof answer === 'string') {
    const action = read ?? readAnswer(answer);
    return recordCompletion(answer, isUnreadable(action) ? undefined : action);
  }
  // The answer of a built-in policy is played unchanged.
  const plain = read !== undefined && answer === read && !isUnreadable(read) ? read : plainAction(answer);
  return (plain && recordPlain(plain)) ?? recordValue(asSent(answer));
}
