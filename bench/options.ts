/** The command line of a benchmark program. Arguments that it cannot use end it with exit code 2. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

export function optionsOf<T extends NonNullable<ParseArgsConfig['options']>>(options: T) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}

/** A whole number, at least `least`. */
export function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  refuse(`${name}: expected a whole number, at least ${least}, got ${JSON.stringify(text)}`);
}

export function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

/** The command that runs this program, for the results. @param script Its name in package.json. */
export function commandOf(script: string): string {
  const given = process.argv.slice(2);
  return [`npm run ${script}`, ...(given.length > 0 ? ['--', ...given] : [])].join(' ');
}
