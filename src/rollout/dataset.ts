/** Datasets for trainers and evaluators. A row is the prompt of an episode, the tools of the model, and what to play. */
import { VERSION } from '../lib/version.ts';
import { firstBriefing } from '../scenarios/source.ts';
import { CHAT_TOOLS, RESPONSES_TOOLS } from '../sim/v2/chat-tools.ts';
import { systemPrompt } from '../sim/v2/prompt.ts';
import { hashOf } from '../world/compile.ts';
import { checkPlan, type PlanInput, plannedEpisode, plannedSource, type RolloutPlan } from './plan.ts';

/** The name by which a row refers to the environment: TRL's `environment`, SkyRL's `env_class`, an agent of verl or NeMo Gym. */
const NAME = 'ghostexec';

/** What a dataset contains. Scenarios are the documents of tasks that are not shipped. */
export type DatasetPlan = Pick<PlanInput, 'tasks' | 'scenarios' | 'seed'> & { readonly count: number };

/** What all formats say about an episode. With `scenario_json`, its keys are those of a reset of the server. */
type Facts = {
  readonly id: string;
  readonly task_id: string;
  readonly seed: number;
  readonly rules: 'v2';
  readonly scenario_sha256: string;
  readonly package: string;
  /** `{scenario, drift}` as text, so that Arrow does not merge keys; null for a shipped task. Only if the dataset has others. */
  readonly scenario_json?: string | null;
};

/** One line of a dataset, in the format of its reader. */
type Row = Readonly<Record<string, unknown>>;

type Episode = { readonly index: number; readonly prompt: readonly ChatMessage[]; readonly facts: Facts };

type ChatMessage = { readonly role: 'system' | 'user'; readonly content: string };

const ROWS = {
  trl: ({ prompt, facts }) => ({ prompt, tools: CHAT_TOOLS, environment: NAME, ...facts }),
  verl: ({ index, prompt, facts }) => ({
    prompt,
    data_source: NAME,
    agent_name: NAME,
    tools: CHAT_TOOLS,
    extra_info: { index, ...facts },
  }),
  skyrl: ({ prompt, facts }) => ({ prompt, env_class: NAME, tools: CHAT_TOOLS, ...facts }),
  nemo: ({ prompt, facts }) => ({
    responses_create_params: { input: prompt, tools: RESPONSES_TOOLS },
    agent_ref: { type: 'responses_api_agents', name: NAME },
    ...facts,
  }),
  inspect: ({ prompt, facts: { id, ...facts } }) => ({
    id,
    input: prompt,
    target: '',
    metadata: { ...facts, tools: CHAT_TOOLS },
  }),
  hf: ({ prompt, facts: { id, ...facts } }) => ({ id, prompt, tools: CHAT_TOOLS, ...facts }),
} satisfies Record<string, (episode: Episode) => Row>;

export type DatasetFormat = keyof typeof ROWS;

/** The formats, named after their readers. */
export const DATASET_FORMATS = Object.keys(ROWS) as DatasetFormat[];

/** The part of a row that depends only on its task. */
type Described = Pick<Facts, 'scenario_sha256' | 'package' | 'scenario_json'> & Pick<Episode, 'prompt'>;

function describe(plan: RolloutPlan, id: string): Described {
  const task = plannedSource(plan, id);
  const own = plan.scenarios?.[id];
  return {
    prompt: [
      { role: 'system', content: systemPrompt() },
      { role: 'user', content: firstBriefing(task, plan.rules) },
    ],
    scenario_sha256: hashOf(task.scenario, task.drift),
    package: `ghostexec@${VERSION}`,
    ...(plan.scenarios === undefined ? {} : { scenario_json: own === undefined ? null : JSON.stringify(own) }),
  };
}

/**
 * The rows of a dataset, in order: the tasks take turns. Row `i` is the episode `i` of a rollout with the same tasks and seed and
 * groups of one, and begins like group `i` of a rollout with larger groups. Equal arguments give equal rows.
 * @throws ValidationError, GhostexecError (UNKNOWN_TASK, TASK_EXISTS)
 * @example
 * const [row] = datasetRows('trl', { tasks: ['phase2_core'], count: 1, seed: 7 });
 */
export function datasetRows(format: DatasetFormat, { count, ...rest }: DatasetPlan): Iterable<Row> {
  const plan = checkPlan({ ...rest, episodes: count, groupSize: 1, rules: 'v2' });
  const described = plan.tasks.map((task) => describe(plan, task));
  return rowsOf(plan, described, ROWS[format]);
}

function* rowsOf(plan: RolloutPlan, described: readonly Described[], rowOf: (episode: Episode) => Row): Generator<Row> {
  for (let index = 0; index < plan.episodes; index++) {
    const { groupId: id, task: task_id, seed } = plannedEpisode(plan, index);
    const { prompt, ...rest } = described[index % described.length] as Described;
    yield rowOf({ index, prompt, facts: { id, task_id, seed, rules: 'v2', ...rest } });
  }
}
