/**
 * The three trajectory graders of rules v1 (rules-v1.md, section 6).
 */

export type GraderTask = 'phase2_core' | 'monday_morning' | 'dinner_disaster';

interface GraderNumbers {
  /** Penalty per unsafe_miss. */
  m: number;
  /** Penalty per bad_call. */
  o: number;
  /** Bonus when strong and expert make up 80 %. */
  s: number;
  /** Further bonus when expert makes up 60 %. */
  x: number;
}

export const GRADERS: Record<GraderTask, GraderNumbers> = {
  phase2_core: { m: 0.12, o: 0.03, s: 0.05, x: 0.01 },
  monday_morning: { m: 0.09, o: 0.04, s: 0.03, x: 0.02 },
  dinner_disaster: { m: 0.07, o: 0.03, s: 0.02, x: 0.04 },
};

export const GRADER_TASKS: readonly GraderTask[] = ['phase2_core', 'monday_morning', 'dinner_disaster'];

type Label = 'unsafe_miss' | 'bad_call' | 'weak' | 'workable' | 'strong' | 'expert';

export function grade(task: GraderTask, trajectory: unknown): number {
  const rewards = rewardsOf(trajectory);
  if (rewards.length === 0) return 0.5;
  const { m, o, s, x } = GRADERS[task];
  const n = rewards.length;
  const labels = rewards.map(labelOf);
  const count = (label: Label): number => labels.filter((other) => other === label).length;

  const penalty =
    Math.min(count('unsafe_miss') * m, 0.35) +
    Math.min(count('bad_call') * o, 0.15) +
    Math.min(count('weak') * 0.015, 0.06);

  let bonus = 0;
  if ((count('strong') + count('expert')) / n >= 0.8) bonus += s;
  if (count('expert') / n >= 0.6) bonus += x;

  let sum = 0;
  for (const reward of rewards) sum += reward;
  const mean = sum / n;

  const score = mean - penalty + bonus;
  if (!Number.isFinite(score)) return 0.5;
  return Math.max(0.01, Math.min(0.99, roundTo4(score)));
}

function labelOf(reward: number): Label {
  if (reward <= 0.05) return 'unsafe_miss';
  if (reward <= 0.2) return 'bad_call';
  if (reward < 0.5) return 'weak';
  if (reward < 0.8) return 'workable';
  if (reward < 0.95) return 'strong';
  return 'expert';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function totalOf({ total }: Record<string, unknown>): unknown {
  return total;
}

/**
 * `rewards` if it is a non-empty list, else `score`, else `reward.total`, else `reward`. This
 * choice comes before entries that are not finite numbers are dropped.
 */
function rewardsOf(trajectory: unknown): number[] {
  if (!isRecord(trajectory)) return [];
  const { rewards, score, reward } = trajectory;
  let entries: unknown[];
  if (Array.isArray(rewards) && rewards.length > 0) entries = rewards;
  else if (score !== undefined && score !== null) entries = [score];
  else if (isRecord(reward)) entries = [totalOf(reward)];
  else entries = [reward];
  return entries.filter((entry) => typeof entry === 'number' && Number.isFinite(entry)) as number[];
}

/** A finite double as sign × significand × 2^exponent, exactly. */
function decompose(value: number): { negative: boolean; significand: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const negative = bits >> 63n === 1n;
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  if (biased === 0) return { negative, significand: fraction, exponent: -1074 };
  return { negative, significand: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** To 4 decimals, ties to even, on the exact binary value of the double. */
export function roundTo4(value: number): number {
  const { negative, significand, exponent } = decompose(value);
  if (exponent >= 0) return value; // an integer already
  const scaled = significand * 10000n;
  const denominator = 1n << BigInt(-exponent);
  let quotient = scaled / denominator;
  const twice = 2n * (scaled % denominator);
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) quotient += 1n;
  // The literal is read as the nearest double, whatever the size of the quotient.
  return Number(`${negative ? '-' : ''}${quotient}e-4`);
}
