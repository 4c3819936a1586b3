/** Labelled replies that people wrote from the mails alone: how many of each label the judge accepts. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { asksOf, emailsOf } from '../../src/sim/v2/judge/asks.ts';
import { judge } from '../../src/sim/v2/judge/judge.ts';
import { readReply } from '../../src/sim/v2/judge/reply.ts';
import { isAccepted } from '../../src/sim/v2/judge/verdict.ts';

type Labelled = { readonly task: string; readonly email_id: string; readonly label: string; readonly body: string };

function repliesIn(file: string): Labelled[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line): Labelled => JSON.parse(line));
}

function accepts({ task, email_id, body }: Labelled): boolean {
  const { scenario } = loadTask(task);
  const email = emailsOf(scenario).find(({ id }) => id === email_id);
  const asks = email && asksOf(scenario, email);
  if (asks === undefined) throw new Error(`${task} ${email_id} asks for nothing`);
  return isAccepted(judge(readReply(body), asks));
}

/** The judge was built on the first two files. The third was judged once it was finished, and nothing was changed after that. */
describe.each([
  { file: './replies.jsonl', good: 0.96, bad: 0.02 },
  { file: './tuned-replies.jsonl', good: 0.96, bad: 0.06 },
  { file: './fresh-replies.jsonl', good: 0.94, bad: 0.04 },
])('$file', ({ file, good, bad }) => {
  const replies = repliesIn(file);
  const rate = (label: string): number => {
    const some = replies.filter((reply) => reply.label === label);
    const accepted = some.filter(accepts).length;
    console.log(`${file}: ${label} accepted ${accepted}/${some.length}`);
    return accepted / some.length;
  };

  test('good replies are accepted', () => expect(rate('good')).toBeGreaterThanOrEqual(good));
  test('bad replies are not', () => expect(rate('bad')).toBeLessThanOrEqual(bad));
});
