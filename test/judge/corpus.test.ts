/** Labelled replies that people wrote from the mails alone: how many of each label the judge accepts. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { asksOf, emailsOf } from '../../src/sim/v2/judge/asks.ts';
import { judge } from '../../src/sim/v2/judge/judge.ts';
import { readReply } from '../../src/sim/v2/judge/reply.ts';
import { isAccepted } from '../../src/sim/v2/judge/verdict.ts';

type Labelled = { readonly task: string; readonly email_id: string; readonly label: string; readonly body: string };

const replies = readFileSync(new URL('./replies.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line): Labelled => JSON.parse(line));

function accepts({ task, email_id, body }: Labelled): boolean {
  const { scenario } = loadTask(task);
  const email = emailsOf(scenario).find(({ id }) => id === email_id);
  const asks = email && asksOf(scenario, email);
  if (asks === undefined) throw new Error(`${task} ${email_id} asks for nothing`);
  return isAccepted(judge(readReply(body), asks));
}

describe('the labelled replies', () => {
  const rate = (label: string): number => {
    const some = replies.filter((reply) => reply.label === label);
    const accepted = some.filter(accepts).length;
    console.log(`${label} accepted ${accepted}/${some.length}`);
    return accepted / some.length;
  };

  test('good replies are accepted', () => expect(rate('good')).toBeGreaterThanOrEqual(0.96));
  test('bad replies are not', () => expect(rate('bad')).toBeLessThanOrEqual(0.02));
});
