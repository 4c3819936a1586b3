import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { messageOf } from '../lib/errors.ts';
import { clip, oneLine, parseJson, quote } from '../lib/text.ts';
import { cannotRead } from '../scenarios/files.ts';
import { taskNamed } from '../scenarios/source.ts';
import { type Asks, asksOf, emailsOf } from '../sim/v2/judge/asks.ts';
import { judge } from '../sim/v2/judge/judge.ts';
import { readReply } from '../sim/v2/judge/reply.ts';
import { isAccepted, type Verdict } from '../sim/v2/judge/verdict.ts';
import { UsageError } from './exit.ts';
import type { Io } from './io.ts';

type Options = { file?: string; json?: true };

const labelledSchema = z.looseObject({
  task: z.string(),
  email_id: z.string(),
  label: z.string(),
  body: z.string(),
});
type Labelled = z.output<typeof labelledSchema>;

/** Length of a reply in the list of those that were judged wrongly. */
const SHOWN = 160;

export function judgeCommand(io: Io): Command {
  return new Command('judge')
    .description('Explain how the judge of rules v2 reads a reply to an email, or judge a file of labelled replies.')
    .argument('[task]', 'the id of a task, or a scenario file')
    .argument('[email]', 'the id of an email that asks for something')
    .argument('[text]', 'the reply')
    .option(
      '--file <path>',
      'JSON lines with task, email_id, label (good, bad, or another that is not counted) and body',
    )
    .option('--json', 'print the verdicts as JSON')
    .addHelpText(
      'after',
      '\nChannel and due time are not judged here.\n' +
        '\nExamples:\n  $ ghostexec judge phase2_core e03 "625,400 to date."\n  $ ghostexec judge --file replies.jsonl',
    )
    .action((task: string | undefined, email: string | undefined, text: string | undefined, options: Options) => {
      if (options.file !== undefined && task === undefined) judgeFile(options.file, options, io);
      else if (options.file === undefined && task !== undefined && email !== undefined && text !== undefined) {
        explain(task, email, text, options, io);
      } else throw new UsageError('give a task, an email and a text, or --file PATH');
    });
}

function explain(task: string, email: string, text: string, { json }: Options, { stdout }: Io): void {
  const verdict = judge(readReply(text), asksIn(task, email));
  if (json) stdout.write(`${JSON.stringify({ accepted: isAccepted(verdict), ...verdict })}\n`);
  else stdout.write(`${linesOf(verdict).join('\n')}\n${isAccepted(verdict) ? 'accepted' : 'not accepted'}\n`);
}

/** What the judge found: a flaw of the whole reply, each ask with the clause that decided, and the facts that the sender must not know. */
function linesOf({ flaw, asks, told }: Verdict): string[] {
  const found = asks.map(({ id, outcome, why, clause }) => {
    const where = clause === '' ? '' : `: ${quote(clause)}`;
    return `${outcome.padEnd(8)}  ${id}: ${why}${where}`;
  });
  const flaws = flaw === undefined ? [] : [`flaw      ${flaw.why}`];
  return [...flaws, ...found, ...told.map((id) => `told      ${id}: the sender must not know it`)];
}

function judgeFile(path: string, { json }: Options, { stdout }: Io): void {
  const counts = { good: { accepted: 0, all: 0 }, bad: { accepted: 0, all: 0 } };
  const asks = new Map<string, Asks>();
  for (const reply of readLabelled(path)) {
    const { task, email_id, label, body } = reply;
    const key = JSON.stringify([task, email_id]);
    const known = asks.get(key) ?? asksIn(task, email_id);
    asks.set(key, known);
    const verdict = judge(readReply(body), known);
    const accepted = isAccepted(verdict);
    if (json) stdout.write(`${JSON.stringify({ ...reply, accepted, ...verdict })}\n`);
    if (label !== 'good' && label !== 'bad') continue;
    counts[label].all++;
    if (accepted) counts[label].accepted++;
    if (accepted === (label === 'good') || json) continue;
    stdout.write(
      `${label}, ${accepted ? 'accepted' : 'not accepted'}: ${task} ${email_id}: ${clip(oneLine(body), SHOWN)}\n`,
    );
    for (const line of linesOf(verdict)) stdout.write(`  ${line}\n`);
  }
  const { good, bad } = counts;
  const total = `good accepted ${good.accepted}/${good.all}, bad accepted ${bad.accepted}/${bad.all}\n`;
  stdout.write(json ? `${JSON.stringify({ good, bad })}\n` : total);
}

function* readLabelled(path: string): Generator<Labelled> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(cannotRead(path, error).message);
  }
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      yield labelledSchema.parse(parseJson(line));
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error).replace(/\s*\n\s*/g, '; ') : messageOf(error);
      throw new UsageError(`${path}, line ${index + 1}: ${why}; expected {"task", "email_id", "label", "body"}`);
    }
  }
}

function asksIn(task: string, id: string): Asks {
  const { scenario } = taskNamed(task);
  const asking = emailsOf(scenario).filter(({ asks }) => asks !== undefined);
  const email = asking.find((one) => one.id === id);
  if (email === undefined) {
    const ids = asking.map((one) => one.id).join(', ');
    throw new UsageError(`${task}: no email ${quote(id)} asks for something; expected one of ${ids}`);
  }
  return asksOf(scenario, email);
}
