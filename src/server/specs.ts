/** Turns a request into a compiled scenario. All clients that play the same shipped task share one. */
import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { deriveSeed } from '../lib/random.ts';
import { quote } from '../lib/text.ts';
import { listTasks, loadTask, taskIds } from '../scenarios/shipped.ts';
import { shipped } from '../scenarios/source.ts';
import type { RewardMode } from '../sim/breakdown.ts';
import { briefingBytes } from '../sim/observation/size.ts';
import { episodeBytes, retainedBytes } from '../sim/retained.ts';
import { SUCCESS_GRADE } from '../sim/reward-profile.ts';
import type { Rules } from '../sim/rules.ts';
import { compileSpec, loadSpec, type Spec, type UncheckedSpec } from '../vector/spec.ts';
import { refuseLarge } from './large-requests.ts';
import { type Holder, Memory } from './memory.ts';
import type { ServerOptions } from './options.ts';
import { invalid } from './problem.ts';
import {
  type AskedProfiles,
  doorsOf,
  type ProfileOptions,
  type Profiles,
  profilesOf,
  refuseGradeless,
} from './profiles.ts';
import { isGiven, type playSchema } from './wire.ts';

type RequestedSpec = Partial<z.output<z.ZodObject<typeof playSchema>>>;

/** An EnvSpec with everything decided, the seed included. */
export type ResolvedSpec = UncheckedSpec & {
  readonly task: string;
  readonly rules: Rules;
  readonly rewardMode: RewardMode;
  readonly seed: number;
};

/** Bytes of an episode besides its state and its briefing: the last observation and the rewards. */
const ANSWER_BYTES = 8_192;

/** What is played, without the seed. */
type PlayedSpec = Omit<ResolvedSpec, 'seed'>;

/** Whether all clients that play this share one compiled scenario. Inline documents are compiled for the client that sent them. */
export function isShared({ scenario, drift }: Pick<PlayedSpec, 'scenario' | 'drift'>): boolean {
  return scenario === undefined && !isGiven(drift);
}

/** The approximate number of bytes that an episode does not share with others. */
export function heldBytes(spec: Spec, played: Pick<PlayedSpec, 'scenario' | 'drift'>): number {
  const { compiled } = spec;
  // A briefing with characters outside Latin-1 takes two bytes per character.
  const own = ANSWER_BYTES + episodeBytes(compiled) + 2 * briefingBytes(compiled);
  return isShared(played) ? own : own + retainedBytes(compiled);
}

export class Specs {
  /** The profiles of an episode that names none. */
  readonly profiles: Profiles;
  private readonly defaults: Pick<ServerOptions, 'task' | 'rules' | 'rewardMode'>;
  private readonly memory: Memory;
  /** Compiled scenarios of shipped tasks, which all clients share. */
  private readonly compiled = new Map<string, { readonly spec: Spec; readonly holder: Holder }>();

  constructor(
    defaults: Pick<ServerOptions, 'task' | 'rules' | 'rewardMode'> & Partial<ProfileOptions>,
    memory = new Memory(Number.POSITIVE_INFINITY),
  ) {
    this.defaults = defaults;
    this.profiles = doorsOf({ successGrade: SUCCESS_GRADE, ...defaults }).sessions;
    this.memory = memory;
  }

  /**
   * Completes a request with the defaults and a drawn seed.
   * @param loc The location of `asked` in the request, for error messages
   * @throws Problem (422) that lists what exists, or (413) that says how long a document may be
   */
  resolve(asked: RequestedSpec, loc: readonly (string | number)[]): ResolvedSpec {
    refuseLarge({ scenario: asked.scenario, drift: asked.drift }, loc);
    const seed = asked.seed ?? drawSeed();
    const rules = asked.rules ?? this.defaults.rules;
    const rewardMode = asked.reward_mode ?? this.defaults.rewardMode;
    const common = { rules, rewardMode, seed };
    if (isGiven(asked.scenario)) {
      const task = asked.task_id ?? 'inline';
      return { ...common, task, scenario: asked.scenario, ...driftOf(asked.drift, undefined, loc) };
    }
    const task = this.taskOf(asked, seed, loc);
    return { ...common, task, ...driftOf(asked.drift, task, loc) };
  }

  /**
   * The profiles of a request that plays `spec`.
   * @throws Problem (422) if the reward profile would never give a reward: some tasks have no grade under rules v1
   */
  profilesOf(asked: AskedProfiles, { task, scenario, rules }: PlayedSpec, loc: readonly (string | number)[]): Profiles {
    const profiles = profilesOf(asked, this.profiles);
    refuseGradeless({ task, rules }, scenario !== undefined, profiles.reward, loc);
    return profiles;
  }

  /**
   * The compiled scenario of a resolved spec.
   * @throws ValidationError if an inline document is not valid
   */
  compile(spec: PlayedSpec): Spec {
    const { rules, rewardMode, task, drift } = spec;
    const make = (): Spec => compileSpec({ ...loadSpec(spec), rules, rewardMode });
    if (!isShared(spec)) return make();
    const key = JSON.stringify([task, rules, rewardMode, drift === null]);
    const known = this.compiled.get(key);
    if (known !== undefined) {
      this.memory.touch(known.holder);
      return known.spec;
    }
    const made = make();
    const holder: Holder = { mayGo: () => true, giveUp: () => void this.compiled.delete(key) };
    if (this.memory.tryHold(holder, retainedBytes(made.compiled))) this.compiled.set(key, { spec: made, holder });
    return made;
  }

  private taskOf(asked: RequestedSpec, seed: number, loc: readonly (string | number)[]): string {
    const { task_id, split, index } = asked;
    if (isGiven(task_id)) {
      if (isGiven(split)) throw invalid([...loc, 'split'], 'expected either task_id or split, got both', split);
      if (taskIds().includes(task_id)) return task_id;
      throw invalid([...loc, 'task_id'], `there is no task ${quote(task_id)}; known: ${taskIds().join(', ')}`, task_id);
    }
    if (!isGiven(split)) {
      if (!isGiven(index)) return this.defaults.task;
      throw invalid([...loc, 'index'], 'expected a split beside the index', index);
    }
    const rows = shipped.count(split);
    const at = index ?? deriveSeed(seed) % rows;
    const [row] = shipped.list(split, at, at + 1);
    if (row !== undefined) return row.id;
    throw invalid([...loc, 'index'], `expected 0 to ${rows - 1}, the rows of split ${split}, got ${at}`, at);
  }
}

function drawSeed(): number {
  return randomBytes(6).readUIntBE(0, 6);
}

/** The drift of a spec. The key is absent if the drift is that of the task. */
function driftOf(drift: unknown, task: string | undefined, loc: readonly (string | number)[]): { drift?: unknown } {
  if (!isGiven(drift) || drift === true) return {};
  if (drift === false || drift === 'none') return { drift: null };
  if (typeof drift === 'object' && !Array.isArray(drift)) return { drift };
  const named = listTasks().flatMap((entry) => (entry.drift === undefined ? [] : [entry.id]));
  if (typeof drift === 'string' && named.includes(drift)) {
    return drift === task ? {} : { drift: loadTask(drift).drift };
  }
  throw invalid(
    [...loc, 'drift'],
    `expected true, false, "none", a drift document or one of ${named.join(', ')}, got ${quote(drift)}`,
    drift,
  );
}
