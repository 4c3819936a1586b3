/** Whatever a policy answers, as a record holds it. */
import { asSent, readAnswer } from '../vector/wire-action.ts';
import { isUnreadable, plainAction, type ReadAction } from '../world/completion.ts';
import { type RecordedAnswer, recordCompletion, recordPlain, recordValue } from './recorded-answer.ts';

/** Never throws. @param read The action that was played, where it is known. */
export function recordAnswer(answer: unknown, read?: ReadAction): RecordedAnswer {
  if (typeof answer === 'string') {
    const action = read ?? readAnswer(answer);
    return recordCompletion(answer, isUnreadable(action) ? undefined : action);
  }
  // Built-in policies answer what is played as it is.
  const plain = read !== undefined && answer === read && !isUnreadable(read) ? read : plainAction(answer);
  return (plain && recordPlain(plain)) ?? recordValue(asSent(answer));
}
