/** Parsers of option values. They throw InvalidArgumentError, which Commander turns into a message that names the option. */
import { InvalidArgumentError } from 'commander';
import { messageOf } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import type { RolloutShard } from '../rollout/plan.ts';
import { filesNamed } from '../scenarios/source.ts';

type RangeParser = (least: number, most: number) => (text: string) => number;

function range(what: string, form: RegExp): RangeParser {
  return (least, most) => (text) => {
    const value = Number(text);
    if (form.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected ${what} from ${least} to ${most}, got ${quote(text)}.`);
  };
}

/** A whole number in a range; both ends included. */
export const integer = range('a whole number', /^[+-]?\d+$/);
/** A number in a range, in decimal notation; both ends included. */
export const decimal = range('a number', /^\d+(\.\d+)?$/);

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

/**
 * A shard: `i/n`, i from 1. `auto` stands for the index of this job in an indexed job of Kubernetes or an array of Slurm; alone it
 * takes the number of jobs from Slurm.
 */
export function shard(text: string): RolloutShard {
  const { JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID, SLURM_ARRAY_TASK_COUNT = '' } = process.env;
  const [which = '', count = which === 'auto' ? SLURM_ARRAY_TASK_COUNT : ''] = text.split('/', 2);
  const own = JOB_COMPLETION_INDEX === undefined ? SLURM_ARRAY_TASK_ID : String(Number(JOB_COMPLETION_INDEX) + 1);
  const [index, of] = [which === 'auto' ? (own ?? '') : which, count];
  if (/^[1-9]\d*$/.test(index) && /^[1-9]\d*$/.test(of) && Number(index) <= Number(of)) {
    return { index: Number(index), of: Number(of) };
  }
  const found = which === 'auto' ? `; this job is ${index || 'unknown'} of ${of || 'unknown'}` : '';
  throw new InvalidArgumentError(
    `Expected i/n with i from 1 to n, or auto/n in a job with JOB_COMPLETION_INDEX or SLURM_ARRAY_TASK_ID, got ${quote(text)}${found}.`,
  );
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
