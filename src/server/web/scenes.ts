/** Scenes on their way to a page. Each is written as soon as it is played, so that what an answer may hold has a bound. */

import { Turn } from '../../lib/turn.ts';
import type { Replay } from '../../rollout/replay/replay.ts';
import type { Scene } from '../../rollout/replay/scene.ts';
import { Problem } from '../problem.ts';
import type { Seal } from '../seal.ts';

const MAX_BYTES = 64 * 2 ** 20;

export class SceneWriter {
  private readonly replay: Replay;
  private readonly seal: Seal | undefined;
  private readonly written: string[] = [];
  private bytes = 0;
  private readonly turn = new Turn();

  /** @param seal For the snapshots; without one there are none. */
  constructor(replay: Replay, seal: Seal | undefined) {
    this.replay = replay;
    this.seal = seal;
  }

  /**
   * Adds the scene that was played last.
   * @throws Problem (413) where the answer would be too large
   */
  add(scene: Scene): void {
    const text = sceneJson(this.replay, scene, this.seal);
    this.bytes += Buffer.byteLength(text);
    if (this.bytes > MAX_BYTES) {
      const message = `the scenes of this episode take more than ${MAX_BYTES} bytes; ask for fewer steps`;
      throw new Problem(413, 'ANSWER_TOO_LARGE', message);
    }
    this.written.push(text);
  }

  /** To be awaited between two steps: a long episode holds nobody else up. */
  rest(): Promise<void> {
    return this.turn.rest();
  }

  /** A list of scenes. */
  json(): string {
    return `[${this.written.join(',')}]`;
  }
}

/** A scene, with the sealed snapshot of where the replay stands, where there is a seal. */
export function sceneJson(replay: Replay, scene: Scene, seal: Seal | undefined): string {
  const snapshot = seal === undefined ? {} : { snapshot: seal.seal(replay.snapshot()).toString('base64url') };
  return JSON.stringify({ ...scene, ...snapshot });
}
