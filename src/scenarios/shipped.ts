/** The shipped tasks. `openenv.yaml` is the only list of them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { GhostexecError } from '../lib/errors.ts';
import { hashOf } from '../world/compile.ts';
import type { Drift, Scenario } from '../world/schema.ts';
import { parseWith } from '../world/validate.ts';
import { type Oracle, readDrift, readOracle, readScenario } from './files.ts';

const ROOT = new URL('../../', import.meta.url);

export const DIFFICULTIES = ['easy', 'medium', 'hard'] as const;

const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  author: z.string().optional(),
  documentation_url: z.string().optional(),
  tasks: z.array(
    z.looseObject({
      id: z.string(),
      difficulty: z.enum(DIFFICULTIES),
      description: z.string(),
      scenario: z.string().describe('Path of the scenario file, from the package root'),
      drift: z.string().optional().describe('Path of the drift file, from the package root'),
      grader: z.string().optional().describe('Name of the grader that certifies the task'),
      v1_grader: z.string().optional().describe('Name of the grader that certifies it under rules v1'),
      default: z.boolean().default(false).describe('Whether the task is played where none is named'),
    }),
  ),
});

export type EnvironmentManifest = z.output<typeof manifestSchema>;
/** One task in the list of openenv.yaml. */
export type TaskEntry = EnvironmentManifest['tasks'][number];
/** A task with its validated documents. */
export type Task = {
  readonly id: string;
  readonly scenario: Scenario;
  readonly drift: Drift | undefined;
  /** V of the best known plan, from the sidecar of the scenario, if there is one. */
  readonly oracle: number | undefined;
};

let manifest: EnvironmentManifest | undefined;

/** The content of openenv.yaml. */
export function readEnvironmentManifest(): EnvironmentManifest {
  manifest ??= parseWith(manifestSchema, parse(readFileSync(new URL('openenv.yaml', ROOT), 'utf8')), 'openenv.yaml');
  return manifest;
}

/** Every shipped task, in the order of the manifest. */
export function listTasks(): readonly TaskEntry[] {
  return readEnvironmentManifest().tasks;
}

/** Ids of the tasks that are played by default: the certified ladder, easy to hard. */
export function defaultTaskIds(): string[] {
  return listTasks().flatMap((task) => (task.default ? [task.id] : []));
}

/** Ids of all shipped tasks, in the order of the manifest. */
export function taskIds(): string[] {
  return listTasks().map((task) => task.id);
}

/** The path of the best known plan for a task, next to its scenario. */
export function oraclePath(entry: TaskEntry): string {
  return packagePath(entry.scenario.replace(/\.json$/, '.oracle.json'));
}

/** The path of a file of the package. */
export function packagePath(relative: string): string {
  return fileURLToPath(new URL(relative, ROOT));
}

/** Paths of the files of a task. */
export type TaskFiles = {
  readonly id: string;
  readonly scenario: string;
  readonly drift: string | undefined;
  /** The best known plan. There may be no such file. */
  readonly oracle: string;
};

/** The files of a shipped task. */
export function shippedFiles(entry: TaskEntry): TaskFiles {
  const { id, scenario, drift } = entry;
  return {
    id,
    scenario: packagePath(scenario),
    drift: drift === undefined ? undefined : packagePath(drift),
    oracle: oraclePath(entry),
  };
}

const brokenPlans = new Set<string>();

/** The plan of a task. If it cannot be read, a warning is emitted once and the task has no plan. */
function oracleOf({ id, oracle }: TaskFiles): Oracle | undefined {
  try {
    return readOracle(oracle);
  } catch (error) {
    if (!(error instanceof GhostexecError)) throw error;
    if (!brokenPlans.has(id)) {
      process.emitWarning(`the plan of task ${id} is left out, since its file cannot be used: ${error.message}`);
    }
    brokenPlans.add(id);
    return undefined;
  }
}

/**
 * Reads and validates a shipped task.
 * @throws GhostexecError, ValidationError
 */
export function loadTask(id: string): Task {
  const entry = listTasks().find((task) => task.id === id);
  if (entry === undefined) {
    throw new GhostexecError('UNKNOWN_TASK', `there is no task ${JSON.stringify(id)}; known: ${taskIds().join(', ')}`);
  }
  return loadFiles(shippedFiles(entry));
}

/**
 * Reads and validates the files of a task.
 * @throws GhostexecError, ValidationError
 */
export function loadFiles(files: TaskFiles): Task {
  const scenario = readScenario(files.scenario);
  const drift = files.drift === undefined ? undefined : readDrift(files.drift);
  const oracle = oracleOf(files);
  // A plan for another version of the scenario does not apply to this one.
  const isCurrent = oracle?.scenario_sha256 === hashOf(scenario, drift);
  return { id: files.id, scenario, drift, oracle: isCurrent ? oracle?.v_oracle : undefined };
}
