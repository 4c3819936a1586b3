/** The routes of the playground: scenes of an episode that is played from the beginning, from a snapshot, or by a policy. */
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { Replay } from '../../analysis/replay.ts';
import { messageOf } from '../../lib/errors.ts';
import { listTasks } from '../../scenarios/shipped.ts';
import { shipped } from '../../scenarios/source.ts';
import { REWARD_MODES } from '../../sim/breakdown.ts';
import { RULES } from '../../sim/rules.ts';
import { PROMPT_SHA256, systemPrompt } from '../../sim/v2/prompt.ts';
import { SnapshotError } from '../../vector/errors.ts';
import type { Spec } from '../../vector/spec.ts';
import type { App, Context } from '../app.ts';
import { refuseLarge } from '../large-requests.ts';
import type { ServerOptions } from '../options.ts';
import { invalid, Problem } from '../problem.ts';
import { NOT_SEALED_HERE, type Seal } from '../seal.ts';
import { heldBytes, type ResolvedSpec, type Specs } from '../specs.ts';
import { isGiven } from '../wire.ts';
import {
  episodeRequestSchema,
  MAX_STEPS,
  type PlayOptions,
  playStepRequestSchema,
  policyRequestSchema,
  type WireEpisode,
} from './api.ts';
import { Advisor, policiesOf, policyFor } from './play-policies.ts';
import { SceneWriter, sceneJson } from './scenes.ts';

type RequestedEpisode = z.output<typeof episodeRequestSchema>['episode'];
type OpenEpisode = { readonly resolved: ResolvedSpec; readonly spec: Spec; readonly replay: Replay };

/** These routes belong to the pages and change with them, so the OpenAPI document does not list them. */
const HIDDEN = { hide: true } as const;

export async function addPlayground(app: App, { options, specs, memory, metrics, seals }: Context): Promise<void> {
  app.get('/web/api/options', { schema: HIDDEN }, () => describeOptions(options));

  app.post('/web/api/episode', { schema: { ...HIDDEN, body: episodeRequestSchema } }, async ({ body }, reply) => {
    const began = performance.now();
    const { episode, actions, snapshots } = body;
    refuseLarge(actions, ['body', 'actions']);
    const { resolved, spec, replay } = prepare(specs, episode);
    const scenes = new SceneWriter(replay, snapshots ? seals.page : undefined, memory, heldBytes(spec, resolved));
    try {
      scenes.add(replay.begin());
      let played = 0;
      for (const action of actions) {
        if (replay.over) break;
        await scenes.rest();
        scenes.add(replay.step(action));
        played++;
      }
      metrics.stepped('web', played, began);
      const wire = JSON.stringify(wireEpisode(resolved, episode));
      return send(reply, scenes.json(`{"episode":${wire},"scenes":`, `,"ignored":${actions.length - played}}`));
    } finally {
      scenes.end();
    }
  });

  app.post('/web/api/step', { schema: { ...HIDDEN, body: playStepRequestSchema } }, async ({ body }, reply) => {
    const began = performance.now();
    const { episode, snapshot, action } = body;
    refuseLarge({ action }, ['body']);
    const { replay } = prepare(specs, episode);
    restore(replay, seals.page, snapshot);
    if (replay.over) throw new Problem(409, 'EPISODE_OVER', 'the episode is over: undo a step, or begin another one');
    const scene = sceneJson(replay, replay.step(action), seals.page);
    metrics.stepped('web', 1, began);
    return send(reply, `{"scene":${scene}}`);
  });

  app.post('/web/api/policy', { schema: { ...HIDDEN, body: policyRequestSchema } }, async ({ body }, reply) => {
    const began = performance.now();
    const { episode, actions, policy, policy_seed, steps } = body;
    refuseLarge(actions, ['body', 'actions']);
    const { resolved, spec, replay } = prepare(specs, episode);
    const advisor = new Advisor(policyFor(policy, resolved, spec, options), policy_seed);
    const scenes = new SceneWriter(replay, seals.page, memory, heldBytes(spec, resolved));
    try {
      replay.begin();
      let played = 0;
      for (const action of actions) {
        if (replay.over) break;
        await scenes.rest();
        advisor.watch(replay.observation, action);
        replay.step(action);
        played++;
      }
      const last = played + (steps === 'rest' ? MAX_STEPS : steps);
      for (; played < last && !replay.over; played++) {
        await scenes.rest();
        scenes.add(replay.step(advisor.answer(replay.observation)));
      }
      metrics.stepped('web', played, began);
      return send(reply, scenes.json('{"scenes":', '}'));
    } finally {
      scenes.end();
    }
  });
}

/** @throws Problem, ValidationError */
function prepare(specs: Specs, asked: RequestedEpisode): OpenEpisode {
  const resolved = specs.resolve(asked, ['body', 'episode']);
  const spec = specs.compile(resolved);
  return { resolved, spec, replay: new Replay(spec, resolved) };
}

function restore(replay: Replay, seal: Seal, snapshot: string): void {
  const opened = seal.open(Buffer.from(snapshot, 'base64url'));
  if (opened === undefined) throw new Problem(409, 'FOREIGN_SNAPSHOT', NOT_SEALED_HERE);
  try {
    replay.restore(opened);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    throw invalid(['body', 'snapshot'], messageOf(error), snapshot);
  }
}

/** The episode as it is sent to the page. Documents are sent back as the request had them. */
function wireEpisode(
  { task, rules, rewardMode, seed }: ResolvedSpec,
  { drift, scenario }: RequestedEpisode,
): WireEpisode {
  return {
    task_id: task,
    rules,
    reward_mode: rewardMode,
    seed,
    ...(!isGiven(drift) || drift === true ? {} : { drift }),
    ...(!isGiven(scenario) ? {} : { scenario }),
  };
}

function describeOptions(options: ServerOptions): PlayOptions {
  const groups = new Map(shipped.list('train').map(({ id, group }) => [id, group]));
  const tasks = listTasks().map(({ id, difficulty, description, drift, v1_grader }) => ({
    task_id: id,
    difficulty,
    description,
    group: groups.get(id) ?? id,
    has_drift: drift !== undefined,
    v1_grader: v1_grader !== undefined,
  }));
  const { task, rules, rewardMode } = options;
  return {
    tasks,
    drifts: tasks.flatMap(({ task_id, has_drift }) => (has_drift ? [task_id] : [])),
    rules: RULES.toReversed(),
    reward_modes: REWARD_MODES,
    defaults: { task_id: task, rules, reward_mode: rewardMode },
    policies: policiesOf(options),
    prompt: { text: systemPrompt(), sha256: PROMPT_SHA256 },
    runs: options.traces.length > 0,
  };
}

function send(reply: FastifyReply, json: string | Buffer): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(json);
}
