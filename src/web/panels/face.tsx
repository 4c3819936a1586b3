/** A mood as a face; the word is shown beside it. */
import type { Mood } from '../../world/schema.ts';

/** Mouth and brows. */
const LINES: Record<Mood, readonly [mouth: string, brows: string]> = {
  happy: ['M5.5 9.5 Q8 13 10.5 9.5', ''],
  neutral: ['M5.5 10.8 H10.5', ''],
  annoyed: ['M5.5 11.4 Q8 9.8 10.5 10.8', 'M4.2 4.6 H6.6 M9.4 4.6 H11.8'],
  angry: ['M5.5 12 Q8 9 10.5 12', 'M4 4 L6.6 5.2 M12 4 L9.4 5.2'],
  furious: ['M5.3 12.2 Q8 8.2 10.7 12.2 Z', 'M3.6 3.2 L6.8 5.4 M12.4 3.2 L9.2 5.4'],
};

export function Face({ mood }: { mood: Mood }) {
  const [mouth, brows] = LINES[mood];
  return (
    <svg class={`face ${mood}`} viewBox="0 0 16 16" width="22" height="22" aria-hidden="true">
      <circle cx="8" cy="8" r="7.2" />
      <path d={`M5.4 6.6 V7.2 M10.6 6.6 V7.2 ${mouth} ${brows}`} />
    </svg>
  );
}
