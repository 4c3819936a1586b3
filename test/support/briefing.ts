/** The texts that briefing tests compare. */
import { expect } from 'vitest';
import type { Episode } from '../../src/sim/episode.ts';
import { briefing } from '../../src/sim/observation/briefing.ts';
import { briefingOf, observe } from '../../src/sim/observation/observe.ts';
import { briefingBytes, briefingJsonBytes } from '../../src/sim/observation/size.ts';
import { exportWorld } from '../../src/world/export.ts';
import { referenceBriefing } from '../reference/briefing.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The briefing that the reference renders for the current state; lone surrogates become U+FFFD, as in any UTF-8. */
export function expectedText({ c, s, note }: Episode): string {
  const state = { world: exportWorld(c, s), note, stepOk: s.stepOk, stepCount: s.stepCount };
  return wellFormed(referenceBriefing(state));
}

export function wellFormed(text: string): string {
  return strict.decode(new TextEncoder().encode(text));
}

/** The briefing of an episode: well-formed, within its bounds, and the same from kept sections as from the data. */
export function textOf(episode: Episode): string {
  const text = briefingOf(episode);
  expect(briefing(observe(episode))).toBe(text);
  expect(text.isWellFormed()).toBe(true);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(briefingBytes(episode.c));
  expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThanOrEqual(briefingJsonBytes(episode.c));
  return text;
}
