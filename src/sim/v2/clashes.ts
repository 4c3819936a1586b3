/** The clashes that a day can have. Each clash is an obligation, so their number is limited. */
import { quote } from '../../lib/text.ts';
import type { CompiledScenario } from '../../world/compile.ts';
import { MAX_CLASHES, refusal } from '../../world/limits.ts';
import { sweepOverlaps } from '../../world/overlaps.ts';
import type { EpisodeState } from '../../world/state.ts';

/**
 * The pairs of meetings that overlap, in file order.
 * @param s A state in which everything has arrived that may arrive.
 * @throws ValidationError if there are more than MAX_CLASHES
 */
export function findClashes(c: CompiledScenario, s: EpisodeState): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  sweepOverlaps(c, s, (a, b) => pairs.push([a, b]) <= MAX_CLASHES);
  const [a, b] = pairs[MAX_CLASHES] ?? [];
  if (a !== undefined && b !== undefined) {
    const [one, other] = [a, b].map((meeting) => quote(c.world.meetings[meeting]?.id));
    throw refusal(
      `meetings: expected at most ${MAX_CLASHES} pairs that overlap (rules v2), those that events bring included, got at least ${pairs.length}, the last of them ${one} and ${other}`,
    );
  }
  return pairs.sort(([a, b], [c, d]) => a - c || b - d);
}
