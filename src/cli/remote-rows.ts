/** Checks the results of a batch in a server's answer and presents them as rows of a stage. */
import { z } from 'zod';
import type { Outcome, Rows } from '../rollout/stage.ts';
import { breakdownSchema } from '../sim/observation.ts';
import { gradedBy, type Rules } from '../sim/rules.ts';
import { type Grade, gradeSchema } from '../sim/v2/grade.ts';
import { describeIssues } from '../world/validate.ts';
import { RemoteError } from './remote-link.ts';

/** The code of a step that was played with an invalid action. Any other code means that no step was played. */
const INVALID_ACTION = 'INVALID_ACTION';

// Unknown keys are dropped: a newer server may send more of them.
const observation = z.object({
  briefing: z.string(),
  step_ok: z.boolean(),
  error: z.string().nullish(),
  reward_breakdown: z.object(breakdownSchema.shape).nullish(),
});
const row = z.object({
  env_id: z.int(),
  observation: observation.nullish(),
  reward: z.number().nullish(),
  terminated: z.boolean().nullish(),
  truncated: z.boolean().nullish(),
  grade: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string() }).nullish(),
});
const resultsSchema = z.object({ results: z.array(row) });
const parts = z.object(gradeSchema.shape);
const batchSchema = z.object({ batch_id: z.string().min(1), env_ids: z.array(z.int()) });

/** A batch on the server: its id and the ids of its environments. */
export type RemoteBatch = z.output<typeof batchSchema>;

/** The answer to POST /batch. */
export function readBatch(answer: unknown): RemoteBatch {
  return parse(batchSchema, answer, 'the new batch');
}

/** The answer to a reset or a step of these environments. */
export function readRows(answer: unknown, envIds: readonly number[], rules: Rules): Rows {
  const results = new Map(parse(resultsSchema, answer, 'results').results.map((result) => [result.env_id, result]));
  const rows = envIds.map((id) => {
    const result = results.get(id);
    if (result === undefined) throw new RemoteError(`the server's answer has no result for environment ${id}`);
    return result;
  });
  const at = (index: number): z.output<typeof row> => {
    const result = rows[index];
    if (result === undefined) throw new RangeError(`there is no row ${index}`);
    return result;
  };
  const seen = (index: number): z.output<typeof observation> => {
    const result = at(index);
    if (result.observation) return result.observation;
    throw new RemoteError(`the server's answer has no observation for environment ${result.env_id}`);
  };
  return {
    envIds,
    problem: (index) => {
      const { error } = at(index);
      return error && error.code !== INVALID_ACTION ? `the server failed: ${error.message}` : undefined;
    },
    briefing: (index) => seen(index).briefing,
    outcome: (index): Outcome => {
      const { env_id, reward, terminated, truncated } = at(index);
      const { step_ok, error, reward_breakdown } = seen(index);
      if (reward == null || terminated == null || truncated == null || reward_breakdown == null) {
        throw new RemoteError(`the server's answer to a step of environment ${env_id} lacks the results of the step`);
      }
      return { reward, reward_breakdown, terminated, truncated, step_ok, error: step_ok ? null : (error ?? '') };
    },
    grade: (index): Grade | undefined =>
      gradedBy(rules) === 'state'
        ? parse(parts, at(index).grade, `the grade of environment ${at(index).env_id}`)
        : undefined,
  };
}

function parse<S extends z.ZodType>(schema: S, answer: unknown, what: string): z.output<S> {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const [first] = describeIssues(result.error, answer);
  throw new RemoteError(`the server's answer for ${what} has an unexpected shape: ${first}`);
}
