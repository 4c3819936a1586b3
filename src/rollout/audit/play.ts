/** Plays whole episodes of one policy, one after the other, without a vector: what an audit does inside a worker. */

import { fragmentsOf } from '../../sim/briefing/fragments.ts';
import { BriefingRenderer, BriefingSlot } from '../../sim/briefing/render.ts';
import { Episode } from '../../sim/episode.ts';
import { observe } from '../../sim/observation.ts';
import { createRuleset, type Rules } from '../../sim/rules.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { readAction } from '../../world/completion.ts';
import type { Policy } from '../actor.ts';
import { gradeEpisode } from '../graders.ts';

export type Played = {
  readonly seed: number;
  /** Sum of the rewards. */
  readonly return: number;
  /** In [0.01, 0.99]; null where rules v1 have no grader for the task. */
  readonly grade: number | null;
  readonly steps: number;
  readonly invalid: number;
  /** Least and greatest reward of a step. */
  readonly least: number;
  readonly greatest: number;
};

/** @param task Names the grader of rules v1. */
export async function play(
  c: CompiledScenario,
  rules: Rules,
  task: string,
  policy: Policy,
  seed: number,
): Promise<Played> {
  const ruleset = createRuleset(rules);
  const episode = Episode.of(c, 'full');
  const renderer = new BriefingRenderer();
  const slot = new BriefingSlot(new Uint8Array(fragmentsOf(c).maxBytes));
  const actor = policy.start(seed);
  const rewards: number[] = [];
  let invalid = 0;
  ruleset.reset(episode);
  while (episode.s.active) {
    renderer.render(episode, slot);
    const answer = await actor.act(Buffer.from(slot.text).toString('utf8'));
    rewards.push(ruleset.step(episode, readAction(answer)));
    if (!episode.s.stepOk) invalid++;
  }
  return {
    seed,
    return: rewards.reduce((sum, reward) => sum + reward, 0),
    grade: gradeEpisode(task, rules, rewards, observe(episode)).grade,
    steps: rewards.length,
    invalid,
    least: Math.min(...rewards),
    greatest: Math.max(...rewards),
  };
}
