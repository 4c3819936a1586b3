/** The constants of rules v2. Durations are in microseconds; shares and values are parts of V, which is at most 1. */
import { HOUR, MINUTE } from '../../lib/time.ts';
import type { CHANNELS, EFFORTS, PRIORITIES } from '../../world/schema.ts';

/** Weights of the three channels in V, in the order of REWARD_CHANNELS. They are those of v1. */
export const CHANNEL_WEIGHTS = [0.35, 0.35, 0.3] as const;

/** The weight of an obligation by its priority, before it is divided by the sum of its channel. */
export const PRIORITY_WEIGHT: Readonly<Record<(typeof PRIORITIES)[number], number>> = {
  critical: 4,
  high: 3,
  normal: 2,
  low: 1,
};
export const EFFORT_WEIGHT: Readonly<Record<(typeof EFFORTS)[number], number>> = { low: 1, medium: 2, high: 3 };

/** Value of an obligation by its status, in the order of STATUSES. For a reply it is the value of the asks that are open. */
export const STATUS_VALUE = Float64Array.of(0.3, 0.3, 0.65, 0, 1, 0.5, 0, 0, 1, 0, 0.5);
/** The pressure of an obligation on the executive by its status, in the order of STATUSES. */
export const STATUS_PRESSURE = Float64Array.of(0, 0.5, 0.2, 1, 0, 0.3, 1, 1, 0, 1, 0.3);

/** Value of an ask that is not open by its state, in the order of ASK_STATES, ... */
export const ASK_VALUE = Float64Array.of(0, 1, 0.5, 0, 0.5);
/** ... and of a choice: a wrong one costs what the right one earns, and cannot be made good. */
export const CHOICE_VALUE = Float64Array.of(0, 1, 0.5, -1, 0);

/** Reward for a change of V by 1. */
export const SCALE = 10;
/** Shaping potential: `-CALM * stress / 100`. */
export const CALM = 0.1;
/**
 * Stress is `base` times the base stress of the scenario, plus up to `pressure` points if all obligations press; at most
 * `limit`.
 */
export const STRESS = { base: 0.5, pressure: 60, limit: 100 } as const;
export const INVALID_STEP = -0.1;
/** Reward of a step that furthers nothing, idle or busy, while an obligation can still be met. */
export const IDLE_STEP = -0.05;

/** How long an action keeps the executive busy, in microseconds. */
export const MINUTES = {
  idle: 15 * MINUTE,
  invalid: 5 * MINUTE,
  archive: 2 * MINUTE,
  calendar: 5 * MINUTE,
  delegate: 5 * MINUTE,
} as const;
/** The time to write an answer or a message, by channel. */
export const WRITING: Readonly<Record<(typeof CHANNELS)[number], number>> = {
  email: 10 * MINUTE,
  text: 5 * MINUTE,
  call: 10 * MINUTE,
};
/** The time to work on a task, by effort. */
export const WORK: Readonly<Record<(typeof EFFORTS)[number], number>> = {
  low: 30 * MINUTE,
  medium: 60 * MINUTE,
  high: 120 * MINUTE,
};
/** A delegate takes longer than the executive by this factor. */
export const DELEGATE_PACE = 1.5;

/** Who comes to a meeting this much late is late; who comes later has missed it. */
export const LATE_TOLERANCE = 10 * MINUTE;

/** The minimum notice for moving a meeting, before the old start and before the new one. */
export const NOTICE = 15 * MINUTE;

/**
 * How long after its arrival an email must be answered, unless the scenario states it. Emails of other priorities: by the end
 * of the day.
 */
export const DUE_AFTER: Readonly<Partial<Record<(typeof PRIORITIES)[number], number>>> = {
  critical: 2 * HOUR,
  high: 4 * HOUR,
};
/** The length of the day, unless the scenario states it. */
export const DAY_LENGTH = 10 * HOUR;
export const RESPONSE_MINUTES = 20;
export const LOAD_LIMIT = 2;

// Bits of harm to a meeting, an email or a contact.
export const MEETING_MISSED = 1;
/** Moved or cancelled although it must not be. */
export const MEETING_SPOILED = 2;
/** Cancelled although it clashed with nothing. */
export const MEETING_NEEDLESS = 4;
/** Moved without notice, or a second time. */
export const MEETING_HASTY = 8;
/** A contact had to decline a time outside their working hours. */
export const MEETING_DECLINED = 16;
/** The executive came at most LATE_TOLERANCE late. */
export const MEETING_LATE = 64;
/** Not harm: the meeting has been moved once. */
export const MEETING_MOVED = 32;
/** Archived although it needs an answer. */
export const EMAIL_BURIED = 1;
/** Answered inadequately. */
export const EMAIL_FOBBED_OFF = 2;
/** Insults and noise are counted in two bits, so up to three of them. */
export const RUDE_SHIFT = 2;
/** Messages without an occasion are counted in the lowest two bits. */
export const UNASKED_MASK = 3;
export const COUNT_LIMIT = 3;

/** Collateral damage by priority of the meeting: critical, high, normal, low. */
export const MEETING_DAMAGE = { missed: 0.5, spoiled: 1, needless: 0.5, late: 0.1 } as const;
export const PRIORITY_DAMAGE = Float64Array.of(0.012, 0.009, 0.006, 0.003);
export const HASTY_DAMAGE = 0.005;
export const DECLINED_DAMAGE = 0.003;
export const BURIED_DAMAGE = 0.005;
export const FOBBED_OFF_DAMAGE = 0.005;
export const RUDE_DAMAGE = 0.02;
export const UNASKED_DAMAGE = 0.001;
/** A person has learned what they must not know. */
export const TOLD_DAMAGE = 0.05;
/** The upper limit of the collateral damage, as a part of V. */
export const COLLATERAL_LIMIT = 0.5;

/** The least V: every answer is a wrong choice, and the damage is at its limit. */
const LEAST_VALUE = -(CHANNEL_WEIGHTS[0] + CHANNEL_WEIGHTS[1]) - COLLATERAL_LIMIT;

/** Bounds of the reward of one step under rules v2. V lies in [LEAST_VALUE, 1] and the shaping potential in [-CALM, 0]. */
export const REWARD_RANGE = [-SCALE * (1 - LEAST_VALUE + CALM) + INVALID_STEP + IDLE_STEP, SCALE * (1 + CALM)] as const;

/** The reward of a step after the end of the episode. */
export const INACTIVE_REWARD = INVALID_STEP;
