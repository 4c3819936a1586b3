/** The parts of a step's reward, under their wire names and in the order of their columns. Source: rules v1, paragraph 4. */
export const BREAKDOWN_FIELDS = [
  'conflict_raw',
  'critical_queue_bonus',
  'conflict',
  'relationship',
  'task',
  'shaping_synergy',
  'shaping_tradeoff',
  'shaping_potential',
  'shaping_scaffold',
  'shaping_quality',
  'shaping_total',
  'shaping_to_base_ratio',
  'weighted_base',
  'output_scale',
  'invalid_step_adjustment',
  'episode_completion_bonus',
  'catastrophic_penalty',
  'do_nothing_floor',
  'final',
  'settlement',
] as const;

/** The wire name of one part of the reward. */
export type BreakdownField = (typeof BREAKDOWN_FIELDS)[number];
/**
 * The parts of the reward of one step. `final` is the reward itself; `settlement` is the share of it that the rest of the day
 * brings, after an episode that ends before its day (rules v2). It is contained in the other parts.
 */
export type Breakdown = Record<Exclude<BreakdownField, 'settlement'>, number> & { settlement?: number | undefined };

/** The reward modes that an environment can have. */
export const REWARD_MODES = ['full', 'base', 'shaping'] as const;
/** `full` and `shaping` are the same under rules v1; `base` omits the five shaping terms. */
export type RewardMode = (typeof REWARD_MODES)[number];

/** All parts at 0. */
export function emptyBreakdown(): Breakdown {
  return readBreakdown(new Float64Array(BREAKDOWN_FIELDS.length), 0);
}

// The parts are written out field by field: objects built in a loop over names are several times slower to write and read.

/** Writes the parts into a column, in the order of BREAKDOWN_FIELDS. */
export function putBreakdown(parts: Readonly<Breakdown>, into: Float64Array, at: number): void {
  into[at] = parts.conflict_raw;
  into[at + 1] = parts.critical_queue_bonus;
  into[at + 2] = parts.conflict;
  into[at + 3] = parts.relationship;
  into[at + 4] = parts.task;
  into[at + 5] = parts.shaping_synergy;
  into[at + 6] = parts.shaping_tradeoff;
  into[at + 7] = parts.shaping_potential;
  into[at + 8] = parts.shaping_scaffold;
  into[at + 9] = parts.shaping_quality;
  into[at + 10] = parts.shaping_total;
  into[at + 11] = parts.shaping_to_base_ratio;
  into[at + 12] = parts.weighted_base;
  into[at + 13] = parts.output_scale;
  into[at + 14] = parts.invalid_step_adjustment;
  into[at + 15] = parts.episode_completion_bonus;
  into[at + 16] = parts.catastrophic_penalty;
  into[at + 17] = parts.do_nothing_floor;
  into[at + 18] = parts.final;
  into[at + 19] = parts.settlement ?? 0;
}

/** Reads the parts that `putBreakdown` has written. */
export function readBreakdown(from: Float64Array, at: number): Breakdown {
  return {
    conflict_raw: from[at] ?? 0,
    critical_queue_bonus: from[at + 1] ?? 0,
    conflict: from[at + 2] ?? 0,
    relationship: from[at + 3] ?? 0,
    task: from[at + 4] ?? 0,
    shaping_synergy: from[at + 5] ?? 0,
    shaping_tradeoff: from[at + 6] ?? 0,
    shaping_potential: from[at + 7] ?? 0,
    shaping_scaffold: from[at + 8] ?? 0,
    shaping_quality: from[at + 9] ?? 0,
    shaping_total: from[at + 10] ?? 0,
    shaping_to_base_ratio: from[at + 11] ?? 0,
    weighted_base: from[at + 12] ?? 0,
    output_scale: from[at + 13] ?? 0,
    invalid_step_adjustment: from[at + 14] ?? 0,
    episode_completion_bonus: from[at + 15] ?? 0,
    catastrophic_penalty: from[at + 16] ?? 0,
    do_nothing_floor: from[at + 17] ?? 0,
    final: from[at + 18] ?? 0,
    settlement: from[at + 19] ?? 0,
  };
}

/** The breakdown of a step after the end of the episode, which changes nothing and costs `reward`. */
export function refusedBreakdown(reward: number): Breakdown {
  return { ...emptyBreakdown(), output_scale: 1, invalid_step_adjustment: reward, final: reward };
}
