import { Argument, Command } from 'commander';
import { observationJsonSchema } from '../sim/observation.ts';
import { jsonSchemaOf } from '../world/schema.ts';

const SCHEMAS = {
  scenario: () => jsonSchemaOf('scenario'),
  drift: () => jsonSchemaOf('drift'),
  action: () => jsonSchemaOf('action'),
  observation: observationJsonSchema,
} as const;

export function schemaCommand(): Command {
  return new Command('schema')
    .description('Print the JSON Schema (draft 2020-12) of a scenario file, a drift file, an action or an observation.')
    .addArgument(new Argument('<name>', 'name of the schema').choices(Object.keys(SCHEMAS)))
    .addHelpText(
      'after',
      '\nExamples:\n  $ ghostexec schema action\n  $ ghostexec schema scenario > scenario.schema.json',
    )
    .action((name: keyof typeof SCHEMAS) => {
      process.stdout.write(`${JSON.stringify(SCHEMAS[name](), null, 2)}\n`);
    });
}
