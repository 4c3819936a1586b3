/** The best known plan for a task, in a sidecar next to its scenario. It is for graders and must never reach a policy. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { readJson } from './files.ts';
import { actionSchema } from './schema.ts';
import { parseWith } from './validate.ts';

export const oracleSchema = z.strictObject({
  task_id: z.string(),
  rules: z.literal('v2'),
  scenario_sha256: z.string().describe('Of the scenario and drift that the plan is for'),
  v_floor: z.number().describe('V of an episode in which nothing is done'),
  v_oracle: z.number().describe('V of an episode that follows the plan'),
  return: z.number().describe('Sum of the rewards of the plan'),
  solver: z.record(z.string(), z.unknown()).describe('How it was found'),
  plan: z.array(actionSchema),
});
/** The best known plan for a task, and its value. */
export type Oracle = z.output<typeof oracleSchema>;

/** The plan in a sidecar; undefined if the file does not exist. */
export function readOracle(path: string): Oracle | undefined {
  return existsSync(path) ? parseWith(oracleSchema, readJson(path), path) : undefined;
}
