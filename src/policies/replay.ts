/** The answers of a file of trajectories as a policy: to play them again under other rules, or to look at them step by step. */
import { GhostexecError } from '../lib/errors.ts';
import { type LineRange, readLines, readRecordAt } from '../records/read.ts';
import { answerOf, recordedMetadata } from '../records/recorded-answer.ts';
import type { EpisodeRecord, StepRecord } from '../records/schema.ts';
import { PolicyFailure } from './failure.ts';
import type { Beginner, TurnAnswer } from './policy.ts';

/**
 * Plays the answers of the record with the index of the episode, with their metadata and those of the episode. After the last answer it does nothing. An
 * episode fails as its record did.
 * @throws GhostexecError (FILE, BAD_POLICY) if the file cannot be read or has a line that is not a record
 */
export async function replayPolicy(name: string, path: string): Promise<Beginner & { readonly name: string }> {
  const places = new Map<number, LineRange>();
  for await (const { number, place, record, damage } of readLines(path)) {
    if (record === undefined) throw new GhostexecError('BAD_POLICY', `line ${number} of ${path}: ${damage}`);
    places.set(record.index, place);
  }
  const recordOf = async (episode: number, task: string): Promise<EpisodeRecord> => {
    const place = places.get(episode);
    if (place === undefined) throw new PolicyFailure('policy', `${path} has no episode ${episode}`);
    const record = await readRecordAt(path, place);
    if (record.task_id === task) return record;
    throw new PolicyFailure('policy', `episode ${episode} of ${path} is of task ${record.task_id}, not ${task}`);
  };
  return {
    name,
    start: () => {
      let record: Promise<EpisodeRecord> | undefined;
      return {
        end: async () => {
          const metadata = record && recordedMetadata(await record);
          return metadata && { metadata };
        },
        act: async ({ episode, task, step }) => {
          record ??= recordOf(episode, task);
          const { steps, failure, error } = await record;
          const recorded = steps[step];
          if (recorded !== undefined) return answerIn(recorded);
          if (failure !== null || error !== null) throw new PolicyFailure(failure ?? 'policy', `its record: ${error}`);
          return { action_type: 'do_nothing' };
        },
      };
    },
  };
}

function answerIn(step: StepRecord): TurnAnswer {
  const answer = answerOf(step) as TurnAnswer;
  const metadata = recordedMetadata(step);
  // The metadata of an action are a field of it.
  return typeof answer === 'string' && metadata !== undefined ? { completion: answer, metadata } : answer;
}
