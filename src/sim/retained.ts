/** Estimates how much memory a compiled scenario retains. */
import type { CompiledScenario } from '../world/compile.ts';

/** Bytes of a scenario without any content, of a byte of its documents as JSON, and of each obligation and event. */
const SCENARIO = 24_000;
const BYTE = 4;
const OBLIGATION = 420;
const EVENT = 600;
/** Bytes of an episode: its objects apart from the region, with a note and the news. */
const EPISODE = 3_000;

/**
 * About as many bytes as a compiled scenario keeps alive, within a factor of three: its documents, its entries in maps and lists,
 * and the cached lines of its briefings. Temporary copies of the documents (the request, the output of validation) and caches for
 * judging answers are not included.
 */
export function retainedBytes({ world, drift, day, layout }: CompiledScenario): number {
  // Rules v1 show only the beginning of a body.
  const unshown = day === undefined ? world.emails.reduce((sum, { body }) => sum + body.length, 0) : 0;
  const documents = Buffer.byteLength(JSON.stringify([world, drift])) - unshown;
  const { obligations = [], events = [] } = day ?? {};
  return (
    SCENARIO + layout.byteLength + BYTE * documents + unshown + OBLIGATION * obligations.length + EVENT * events.length
  );
}

/** Bytes of one episode of a scenario, without the text of its briefing. */
export function episodeBytes({ layout }: CompiledScenario): number {
  return EPISODE + layout.byteLength;
}
