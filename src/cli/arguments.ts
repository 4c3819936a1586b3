/** Parsers of option values. They throw InvalidArgumentError, which Commander turns into a message that names the option. */
import { InvalidArgumentError } from 'commander';
import { messageOf } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { filesNamed } from '../scenarios/source.ts';

/** A whole number in a range; both ends included. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}, got ${quote(text)}.`);
  };
}

/** A number in a range, in decimal notation; both ends included. */
export function decimal(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a number from ${least} to ${most}, got ${quote(text)}.`);
  };
}

/** The id of a shipped task, or the path of a scenario file. */
export function oneTask(text: string): string {
  try {
    return filesNamed(text).id;
  } catch (error) {
    throw new InvalidArgumentError(`${messageOf(error)}.`);
  }
}

/** Ids of tasks or paths of scenario files, separated by commas. */
export function taskList(text: string): string[] {
  return text.split(',').map((name) => oneTask(name.trim()));
}

/** The address of a server: http or https, with or without credentials and a path. */
export function serverUrl(text: string): URL {
  try {
    const url = new URL(text);
    decodeURIComponent(url.username + url.password);
    if (/^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return url;
  } catch {
    // Not a URL: the error below says what was expected.
  }
  throw new InvalidArgumentError('Expected an address like http://127.0.0.1:8000.');
}
