/** Examples for the OpenAPI document. The answers come from a real episode, so they are always up to date. Long texts are cut. */
import { clip } from '../../lib/text.ts';
import { defaultTaskIds } from '../../world/tasks.ts';
import { problemOf } from '../problem.ts';
import { Session } from '../session.ts';
import type { Specs } from '../specs.ts';
import type { Answer, State } from '../wire.ts';

/** Examples by name. */
type Named = Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
export type OperationExamples = { readonly body?: Named; readonly answers?: Readonly<Record<string, Named>> };

const EPISODE = 'first';
const SHOWN_TEXT = 600;
const COMPLETION = 'Nothing is urgent now. <action>{"action_type": "do_nothing"}</action>';

/** The examples of each operation, by method and path. */
export function examplesOf(specs: Specs): ReadonlyMap<string, OperationExamples> {
  const asked = { task_id: defaultTaskIds()[0] ?? '', seed: 7, episode_id: EPISODE };
  const session = new Session(specs);
  const begun = session.reset(asked);
  const [email = ''] = begun.observation.critical_unreplied_email_ids;
  const reply = {
    action_type: 'reply_email',
    email_id: email,
    message_body: 'Thank you, I have seen this and will answer in full before noon.',
  };
  const played = session.step(reply);
  return new Map<string, OperationExamples>([
    [
      'POST /reset',
      {
        body: {
          task: { summary: 'A task by its id', value: asked },
          row: { summary: 'A row of a split', value: { split: 'train', index: 1, seed: 7 } },
          anything: { summary: 'The defaults of the server', value: {} },
        },
        answers: {
          200: { begun: { summary: 'The briefing is cut here', value: { ...shorten(begun), episode_id: EPISODE } } },
          422: { unknown: { summary: 'An unknown task', value: refusalOf(specs) } },
        },
      },
    ],
    [
      'POST /step',
      {
        body: {
          reply: { summary: 'Answer an email', value: { episode_id: EPISODE, action: reply } },
          wait: {
            summary: 'Do nothing; the request_id makes it safe to send again',
            value: { episode_id: EPISODE, action: { action_type: 'do_nothing' }, request_id: 'step-1' },
          },
          completion: {
            summary: 'The completion of a model',
            value: { episode_id: EPISODE, action: { completion: COMPLETION } },
          },
          text: { summary: 'The same completion as a string', value: { episode_id: EPISODE, action: COMPLETION } },
        },
        answers: {
          200: { played: { summary: 'The briefing is cut here', value: { ...shorten(played), episode_id: EPISODE } } },
        },
      },
    ],
    [
      'GET /state',
      { answers: { 200: { state: { summary: 'Lists are cut here', value: shortenState(session.state()) } } } },
    ],
    ['POST /{env}/tasks', { body: { train: { summary: 'A split', value: { split: 'train' } } } }],
    ['POST /{env}/num_tasks', { body: { train: { summary: 'A split', value: { split: 'train' } } } }],
    ['POST /{env}/task', { body: { second: { summary: 'The second row', value: { split: 'train', index: 1 } } } }],
    [
      'POST /{env}/task_range',
      { body: { two: { summary: 'The first two rows', value: { split: 'train', start: 0, stop: 2 } } } },
    ],
  ]);
}

function shorten({ observation, ...rest }: Answer): Answer {
  const { echoed_message, briefing } = observation;
  return {
    ...rest,
    observation: {
      ...observation,
      echoed_message: clip(echoed_message, SHOWN_TEXT),
      briefing: clip(briefing, SHOWN_TEXT),
    },
  };
}

function shortenState(state: State): State {
  const world = Object.entries(state.world ?? {}).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.slice(0, 1) : value,
  ]);
  return { ...state, world: Object.fromEntries(world) };
}

function refusalOf(specs: Specs): unknown {
  try {
    return specs.resolve({ task_id: 'tuesday' }, ['body']);
  } catch (error) {
    return problemOf(error)?.body;
  }
}
