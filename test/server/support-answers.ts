import type { WireAnswer, WireObservation } from '../../src/server/wire.ts';

/** An answer under the observation profile `full`. */
export type Answer = WireAnswer & { readonly observation: WireObservation };
