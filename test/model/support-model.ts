/** Plays episodes with a language model at scripted endpoints. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  createModelPolicy,
  type EpisodeRecord,
  type ModelOptionsInput,
  readEpisodes,
  runRollout,
} from '../../src/index.ts';
import type { ModelPolicy } from '../../src/policies/model/model-policy.ts';
import { MODEL_SETTINGS } from '../../src/policies/model/options.ts';
import type { PlanInput } from '../../src/rollout/plan.ts';
import type { ScriptedEndpoint } from '../support/scripted-endpoint.ts';

export type PlayOptions = Partial<ModelOptionsInput> & {
  readonly plan?: Partial<PlanInput>;
  readonly out?: string;
  readonly numEnvs?: number;
  readonly resume?: boolean;
};

export type Played = { readonly out: string; readonly records: EpisodeRecord[]; readonly policy: ModelPolicy };

export function newFolder(): string {
  const root = mkdtempSync(join(tmpdir(), 'ghostexec-model-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return join(root, 'run');
}

/** Plays one episode of phase2_core, unless the plan says otherwise. */
export async function play(
  endpoints: ScriptedEndpoint | readonly ScriptedEndpoint[],
  { plan, out = newFolder(), numEnvs = 4, resume = false, ...model }: PlayOptions = {},
): Promise<Played> {
  const baseUrls = [endpoints].flat().map(({ url }) => url);
  const options = { model: 'scripted', answers: join(out, 'answers.jsonl'), baseUrls, ...model };
  const policy = createModelPolicy(options);
  const known: readonly string[] = MODEL_SETTINGS;
  const settings = Object.fromEntries(Object.entries(options).filter(([name]) => known.includes(name)));
  try {
    await runRollout({
      plan: { tasks: ['phase2_core'], episodes: 1, groupSize: 1, model: settings as PlanInput['model'], ...plan },
      policy,
      out,
      workers: 0,
      numEnvs,
      resume,
    });
  } finally {
    await policy.close();
  }
  return { out, records: await recordsIn(out), policy };
}

export async function recordsIn(out: string): Promise<EpisodeRecord[]> {
  const records: EpisodeRecord[] = [];
  for await (const record of readEpisodes(out)) records.push(record);
  return records;
}

/** The metadata of the answers of an episode. */
export function metadataIn(record: EpisodeRecord | undefined): Record<string, unknown>[] {
  return (record?.steps ?? []).map(({ extra_json }) => JSON.parse(extra_json ?? '{}').metadata);
}
