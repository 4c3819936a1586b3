/** Plays whole episodes of built-in policies, one after the other, without a vector. */
import { messageOf } from '../lib/errors.ts';
import type { Breakdown, RewardMode } from '../sim/breakdown.ts';
import { fragmentsOf } from '../sim/briefing/fragments.ts';
import { BriefingRenderer } from '../sim/briefing/render.ts';
import { BriefingSlot } from '../sim/briefing/slot.ts';
import { Episode } from '../sim/episode.ts';
import { createRuleset, type Rules } from '../sim/rules.ts';
import type { Ruleset } from '../sim/ruleset.ts';
import { type Grade, gradeV2 } from '../sim/v2/grade.ts';
import type { CompiledScenario } from '../world/compile.ts';
import { type PolicyAnswer, type ReadAction, readAction } from '../world/completion.ts';
import { readBriefing } from './briefing-reader.ts';
import type { BuiltInPolicy, Decide } from './built-in.ts';
import { EpisodeView } from './episode-view.ts';

/** What one episode came to. */
export type Played = {
  readonly rewards: readonly number[];
  /** Steps whose action was invalid. */
  readonly invalid: number;
  /** Why the episode was not played to its end, if so. */
  readonly error: string | null;
  /** Of a finished episode; rules v2. */
  readonly grade: Grade | undefined;
};

/** Sees every step. What it is given is good until it returns. */
export type Recorder = {
  /** The briefing before the step; left out where nobody wants it. */
  observe?(briefing: BriefingSlot): void;
  /** @param read The action that was played. */
  step(answer: PolicyAnswer, read: ReadAction, reward: number, breakdown: Readonly<Breakdown>, episode: Episode): void;
};

/** Texts that a policy answers again and again are read once. */
const MAX_REMEMBERED = 1_000;

/** Plays the episodes of one scenario; owns the memory for it. */
export class Player {
  private readonly c: CompiledScenario;
  private readonly rules: Ruleset;
  private readonly e: Episode;
  private readonly view: EpisodeView | undefined;
  private readonly renderer = new BriefingRenderer();
  private readonly slot: BriefingSlot;
  private readonly remembered = new Map<string, ReadAction>();
  private rendered = false;

  constructor(c: CompiledScenario, rules: Rules, rewardMode: RewardMode) {
    this.c = c;
    this.rules = createRuleset(rules);
    this.e = Episode.of(c, rewardMode);
    this.view = EpisodeView.of(this.e);
    this.slot = new BriefingSlot(new Uint8Array(fragmentsOf(c).maxBytes));
  }

  /** A policy that throws ends the episode; what was played until then is told. */
  play(policy: BuiltInPolicy, seed: number, recorder?: Recorder): Played {
    const { e, rules } = this;
    const { s } = e;
    const rewards: number[] = [];
    let invalid = 0;
    let decide: Decide | undefined;
    rules.reset(e);
    // As in a vector, an episode that is over before it began is told so in one step.
    do {
      this.rendered = false;
      if (recorder?.observe !== undefined) recorder.observe(this.briefing());
      let answer: PolicyAnswer;
      try {
        decide ??= policy.begin(seed);
        answer = decide(this.view?.refresh() ?? readBriefing(this.text()), this.text);
      } catch (error) {
        return { rewards, invalid, error: `the policy failed: ${messageOf(error)}`, grade: undefined };
      }
      const read = this.read(answer);
      const reward = rules.step(e, read);
      rewards.push(reward);
      if (!s.stepOk) invalid++;
      recorder?.step(answer, read, reward, rules.breakdown, e);
    } while (s.active);
    const isGraded = this.c.day !== undefined && s.stepCount > 0;
    return { rewards, invalid, error: null, grade: isGraded ? gradeV2(this.c, s) : undefined };
  }

  private briefing(): BriefingSlot {
    if (!this.rendered) this.renderer.render(this.e, this.slot);
    this.rendered = true;
    return this.slot;
  }

  private readonly text = (): string => {
    const { buffer, byteOffset, length } = this.briefing().text;
    return Buffer.from(buffer, byteOffset, length).toString('utf8');
  };

  /** The objects of a built-in policy are actions already. */
  private read(answer: PolicyAnswer): ReadAction {
    if (typeof answer !== 'string') return answer;
    const known = this.remembered.get(answer);
    if (known !== undefined) return known;
    const action = readAction(answer);
    if (this.remembered.size < MAX_REMEMBERED) this.remembered.set(answer, action);
    return action;
  }
}
