/**
 * Where scenarios come from: the package ships some, and a request can bring its own. A source lists tasks by split, for datasets,
 * and loads their documents.
 */
import { driftSchema, scenarioSchema } from '../world/schema.ts';
import { coerceDocument, parseWith } from '../world/validate.ts';
import { listTasks, loadTask, type Task } from './shipped.ts';

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

/** The documents of a scenario that is not shipped: of a request, or of a caller in TypeScript. */
export type InlineDocuments = { readonly scenario: unknown; readonly drift?: unknown };

/**
 * The task that inline documents define. Its best plan is unknown.
 * @param id The name of the task in answers and messages.
 * @throws ValidationError
 */
export function inlineTask(id: string, { scenario, drift }: InlineDocuments): Task {
  const parsed = parseWith(scenarioSchema, coerceDocument(scenario), `scenario of task ${JSON.stringify(id)}`);
  return { id, scenario: parsed, drift: inlineDrift(id, drift), oracle: undefined };
}

/**
 * A drift that is given instead of the one of a task; undefined and null: none.
 * @throws ValidationError
 */
export function inlineDrift(id: string, drift: unknown): Task['drift'] {
  if (drift === undefined || drift === null) return undefined;
  return parseWith(driftSchema, coerceDocument(drift), `drift of task ${JSON.stringify(id)}`);
}
