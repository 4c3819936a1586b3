/** The signal for a group-relative method such as GRPO: the spread of the returns of episodes that begin alike. */
import { max, mean, sampleStandardDeviation, sumNthPowerDeviations } from 'simple-statistics';
import { clip, oneLine } from '../lib/text.ts';
import { isUnreadable, readAction } from '../world/completion/completion.ts';
import { spreadOf } from './words.ts';

/** Returns that differ by less than this rounding error count as equal. */
export const NO_SPREAD = 1e-9;

export class GroupSpreads {
  private readonly returns = new Map<string, number[]>();
  private readonly advantages: number[] = [];

  add(group: string, value: number | null, advantage: number | null): void {
    const known = this.returns.get(group) ?? [];
    this.returns.set(group, known);
    if (value !== null) known.push(value);
    if (advantage !== null) this.advantages.push(advantage);
  }

  signal() {
    const all = [...this.returns.values()];
    const large = all.filter((members) => members.length >= 2);
    const deviations = large.map((members) => sampleStandardDeviation(members));
    const rooms = large.map((members) => max(members) - mean(members));
    return {
      /** Number of groups with at least two complete episodes. */
      groups: large.length,
      /** Number of groups with fewer complete episodes; they give no advantages. */
      small: all.length - large.length,
      /** Number of those `groups` in which all returns are equal, so that all advantages are 0. */
      silent: deviations.filter((one) => one < NO_SPREAD).length,
      deviations,
      /** Distribution of the sample standard deviations within the groups. */
      deviation: spreadOf(deviations),
      /** Mean over the groups of the best return minus the mean return. */
      headroom: rooms.length === 0 ? undefined : mean(rooms),
      /** Sum of squares within groups over the total sum of squares: 1 if the group means are equal, 0 if only they differ. */
      within: withinShare(large),
      advantages: this.advantages,
    };
  }
}

function withinShare(groups: readonly (readonly number[])[]): number | undefined {
  const all = groups.flat();
  const total = all.length === 0 ? 0 : sumNthPowerDeviations(all, 2);
  if (total < NO_SPREAD) return undefined;
  return groups.reduce((sum, members) => sum + sumNthPowerDeviations([...members], 2), 0) / total;
}

// Counts invalid actions by type, reason and step of the episode.

/** Name for the type of an answer without an action. */
export const UNREADABLE = 'no action';
/** Maximum number of different reasons; later ones are counted together. */
const MAX_REASONS = 500;
const OTHERS = 'another reason';

type InvalidReason = {
  readonly kind: string;
  readonly reason: string;
  count: number;
  /** One of the original messages. */
  readonly example: string;
};

export class InvalidSteps {
  private readonly kinds = new Map<string, { steps: number; invalid: number }>();
  private readonly reasons = new Map<string, InvalidReason>();

  add(answer: unknown, ok: boolean, error: string | null): void {
    const kind = kindOf(answer);
    const own = this.kinds.get(kind) ?? { steps: 0, invalid: 0 };
    this.kinds.set(kind, own);
    own.steps++;
    if (ok) return;
    own.invalid++;
    const reason = reasonOf(error ?? 'no reason is recorded');
    const key = JSON.stringify([kind, reason]);
    const known = this.reasons.get(key);
    if (known !== undefined) known.count++;
    else if (this.reasons.size < MAX_REASONS) {
      this.reasons.set(key, { kind, reason, count: 1, example: clip(oneLine(error ?? ''), 200) });
    } else {
      const rest = this.reasons.get(OTHERS) ?? { kind: 'any', reason: OTHERS, count: 0, example: '' };
      rest.count++;
      this.reasons.set(OTHERS, rest);
    }
  }

  /** Most frequent first. */
  byReason(): InvalidReason[] {
    return [...this.reasons.values()].sort(
      (a, b) => b.count - a.count || (a.kind + a.reason < b.kind + b.reason ? -1 : 1),
    );
  }

  byKind(): { kind: string; steps: number; invalid: number }[] {
    return [...this.kinds]
      .map(([kind, counts]) => ({ kind, ...counts }))
      .sort((a, b) => b.steps - a.steps || (a.kind < b.kind ? -1 : 1));
  }
}

/** The type of the action in an answer. */
function kindOf(answer: unknown): string {
  const action = readAction(answer);
  return isUnreadable(action) ? UNREADABLE : (action.action_type ?? 'do_nothing');
}

/** A message without the parts that differ from case to case: quoted values, ids, times and numbers. */
export function reasonOf(error: string): string {
  const text = oneLine(clip(error, 400))
    .replace(/"(?:[^"\\]|\\.)*"(?:\|"(?:[^"\\]|\\.)*")*/g, '"\u2026"')
    .replace(/\[[^\]]*\]/g, '[\u2026]')
    .replace(/ is with .* until .*$/, ' is with a delegate until later')
    .replace(/\d{1,2}:\d\d/g, '\u2026');
  return clip(text.replace(/; expected an ISO 8601.*$/, '; expected an ISO 8601 time'), 160);
}
