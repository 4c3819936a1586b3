/** The description of the environment for GET /metadata. */

import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { DIFFICULTIES, loadTask, packagePath, readEnvironmentManifest } from '../../scenarios/shipped.ts';
import { SPLITS } from '../../scenarios/source.ts';
import { REWARD_MODES } from '../../sim/breakdown.ts';
import { EDITIONS } from '../../sim/edition.ts';
import { RULES } from '../../sim/rules.ts';
import { rewardRangeV1 } from '../../sim/v1/reward.ts';
import { REWARD_RANGE } from '../../sim/v2/constants.ts';
import { PROMPT_SHA256 } from '../../sim/v2/prompt.ts';
import { hashOf } from '../../world/compile.ts';
import { SERVER_MODES, type ServerOptions } from '../options.ts';
import { doorsSchema, wireDoors } from '../profiles.ts';

const rangeSchema = z.tuple([z.number(), z.number()]);

export const environmentMetadataSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    readme_content: z.string().nullable().describe('README.md of the package; null if the installation has none'),
    version: z.string(),
    author: z.string().nullable(),
    documentation_url: z.string().nullable(),
    mode: z
      .enum(SERVER_MODES)
      .describe('production: only the trainer begins, steers and reads episodes, and agents play over MCP'),
    tasks: z.array(z.object({ id: z.string(), difficulty: z.enum(DIFFICULTIES), description: z.string() })),
    rules: z.array(z.enum(RULES)),
    editions: z.record(z.enum(RULES), z.int()).describe('Edition of each ruleset'),
    reward_modes: z.array(z.enum(REWARD_MODES)),
    reward_range: z
      .object({ v1: rangeSchema, v2: rangeSchema })
      .describe(
        'Least and greatest reward of a step of a shipped task, by ruleset; the bounds of v2 hold for any scenario',
      ),
    prompt_sha256: z.string().describe('SHA-256 of the system prompt of rules v2, which GET /system_prompt returns'),
    splits: z.array(z.enum(SPLITS)),
    profiles: doorsSchema.describe('The profiles of requests that name none, by door of the server'),
    scenario_hashes: z
      .record(z.string(), z.string())
      .describe('SHA-256 of scenario and drift, by task; tasks with equal hashes play alike'),
  })
  .describe('About this environment');
type EnvironmentMetadata = z.output<typeof environmentMetadataSchema>;
/** What is the same for every server of this package. */
type PackageMetadata = Omit<EnvironmentMetadata, 'profiles' | 'mode'>;

let described: PackageMetadata | undefined;

/**
 * The metadata of a server, with URLs below a prefix.
 * @param prefix As returned by `Prefix.of`
 */
export function metadataBelow(prefix: string, options: ServerOptions): EnvironmentMetadata {
  described ??= describeEnvironment();
  const { documentation_url: url } = described;
  const profiles = wireDoors(options);
  return { ...described, documentation_url: url?.startsWith('/') ? prefix + url : url, profiles, mode: options.mode };
}

/** The metadata of this package. It loads every shipped task, so callers should keep the result. */
function describeEnvironment(): PackageMetadata {
  const { name, version, description, author, documentation_url, tasks } = readEnvironmentManifest();
  const loaded = tasks.map(({ id }) => loadTask(id));
  const ranges = loaded.map(({ scenario }) => rewardRangeV1(scenario));
  return {
    name,
    description,
    readme_content: readme(),
    version,
    author: author ?? null,
    documentation_url: documentation_url ?? '/docs',
    tasks: tasks.map((task) => ({ id: task.id, difficulty: task.difficulty, description: task.description })),
    rules: [...RULES],
    editions: EDITIONS,
    reward_modes: [...REWARD_MODES],
    reward_range: {
      v1: [Math.min(...ranges.map(([least]) => least)), Math.max(...ranges.map(([, greatest]) => greatest))],
      v2: [...REWARD_RANGE],
    },
    prompt_sha256: PROMPT_SHA256,
    splits: [...SPLITS],
    scenario_hashes: Object.fromEntries(loaded.map(({ id, scenario, drift }) => [id, hashOf(scenario, drift)])),
  };
}

/** The text of README.md. A container image may lack the file. */
function readme(): string | null {
  const path = packagePath('README.md');
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
