/** Answers of policies as JSON, whatever they are: how they travel, and how they are read where they do not. */
import { messageOf } from '../lib/errors.ts';
import { plainAction, type ReadAction, readAction, strangeKind } from '../world/completion.ts';

/** A JSON list of the answers. One that JSON cannot hold spoils only itself: it becomes a text that holds no action. */
export function answersToJson(answers: readonly unknown[]): string {
  try {
    if (answers.every((answer) => strangeKind(answer) === undefined)) return JSON.stringify(answers);
  } catch {
    // One of them throws when it is looked at; below, each is looked at by itself.
  }
  return `[${answers.map(answerToJson).join(',')}]`;
}

/** The answer as a worker would read it, so that no answer is read differently here, and none can throw when it is. */
export function asSent(answer: unknown): unknown {
  return typeof answer === 'string' ? answer : JSON.parse(answerToJson(answer));
}

/** What a policy answered, made an action as a worker would make it. Never throws. */
export function readAnswer(answer: unknown): ReadAction {
  return plainAction(answer) ?? readAction(asSent(answer));
}

export function answerToJson(answer: unknown): string {
  try {
    const kind = strangeKind(answer);
    if (kind !== undefined) return JSON.stringify(`an action that is no plain object, but a ${kind}`);
    return JSON.stringify(answer) ?? 'null';
  } catch (error) {
    return JSON.stringify(`an action that JSON cannot hold (${messageOf(error)})`);
  }
}
