/** No policy is told what the solver found. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VectorEnv } from '../../src/index.ts';
import { readOracle } from '../../src/world/oracle.ts';
import { listTasks, loadTask, oraclePath } from '../../src/world/tasks.ts';

const SOURCES = new URL('../../src/', import.meta.url);

describe.each(listTasks())('the plan of $id', (entry) => {
  const plan = readOracle(oraclePath(entry))?.plan ?? [];
  const texts = plan.flatMap(({ message_body, reason }) => [message_body, reason].filter((text) => text !== undefined));

  test('is in no observation, from the first to the last', async () => {
    expect(texts.length).toBeGreaterThan(2);
    const env = await VectorEnv.create({ tasks: [entry.id], autoreset: 'disabled' });
    let batch = await env.reset();
    for (;;) {
      const seen = batch.briefing(0) + JSON.stringify(batch.info(0));
      for (const text of texts) expect(seen).not.toContain(text);
      if (batch.terminated[0] === 1 || batch.truncated[0] === 1) break;
      batch = await env.step([{ action_type: 'do_nothing' }]);
    }
    expect(batch.toMsgpack().includes(texts[0] ?? '-')).toBe(false);
    await env.close();
  });

  test('does not come with the task when it is loaded', () => {
    expect(Object.keys(loadTask(entry.id)).sort()).toEqual(['drift', 'id', 'oracle', 'scenario']);
    expect(typeof loadTask(entry.id).oracle).toBe('number');
  });
});

test('only the solver and the audit read plans', () => {
  const readers = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && readFileSync(new URL(file, SOURCES), 'utf8').includes('readOracle('))
    .sort();
  expect(readers).toEqual(['cli/solve.ts', 'rollout/audit/worker.ts', 'world/oracle.ts', 'world/tasks.ts']);
});

test('a plan for another version of the scenario has no say in the grade', () => {
  for (const entry of listTasks()) {
    const oracle = readOracle(oraclePath(entry));
    expect(oracle?.task_id).toBe(entry.id);
    expect(loadTask(entry.id).oracle).toBe(oracle?.v_oracle);
  }
});
