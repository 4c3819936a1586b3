import { Argument, Command } from 'commander';
import { listTasks, loadTask } from '../scenarios/shipped.ts';
import { metadataJsonSchema } from '../sim/observation/metadata.ts';
import { observationJsonSchema } from '../sim/observation/observation.ts';
import { PROMPT_SHA256, systemPrompt } from '../sim/v2/prompt.ts';
import { jsonSchemaOf } from '../world/schema.ts';
import type { Io } from './io.ts';
import { formatTable } from './progress.ts';

export function tasksCommand({ stdout }: Io): Command {
  return new Command('tasks')
    .description('List the shipped tasks.')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExamples:\n  $ ghostexec tasks\n  $ ghostexec tasks --json')
    .action((options: { json?: true }) => {
      const tasks = listTasks().map((entry) => {
        const { scenario, drift } = loadTask(entry.id);
        return {
          id: entry.id,
          difficulty: entry.difficulty,
          default: entry.default,
          grader: entry.grader ?? null,
          v1_grader: entry.v1_grader ?? null,
          emails: scenario.emails.length,
          meetings: scenario.meetings.length,
          contacts: scenario.contacts.length,
          tasks: scenario.tasks.length,
          drift_events: drift?.events.length ?? 0,
          max_episode_steps: scenario.max_episode_steps,
          description: entry.description,
        };
      });
      if (options.json) {
        stdout.write(`${JSON.stringify(tasks, null, 2)}\n`);
        return;
      }
      const head = ['task', 'difficulty', 'mail', 'meetings', 'people', 'tasks', 'drift', 'steps', 'certified by'];
      const rows = tasks.map((task) => [
        task.id,
        task.difficulty,
        ...[task.emails, task.meetings, task.contacts, task.tasks, task.drift_events, task.max_episode_steps].map(
          String,
        ),
        [task.grader, task.v1_grader && `${task.v1_grader} (v1)`].filter(Boolean).join(', ') || '-',
      ]);
      stdout.write(`${formatTable(head, rows, [2, 3, 4, 5, 6, 7])}\n\n`);
      for (const task of tasks) stdout.write(`${task.id}: ${task.description}\n`);
    });
}

const SCHEMAS = {
  scenario: () => jsonSchemaOf('scenario'),
  drift: () => jsonSchemaOf('drift'),
  action: () => jsonSchemaOf('action'),
  observation: observationJsonSchema,
  metadata: metadataJsonSchema,
} as const;

export function schemaCommand({ stdout }: Io): Command {
  return new Command('schema')
    .description(
      'Print the JSON Schema (draft 2020-12) of a scenario file, a drift file, an action, an observation or its metadata.',
    )
    .addArgument(new Argument('<name>', 'name of the schema').choices(Object.keys(SCHEMAS)))
    .addHelpText(
      'after',
      '\nExamples:\n  $ ghostexec schema action\n  $ ghostexec schema scenario > scenario.schema.json',
    )
    .action((name: keyof typeof SCHEMAS) => {
      stdout.write(`${JSON.stringify(SCHEMAS[name](), null, 2)}\n`);
    });
}

export function promptCommand({ stdout }: Io): Command {
  return new Command('prompt')
    .description('Print the system prompt of rules v2: all that a policy must know besides its briefings.')
    .option('--json', 'print {prompt, sha256} as JSON; records and manifests have the hash as prompt_sha256')
    .addHelpText('after', '\nExamples:\n  $ ghostexec prompt > prompt.txt\n  $ ghostexec prompt --json')
    .action(({ json }: { json?: true }) => {
      const prompt = systemPrompt();
      stdout.write(json ? `${JSON.stringify({ prompt, sha256: PROMPT_SHA256 })}\n` : `${prompt}\n`);
    });
}
