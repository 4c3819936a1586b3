/**
 * The published environment reads scenario files with a lenient parser: `"30"` or `30.0` is an integer, `"yes"` or 1 a boolean.
 * A file that it accepts must load here, so these forms are converted to plain JSON before validation. Any other value stays as
 * it is, and the schema refuses it.
 */
const INTEGERS = new Set([
  'stress',
  'max_episode_steps',
  'duration_minutes',
  'importance',
  'after_step',
  'shift_all_meetings_hours',
]);
const BOOLEANS = new Set(['read', 'replied', 'cancelled', 'episode_active']);
const TRUE = new Set(['true', 't', 'yes', 'y', 'on', '1']);
const FALSE = new Set(['false', 'f', 'no', 'n', 'off', '0']);

function toInteger(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string' && /^\s*[+-]?\d+(_\d+)*(\.0*)?\s*$/.test(value))
    return Number(value.replaceAll('_', ''));
  return value;
}

function toBoolean(value: unknown): unknown {
  if (value === 0 || value === 1) return value === 1;
  if (typeof value !== 'string') return value;
  const word = value.toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : value;
}

/** The maximum depth of a scenario or drift file. The schema refuses anything deeper. */
const DEPTH = 5;

/** A copy of a scenario or drift document with lenient numbers and booleans converted. */
export function coerceDocument(document: unknown, depth = DEPTH): unknown {
  if (typeof document !== 'object' || document === null || depth === 0) return document;
  if (Array.isArray(document)) return document.map((item) => coerceDocument(item, depth - 1));
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => {
      if (INTEGERS.has(key)) return [key, toInteger(value)];
      if (BOOLEANS.has(key)) return [key, toBoolean(value)];
      return [key, coerceDocument(value, depth - 1)];
    }),
  );
}
