/**
 * Writes the scenes of an answer. Each scene is written as soon as it is played, so that the size of an answer has a bound. The bytes
 * of all unfinished answers count towards the memory that clients share.
 */

import type { Replay, Scene } from '../../analysis/replay.ts';
import { Turn } from '../../lib/turn.ts';
import type { Holder, Memory } from '../memory.ts';
import { Problem } from '../problem.ts';
import type { Seal } from '../seal.ts';

const MAX_BYTES = 64 * 2 ** 20;
const COMMA = Buffer.from(',');

export class SceneWriter {
  private readonly replay: Replay;
  private readonly seal: Seal | undefined;
  /** The written scenes. They are buffers, because V8 has far less room for strings. */
  private readonly written: Buffer[] = [];
  private bytes = 0;
  private readonly memory: Memory;
  private readonly own: number;
  private readonly holder: Holder = { mayGo: () => false, giveUp: () => undefined };
  private readonly turn = new Turn();

  /**
   * @param seal Seals the snapshots; without it the scenes have none
   * @param own Bytes that the episode itself holds. They and the scenes are held until `end`.
   * @throws Problem (413, 503) if no memory is left
   */
  constructor(replay: Replay, seal: Seal | undefined, memory: Memory, own: number) {
    this.replay = replay;
    this.seal = seal;
    this.memory = memory;
    this.own = own;
    memory.hold(this.holder, own);
  }

  /**
   * Adds the scene that was played last.
   * @throws Problem (413) if the answer would be too large, (503) if no memory is left for it
   */
  add(scene: Scene): void {
    const text = Buffer.from(sceneJson(this.replay, scene, this.seal));
    this.bytes += text.length + 1;
    if (this.bytes > MAX_BYTES) {
      const message = `the scenes of this episode take more than ${MAX_BYTES} bytes; ask for fewer steps`;
      throw new Problem(413, 'ANSWER_TOO_LARGE', message);
    }
    this.memory.hold(this.holder, this.own + this.bytes);
    this.written.push(text);
  }

  /** Must be awaited between two steps, so that a long episode does not delay other clients. */
  rest(): Promise<void> {
    return this.turn.rest();
  }

  /** The JSON list of the scenes, between `head` and `tail`. */
  json(head: string, tail: string): Buffer {
    const parts = this.written.flatMap((text, at) => (at === 0 ? [text] : [COMMA, text]));
    return Buffer.concat([Buffer.from(`${head}[`), ...parts, Buffer.from(`]${tail}`)]);
  }

  /** Releases the memory. Must be called in any case, also after an error. */
  end(): void {
    this.memory.release(this.holder);
  }
}

/** A scene as JSON, with a sealed snapshot of the current state of the replay if there is a seal. */
export function sceneJson(replay: Replay, scene: Scene, seal: Seal | undefined): string {
  const snapshot = seal === undefined ? {} : { snapshot: seal.seal(replay.snapshot()).toString('base64url') };
  return JSON.stringify({ ...scene, ...snapshot });
}
