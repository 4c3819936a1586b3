/** Episodes outside of an engine. */

/** One episode at one moment, without its scenario: the content of a snapshot. */
export type SavedEpisode = {
  spec: number;
  readonly seedBase: number;
  readonly seed: number;
  readonly episode: number;
  /** Whether the next step resets the environment instead of playing an action (autoreset `next_step`). */
  readonly resetDue: boolean;
  readonly note: string;
  readonly news: string;
  state: Uint8Array;
};

/**
 * Replaces the states, which are views of other memory, by copies in one new buffer. One buffer is several times cheaper to
 * allocate, and to send to a worker, than many.
 */
export function detachStates(saved: readonly SavedEpisode[]): void {
  const memory = joinStates(saved);
  let end = 0;
  for (const episode of saved) {
    const at = end;
    end += episode.state.length;
    episode.state = memory.subarray(at, end);
  }
}

/** Copies the states, one after the other, into a new buffer. */
export function joinStates(saved: readonly SavedEpisode[]): Uint8Array {
  const memory = new Uint8Array(saved.reduce((sum, { state }) => sum + state.length, 0));
  let at = 0;
  for (const { state } of saved) {
    memory.set(state, at);
    at += state.length;
  }
  return memory;
}
