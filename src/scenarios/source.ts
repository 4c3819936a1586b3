/**
 * Where scenarios come from: the package ships some, the command line names files, and a request can bring its own. A source lists
 * tasks by split, for datasets, and loads their documents.
 */
import { existsSync } from 'node:fs';
import { GhostexecError } from '../lib/errors.ts';
import { quote } from '../lib/text.ts';
import { Episode } from '../sim/episode.ts';
import { briefingOf } from '../sim/observation/observe.ts';
import { compileFor, createRuleset, type Rules } from '../sim/rules.ts';
import { parseDrift, parseScenario } from './files.ts';
import { listTasks, loadFiles, loadTask, shippedFiles, type Task, type TaskFiles, taskIds } from './shipped.ts';

/** The names of the splits. */
export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/**
 * The shipped tasks. Until scenarios are generated, every split contains all of them, in the order of openenv.yaml. A result on
 * `test` is therefore not a result on tasks that `train` has not shown.
 */
export const shipped = {
  /**
   * The documents of a task, validated.
   * @throws GhostexecError (UNKNOWN_TASK), ValidationError
   */
  get: loadTask,
  /** Number of rows of a split. */
  count: (_split: Split): number => listTasks().length,
  /**
   * Rows start..stop-1 of a split, limited to the existing rows; by default all. Rows of one group are variants of one scenario;
   * `index` counts from 0 in the split.
   */
  list: (split: Split, start = 0, stop = Number.POSITIVE_INFINITY) =>
    listTasks()
      .map(({ id, difficulty }, index) => ({ id, split, index, difficulty, group: id }))
      .slice(Math.max(0, start), Math.max(0, stop)),
};

/**
 * The files of what a user names: a shipped task by its id, or a scenario by the path of its JSON file. To `day.json` belong
 * `day.drift.json` and `day.oracle.json` beside it, if they exist. Only for names that a user of this machine gives: a server must
 * not open the paths that its clients send.
 * @throws GhostexecError (UNKNOWN_TASK) if there is neither
 */
export function filesNamed(name: string): TaskFiles {
  const entry = listTasks().find(({ id }) => id === name);
  if (entry !== undefined) return shippedFiles(entry);
  if (!name.endsWith('.json') || !existsSync(name)) {
    const isPath = /[./\\]/.test(name);
    const known = isPath ? 'expected a scenario file (.json) or the id of a task' : `known: ${taskIds().join(', ')}`;
    throw new GhostexecError('UNKNOWN_TASK', `there is no ${isPath ? 'file' : 'task'} ${quote(name)}; ${known}`);
  }
  const beside = (kind: string): string => name.replace(/json$/, `${kind}.json`);
  const drift = existsSync(beside('drift')) ? beside('drift') : undefined;
  return { id: name, scenario: name, drift, oracle: beside('oracle') };
}

/**
 * The documents of a shipped task, or of a scenario file. Only for names that a user of this machine gives.
 * @throws GhostexecError (UNKNOWN_TASK, FILE), ValidationError
 * @example
 * taskNamed('phase2_core'); taskNamed('days/my-day.json');
 */
export function taskNamed(name: string): Task {
  return loadFiles(filesNamed(name));
}

/** The documents of a scenario that is not shipped: of a request, or of a caller in TypeScript. */
export type InlineDocuments = { readonly scenario: unknown; readonly drift?: unknown };

/**
 * The task that inline documents define. Its best plan is unknown.
 * @param id The name of the task in answers and messages.
 * @throws ValidationError
 */
export function inlineTask(id: string, { scenario, drift }: InlineDocuments): Task {
  const parsed = parseScenario(scenario, `scenario of task ${JSON.stringify(id)}`);
  return { id, scenario: parsed, drift: inlineDrift(id, drift), oracle: undefined };
}

/**
 * A drift that is given instead of the one of a task; undefined and null: none.
 * @throws ValidationError
 */
export function inlineDrift(id: string, drift: unknown): Task['drift'] {
  if (drift === undefined || drift === null) return undefined;
  return parseDrift(drift, `drift of task ${JSON.stringify(id)}`);
}

/**
 * The briefing that a policy reads first in an episode of a task. It is the same for every seed.
 * @throws ValidationError if the scenario exceeds a limit of the rules
 */
export function firstBriefing({ scenario, drift, oracle }: Task, rules: Rules): string {
  const episode = Episode.of(compileFor(rules, scenario, drift, oracle), 'full');
  createRuleset(rules).reset(episode);
  return briefingOf(episode);
}
