/** Answers of policies as JSON, whatever they are: how answers are sent to a worker, and how they are read without one. */
import { messageOf } from '../lib/errors.ts';
import { plainAction, type ReadAction, readAction, strangeKind } from '../world/completion/completion.ts';

/**
 * A JSON list of the answers. An answer that JSON cannot represent becomes a text without an action and does not affect the
 * others.
 */
export function answersToJson(answers: readonly unknown[]): string {
  try {
    if (answers.every((answer) => strangeKind(answer) === undefined)) return JSON.stringify(answers);
  } catch {
    // Reading one of the answers throws. The code below reads each separately.
  }
  return `[${answers.map(answerToJson).join(',')}]`;
}

/** The answer as a worker would read it. All backends therefore read an answer alike, and reading it never throws. */
export function asSent(answer: unknown): unknown {
  return typeof answer === 'string' ? answer : JSON.parse(answerToJson(answer));
}

/** Reads an answer as an action, as a worker would. Never throws. */
export function readAnswer(answer: unknown): ReadAction {
  return plainAction(answer) ?? readAction(asSent(answer));
}

/** The JSON of one answer. An answer that JSON cannot represent becomes a text without an action. Never throws. */
export function answerToJson(answer: unknown): string {
  try {
    const kind = strangeKind(answer);
    if (kind !== undefined) return JSON.stringify(`an action that is no plain object, but a ${kind}`);
    return JSON.stringify(answer) ?? 'null';
  } catch (error) {
    return JSON.stringify(`an action that JSON cannot hold (${messageOf(error)})`);
  }
}
