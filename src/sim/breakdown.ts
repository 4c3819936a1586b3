/** The parts of a step's reward, in the order of the columns that hold them. Wire names. Source: rules v1, paragraph 4. */
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
] as const;

export type BreakdownField = (typeof BREAKDOWN_FIELDS)[number];
export type Breakdown = Record<BreakdownField, number>;

export const REWARD_MODES = ['full', 'base', 'shaping'] as const;
/** `full` and `shaping` are the same in v1; `base` leaves the five shaping terms out. */
export type RewardMode = (typeof REWARD_MODES)[number];

export function emptyBreakdown(): Breakdown {
  return Object.fromEntries(BREAKDOWN_FIELDS.map((field) => [field, 0])) as Breakdown;
}

/** The breakdown of a step after the end: nothing happened, and it costs `reward`. */
export function refusal(reward: number): Breakdown {
  return { ...emptyBreakdown(), output_scale: 1, invalid_step_adjustment: reward, final: reward };
}
