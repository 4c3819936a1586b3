/**
 * Outputs of models and the actions that are read from them: one line of completions.jsonl each, as docs/COMPLETIONS.md
 * specifies.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  isUnreadable,
  readAction,
  readCompletion,
  remarkOf,
  searchBudget,
} from '../../src/world/completion/completion.ts';
import { answerOf } from '../reference/completion.ts';

type Case = { id: string; completion: string; expected: Record<string, unknown> | null; note?: string };
const lines = readFileSync(new URL('completions.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const cases = lines.map((line): Case => JSON.parse(line));

test('the cases have names of their own', () => {
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
  expect(cases.length).toBeGreaterThan(160);
});

describe('it is read as intended:', () => {
  test.each(cases)('$id', ({ completion, expected }) => {
    const budget = searchBudget(completion);
    const action = readCompletion(completion, budget);
    const read = isUnreadable(action) ? null : JSON.parse(JSON.stringify(action));
    expect(read, JSON.stringify(action)).toEqual(expected);
    expect(readAction(completion)).toEqual(action);
    if (isUnreadable(action)) expect(action.unreadable).not.toContain('given up');
    expect(budget.visits).toBeLessThanOrEqual(4 * completion.length);
  });

  test.each(cases)('$id, by the reference too', ({ completion, expected }) => {
    expect(answerOf(completion)).toEqual(expected);
  });
});

describe('of calls the last is read, and how many others there are is said:', () => {
  const call = (name: string): string => JSON.stringify({ name, arguments: {} });
  test.each([
    ['Hermes', `<tool_call>${call('reply_email')}</tool_call><tool_call>${call('do_nothing')}</tool_call>`],
    ['Mistral', `[TOOL_CALLS][${call('reply_email')}, ${call('do_nothing')}]`],
    ['OpenAI', `{"tool_calls": [{"function": ${call('reply_email')}}, {"function": ${call('do_nothing')}}]}`],
    ['Llama', '[reply_email(email_id="e1"), do_nothing()]'],
    ['objects in prose', `${call('reply_email')}, then ${call('do_nothing')}.`],
  ])('%s', (_form, completion) => {
    const action = readAction(completion);
    expect(action).toEqual({ action_type: 'do_nothing' });
    expect(remarkOf(action)).toBe('1 other call was left out: a step plays the last one');
    expect(Object.keys(action)).not.toContain('remark');
  });

  test('one that is invalid too', () => {
    const action = readAction(`${call('do_nothing')} ${call('do_nothing')} ${call('nap')}`);
    expect(isUnreadable(action) && action.unreadable).toContain('the call "nap" is of no action');
    expect(remarkOf(action)).toBe('2 other calls were left out: a step plays the last one');
  });

  test('nothing is said of one', () => {
    expect(remarkOf(readAction(`<tool_call>${call('do_nothing')}</tool_call>`))).toBeUndefined();
  });
});
