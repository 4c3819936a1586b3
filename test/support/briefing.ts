/** Slots with guard bytes around them, and the texts that briefing tests compare. */
import { expect } from 'vitest';
import type { Episode } from '../../src/sim/episode.ts';
import { fragmentsOf } from '../../src/sim/observation/fragments.ts';
import { BriefingRenderer } from '../../src/sim/observation/render.ts';
import { BriefingSlot } from '../../src/sim/observation/slot.ts';
import type { CompiledScenario } from '../../src/world/compile.ts';
import { exportWorld } from '../../src/world/export.ts';
import { referenceBriefing } from '../reference/briefing.ts';

const GUARD = 0xa5;
const GUARD_BYTES = 64;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type GuardedSlot = { readonly slot: BriefingSlot; readonly guard: Uint8Array };

/** A slot in the middle of a larger buffer. The bytes around it must not change. */
export function guardedSlot(bytes: number): GuardedSlot {
  const buffer = new Uint8Array(GUARD_BYTES + bytes + GUARD_BYTES).fill(GUARD);
  return { slot: new BriefingSlot(buffer.subarray(GUARD_BYTES, GUARD_BYTES + bytes)), guard: buffer };
}

/** A slot of the size that the scenario needs. */
export function slotFor(c: CompiledScenario): GuardedSlot {
  return guardedSlot(fragmentsOf(c).maxBytes);
}

export function expectGuardUntouched({ slot, guard }: GuardedSlot): void {
  const outside = [...guard.subarray(0, GUARD_BYTES), ...guard.subarray(GUARD_BYTES + slot.bytes.length)];
  expect(outside.every((byte) => byte === GUARD)).toBe(true);
}

/** The text in a slot; throws if a character is split. */
export function textIn(slot: BriefingSlot): string {
  return strict.decode(slot.text);
}

export function noteIn(slot: BriefingSlot): string {
  return strict.decode(slot.bytes.subarray(slot.noteStart, slot.noteStart + slot.noteLength));
}

/** The briefing that the reference renders for the current state; lone surrogates become U+FFFD, as in any UTF-8. */
export function expectedText({ c, s, note }: Episode): string {
  const state = { world: exportWorld(c, s), note, stepOk: s.stepOk, stepCount: s.stepCount };
  return wellFormed(referenceBriefing(state));
}

export function wellFormed(text: string): string {
  return strict.decode(new TextEncoder().encode(text));
}

/** The briefing of an episode, in a new slot. */
export function briefingOf(episode: Episode): { text: string; slot: BriefingSlot } {
  const guarded = slotFor(episode.c);
  new BriefingRenderer().render(episode, guarded.slot);
  expectGuardUntouched(guarded);
  return { text: textIn(guarded.slot), slot: guarded.slot };
}
