/** The episode of an MCP session: how a client chooses it, and how it begins. */
import { z } from 'zod';
import { successGradeSchema } from '../../sim/v2/grade.ts';
import type { Context } from '../app.ts';
import { parseRequest } from '../problem.ts';
import { profileSchema } from '../profiles.ts';
import type { ResetData } from '../session.ts';
import type { SessionEntry } from '../sessions.ts';
import { episodeIdSchema, isGiven, playSchema, resetDataSchema } from '../wire.ts';

/** The episode that a client requests, and whether the session has the tools for trainers (`control`). */
export type Asked = ResetData & { readonly control?: boolean | null | undefined };

/** The parameters of openenv/session/create. */
export const createSchema = resetDataSchema.extend({
  session_id: z.string().nullish(),
  control: z.boolean().nullish(),
});

const wholeNumber = z.string().regex(/^\d+$/, { error: 'expected a whole number' }).transform(Number);

const { task_id, split, rules, reward_mode } = playSchema;
const { reward_profile, observation_profile } = profileSchema;

/** The query of a URL. It holds only text, so a scenario or drift document cannot be sent here. Unknown keys are ignored. */
const querySchema = z.object({
  task_id,
  split,
  rules,
  reward_mode,
  reward_profile,
  observation_profile,
  index: wholeNumber.pipe(playSchema.index.unwrap().unwrap()).optional(),
  drift: z
    .string()
    .transform((text) => (text === 'true' || text === 'false' ? text === 'true' : text))
    .optional(),
  success_grade: z
    .string()
    .regex(/^0?\.\d+$/, { error: 'expected a number between 0 and 1' })
    .transform(Number)
    .pipe(successGradeSchema)
    .optional(),
  seed: wholeNumber.pipe(playSchema.seed.unwrap().unwrap()).optional(),
  episode_id: episodeIdSchema.optional(),
  control: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
});

/**
 * The episode that the query of a URL requests.
 * @throws Problem (422)
 */
export function readQuery(query: unknown): Asked {
  const given = parseRequest(querySchema, query, 'query');
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The episode of a session, as it is described in answers. */
export type Chosen = {
  readonly task_id: string;
  readonly seed: number;
  readonly rules: string;
  readonly reward_mode: string;
  readonly episode_id: string;
  readonly split?: string;
  readonly index?: number;
  /** Names of the values above that the server chose. Present only in the answer that begins the episode. */
  readonly defaults?: readonly string[];
};

/**
 * The description of the episode in a session.
 * @throws TypeError if the session has no episode
 */
export function chosenOf({ session }: SessionEntry): Chosen {
  const { answer, episodeId } = session;
  if (answer === undefined || episodeId === undefined) throw new TypeError('no episode has begun in the session');
  const { task_id, seed, rules, reward_mode } = answer.observation;
  return { task_id, seed, rules, reward_mode, episode_id: episodeId };
}

/**
 * Begins an episode in a session.
 * @param loc The place of the episode's keys in the request, for error messages
 * @throws Problem, ValidationError; the session is then unchanged
 */
export function beginEpisode(entry: SessionEntry, { control, ...data }: Asked, loc: readonly string[]): Chosen {
  entry.session.reset(data, loc);
  if (isGiven(control)) entry.control = control;
  const { split, index, scenario } = data;
  const chosen = chosenOf(entry);
  const isTaskGiven = isGiven(data.task_id) || isGiven(split) || isGiven(scenario);
  return {
    ...chosen,
    ...(isGiven(split) ? { split } : {}),
    ...(isGiven(index) ? { index } : {}),
    defaults: Object.keys(chosen).filter((key) => (key === 'task_id' ? !isTaskGiven : !isGiven(data[key]))),
  };
}

/**
 * Opens a session and begins its episode.
 * @param id The id of the session; default: a random one
 * @throws Problem, ValidationError, CapacityReached; then no session is opened
 */
export function openWith(
  { sessions, specs }: Context,
  address: string,
  asked: Asked,
  loc: readonly string[],
  id?: string,
): { entry: SessionEntry; chosen: Chosen } {
  // A request that cannot be carried out must not cost another session its slot.
  specs.profilesOf(asked, specs.resolve(asked, loc), loc);
  const entry = sessions.open(address, undefined, id);
  try {
    const chosen = beginEpisode(entry, asked, loc);
    entry.uncalled = true;
    return { entry, chosen };
  } catch (error) {
    sessions.end(entry);
    throw error;
  }
}

/** Whether a request chooses anything about the episode; false if it leaves everything to the server. */
export function isAsked(asked: Asked): boolean {
  return [...Object.keys(playSchema), ...Object.keys(profileSchema), 'episode_id', 'control'].some((key) =>
    isGiven(asked[key]),
  );
}
