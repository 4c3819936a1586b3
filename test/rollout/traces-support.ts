/** Trajectories for tests of code that reads them. */

import { recordAnswer } from '../../src/records/line-writer.ts';
import type { Source } from '../../src/records/lines.ts';
import type { EpisodeRecord, StepRecord } from '../../src/records/schema.ts';
import { emptyBreakdown } from '../../src/sim/breakdown.ts';
import { PROMPT_SHA256 } from '../../src/sim/v2/prompt.ts';

export function step(over: Partial<StepRecord> = {}): StepRecord {
  return {
    observation: 'line one\nline two',
    ...recordAnswer({ action_type: 'do_nothing' }),
    reward: -0.25,
    reward_breakdown: emptyBreakdown(),
    terminated: false,
    truncated: false,
    step_ok: true,
    error: null,
    ...over,
  };
}

export function episode(index: number, over: Partial<EpisodeRecord> = {}): EpisodeRecord {
  const { steps = [step({ truncated: true })] } = over;
  return {
    episode_id: `e${index}`,
    group_id: `g${Math.floor(index / 2)}`,
    index,
    task_id: 'phase2_core',
    seed: Math.floor(index / 2),
    policy_seed: index,
    rules: 'v2',
    edition: 2,
    prompt_sha256: PROMPT_SHA256,
    reward_mode: 'full',
    policy: 'random',
    status: 'complete',
    failure: null,
    error: null,
    return: index / 8,
    grade: 0.5,
    grade_parts: null,
    success: null,
    success_grade: 0.8,
    length: steps.length,
    invalid_steps: 0,
    extra_json: null,
    advantage: null,
    ...over,
    steps,
  };
}

export const linesOf = (records: readonly unknown[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** A file whose bytes a test can change. */
export class MemorySource implements Source {
  bytes: Uint8Array;
  reads = 0;

  constructor(text: string | Uint8Array) {
    this.bytes = Buffer.from(text);
  }

  async size(): Promise<number> {
    return this.bytes.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.reads++;
    return this.bytes.subarray(offset, offset + length);
  }
}
