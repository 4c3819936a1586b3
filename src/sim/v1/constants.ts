/**
 * The constants of rules v1, with the paragraph that states them. The -3 for a new clash is missing, since no valid action can
 * create one.
 */
import { MINUTE } from '../../lib/time.ts';

// Paragraph 3: dynamics.
export const STEP_DURATION = 20 * MINUTE;
export const STRESS_LIMIT = 100;
export const STRESS_PER_PROBLEM = 2;
export const STRESS_FROM_PROBLEMS_LIMIT = 35;
export const INACTIVE_REWARD = -0.25;

// Paragraph 4: channels.
export const WEIGHTS = { conflict: 0.35, relationship: 0.35, task: 0.3 } as const;
export const CLASH_RESOLVED = 2.12;
export const CLASH_RESOLVED_IN_PEACE = 1;
export const VALID_RESCHEDULE = 0.1;
export const CRITICAL_ANSWERED = 0.22;
export const CONFLICT_LIMIT = 6;
export const IMPORTANT = 4;
export const MOOD_ROSE = { important: 3, other: 1 } as const;
export const MOOD_FELL = { important: -4, other: -2 } as const;
/** By index into PRIORITIES. */
export const REPLY_BY_PRIORITY = [0.3, 0.15, 0.04, 0.02] as const;
export const VIP_FACTOR = 2;
export const CASUAL_TO_BOARD = -0.35;
export const FORMAL_TO_PERSONAL = -0.08;
export const VALID_MESSAGE = 0.08;
export const TASK_BECAME_OVERDUE = -2;
export const TASK_DONE_IN_TIME = 2;
export const TASK_DONE_LATE = 0.5;
export const TASK_DELEGATED = 1;
export const DELEGATE_IMPORTANCE_LIMIT = 3;
export const VALID_COMPLETE = 0.06;
export const VALID_DELEGATE = 0.1;

// Paragraph 4: shaping.
export const SYNERGY = {
  people: { limit: 0.4, scale: 0.18, slope: 0.35 },
  work: { limit: 0.4, scale: 0.1, slope: 0.25 },
} as const;
export const TRADEOFF = {
  threshold: -0.5,
  people: { limit: 0.3, scale: 0.12, slope: 0.25 },
  work: { limit: 0.3, scale: 0.08, slope: 0.18 },
} as const;
export const POTENTIAL = { critical: 1.15, pairs: 0.9, overdue: 0.55, stress: 0.02, limit: 0.25 } as const;
export const SCAFFOLD = {
  reply: { better: 0.16, any: 0.05 },
  meeting: { better: 0.15, any: 0.04 },
  task: { better: 0.12, any: 0.03 },
  early: { until: 0.33, factor: 1.2 },
  late: { from: 0.85, factor: 0.9 },
  limit: 0.35,
} as const;
/** Thresholds of the base reward and the bonus for reaching them, with the sign of the base reward. */
export const QUALITY = [
  { from: 0.9, amount: 0.28 },
  { from: 0.35, amount: 0.12 },
] as const;
export const SHAPING_LIMIT = { factor: 1.25, offset: 0.05 } as const;
export const RATIO = { limit: 10, epsilon: 1e-6 } as const;
export const OUTPUT_SCALE = 0.48;

// Paragraph 4: outside the channels.
export const INVALID_STEP = -0.25;
export const DO_NOTHING = -0.15;
export const COMPLETION = { stressBelow: 40, amount: 10 } as const;
export const CATASTROPHE = { criticalAbove: 3, amount: -15 } as const;

// Paragraph 6: graders.
export const GRADE = {
  labels: [
    { name: 'unsafe_miss', upTo: 0.05 },
    { name: 'bad_call', upTo: 0.2 },
    { name: 'weak', below: 0.5 },
    { name: 'workable', below: 0.8 },
    { name: 'strong', below: 0.95 },
  ],
  missLimit: 0.35,
  badLimit: 0.15,
  weak: 0.015,
  weakLimit: 0.06,
  strongShare: 0.8,
  expertShare: 0.6,
  noRewards: 0.5,
  min: 0.01,
  max: 0.99,
} as const;
