/** The description of the environment for GET /metadata. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { REWARD_MODES } from '../../sim/breakdown.ts';
import { RULES } from '../../sim/rules.ts';
import { hashOf } from '../../world/compile.ts';
import { SPLITS } from '../../world/splits.ts';
import { DIFFICULTIES, loadTask, packagePath, readManifest } from '../../world/tasks.ts';
import { rewardRanges } from './reward-range.ts';

const rangeSchema = z.tuple([z.number(), z.number()]);

export const environmentMetadataSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    readme_content: z.string().nullable().describe('README.md of the package; null if the installation has none'),
    version: z.string(),
    author: z.string().nullable(),
    documentation_url: z.string().nullable(),
    tasks: z.array(z.object({ id: z.string(), difficulty: z.enum(DIFFICULTIES), description: z.string() })),
    rules: z.array(z.enum(RULES)),
    reward_modes: z.array(z.enum(REWARD_MODES)),
    reward_range: z
      .object({ v1: rangeSchema, v2: rangeSchema })
      .describe(
        'Least and greatest reward of a step of a shipped task, by ruleset; the bounds of v2 hold for any scenario',
      ),
    splits: z.array(z.enum(SPLITS)),
    scenario_hashes: z
      .record(z.string(), z.string())
      .describe('SHA-256 of scenario and drift, by task; tasks with equal hashes play alike'),
  })
  .describe('About this environment');
export type EnvironmentMetadata = z.output<typeof environmentMetadataSchema>;

let described: EnvironmentMetadata | undefined;

/**
 * The metadata with URLs below a prefix.
 * @param prefix As returned by `Prefix.of`
 */
export function metadataBelow(prefix: string): EnvironmentMetadata {
  described ??= describeEnvironment();
  const { documentation_url: url } = described;
  return url?.startsWith('/') ? { ...described, documentation_url: prefix + url } : described;
}

/** The metadata of this package. It loads every shipped task, so callers should keep the result. */
export function describeEnvironment(): EnvironmentMetadata {
  const { name, version, description, author, documentation_url, tasks } = readManifest();
  const loaded = tasks.map(({ id }) => loadTask(id));
  const { v1, v2 } = rewardRanges(loaded.map(({ scenario }) => scenario));
  return {
    name,
    description,
    readme_content: readme(),
    version,
    author: author ?? null,
    documentation_url: documentation_url ?? '/docs',
    tasks: tasks.map((task) => ({ id: task.id, difficulty: task.difficulty, description: task.description })),
    rules: [...RULES],
    reward_modes: [...REWARD_MODES],
    reward_range: { v1: [...v1], v2: [...v2] },
    splits: [...SPLITS],
    scenario_hashes: Object.fromEntries(loaded.map(({ id, scenario, drift }) => [id, hashOf(scenario, drift)])),
  };
}

/** The text of README.md. A container image may lack the file. */
function readme(): string | null {
  const path = packagePath('README.md');
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
