/**
 * Many episodes of a language model at an endpoint whose answers take 2 s, and sometimes 20: steps per second as a share of the best
 * possible rate, and the CPU time of this process for each call, with deltas, whole chats, and answers that are stored.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPlan, collect, createModelPolicy } from 'ghostexec';
import type { Group } from './group.js';
import { type Measure, measureOf } from './measure.js';

const IN_FLIGHT = 512;
const [MEDIAN_MS, P99_MS] = [2_000, 20_000];
/** The rate is steady once even slow answers have come. */
const [STEADY_AFTER_S, MEASURED_S] = [25, 60];
/** A smoke run divides every time by this. */
const HASTE = 20;
const SMOKE_IN_FLIGHT = 64;

export const model: Group = {
  name: 'model',
  figures: {
    model_rate_ratio: {
      what: '512 episodes of a language model in flight, answers of 2 s (log-normal), 1 % above 20 s: steps / s, as a share of 512 / mean latency',
      goal: { least: 0.95 },
    },
    model_cpu_ms: { what: 'the same: ms of CPU time a call, the step and its record included' },
  },
  measure: async (_rounds, smoke): Promise<Record<string, Measure>> => {
    const { ratio, cpuMs } = await play(smoke ? SMOKE_IN_FLIGHT : IN_FLIGHT, smoke ? HASTE : 1);
    return { model_rate_ratio: measureOf([ratio]), model_cpu_ms: measureOf([cpuMs]) };
  },
};

async function play(inFlight: number, haste: number): Promise<{ ratio: number; cpuMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'ghostexec-bench-model-'));
  const times = [MEDIAN_MS / haste, P99_MS / haste].map(String);
  const endpoint = fork(new URL('model-endpoint.js', import.meta.url), times);
  try {
    const [{ port, meanMs }] = await once(endpoint, 'message');
    const policy = createModelPolicy({
      model: 'slow-1',
      baseUrls: [`http://127.0.0.1:${port}/v1`],
      observation: 'delta',
      answers: join(folder, 'answers.jsonl'),
    });
    const plan = checkPlan({ policy: policy.name, episodes: 1_000_000, groupSize: 1 });
    const progress = { steps: 0, underWay: 0 };
    const now = () => ({ steps: progress.steps, at: performance.now(), cpu: process.cpuUsage() });
    const began = performance.now();
    let from: ReturnType<typeof now> | undefined;
    for await (const record of collect({ plan, policy, from: 0, numEnvs: inFlight, workers: 0 }, progress)) {
      if (record.status === 'failed') throw new Error(`an episode failed: ${record.error}`);
      const seconds = ((performance.now() - began) * haste) / 1_000;
      if (seconds >= STEADY_AFTER_S) from ??= now();
      if (seconds >= STEADY_AFTER_S + MEASURED_S) break;
    }
    const to = now();
    await policy.close();
    if (from === undefined) throw new Error('the rate never was steady');
    const calls = to.steps - from.steps;
    const cpu = to.cpu.user + to.cpu.system - from.cpu.user - from.cpu.system;
    return { ratio: calls / (to.at - from.at) / (inFlight / meanMs), cpuMs: cpu / calls / 1_000 };
  } finally {
    endpoint.disconnect();
    rmSync(folder, { recursive: true, force: true });
  }
}
