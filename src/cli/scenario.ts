import { Command, Option } from 'commander';
import { ValidationError } from '../lib/errors.ts';
import { plural } from '../lib/text.ts';
import { isDriftDocument, parseDrift, parseScenario, readJsonFile } from '../scenarios/files.ts';
import { taskIds } from '../scenarios/shipped.ts';
import { filesNamed, firstBriefing, taskNamed } from '../scenarios/source.ts';
import { compileFor, DEFAULT_RULES, RULES, type Rules } from '../sim/rules.ts';
import { whyNothingToGain } from '../sim/v2/instance.ts';
import type { CompiledScenario } from '../world/compile.ts';
import type { Scenario } from '../world/schema.ts';
import type { Io } from './io.ts';

export function scenarioCommand(io: Io): Command {
  const command = new Command('scenario').description('Check and show scenarios and drift files.');
  command
    .command('validate')
    .description('Check scenario and drift files; prints every problem with its path and the offending value.')
    .argument('<file...>', 'JSON files, or ids of tasks; a file with "events" is read as a drift file')
    .addHelpText('after', '\nExample:\n  $ ghostexec scenario validate my-day.json my-day.drift.json')
    .action((files: string[]) => {
      for (const file of files.flatMap(filesOf)) validate(file, io);
    });
  command
    .command('show')
    .description('Print the first briefing of a scenario, as a policy reads it.')
    .argument('<task>', 'the id of a task, or a scenario file')
    .addOption(new Option('--rules <name>', 'ruleset').choices(RULES).default(DEFAULT_RULES))
    .addHelpText(
      'after',
      '\nExamples:\n  $ ghostexec scenario show phase2_core\n  $ ghostexec scenario show my-day.json',
    )
    .action((task: string, { rules }: { rules: Rules }) => {
      io.stdout.write(firstBriefing(taskNamed(task), rules));
    });
  return command;
}

function validate(file: string, { stdout, stderr }: Io): void {
  const document = readJsonFile(file);
  if (isDriftDocument(document)) {
    const drift = parseDrift(document, `drift ${file}`);
    stdout.write(`${file}: a valid drift file, ${plural(drift.events.length, 'event')}\n`);
    return;
  }
  const world = parseScenario(document, `scenario ${file}`);
  const compiled = compileAll(world, file);
  const counts = [
    plural(world.emails.length, 'email'),
    plural(world.meetings.length, 'meeting'),
    plural(world.contacts.length, 'contact'),
    plural(world.tasks.length, 'task'),
  ];
  stdout.write(`${file}: a valid scenario, ${counts.join(', ')}, at most ${world.max_episode_steps} steps\n`);
  const why = whyNothingToGain(compiled);
  if (why !== undefined) stderr.write(`warning: ${file}: under rules v2 ${why}\n`);
}

/**
 * Compiles a scenario under both rulesets: some limits, mostly of rules v2, are only checked then.
 * @returns The scenario compiled for rules v2.
 */
function compileAll(world: Scenario, file: string): CompiledScenario {
  try {
    compileFor('v1', world);
    return compileFor('v2', world);
  } catch (error) {
    throw error instanceof ValidationError ? new ValidationError(`scenario ${file}`, error.issues) : error;
  }
}

/** The files of a task; a path is left as it is, because it may be that of a drift file. */
function filesOf(name: string): string[] {
  if (!taskIds().includes(name)) return [name];
  const { scenario, drift } = filesNamed(name);
  return drift === undefined ? [scenario] : [scenario, drift];
}
