/** Keeps answers for a while under the ids of their requests, so that a repeated request gets the same answer and does nothing. */
import { createHash, type Hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { quote } from '../../lib/text.ts';
import type { Holder, Memory } from '../memory.ts';
import { Problem } from '../problem.ts';

/** The maximum number of bytes of all kept answers. */
const MAX_BYTES = 64 * 2 ** 20;

/** The bytes of remembered answers, which count as held memory. If memory runs short, the oldest answers go first. */
export class AnswerStore {
  private readonly answers: LRUCache<string, Buffer>;
  private readonly memory: Memory;
  private readonly holder: Holder = { mayGo: () => true, giveUp: () => this.answers.clear() };

  /** @param memory Counts the bytes. @param maxBytes The maximum number of bytes of all answers, even if more memory is free. */
  constructor(memory: Memory, maxBytes = MAX_BYTES) {
    this.memory = memory;
    this.answers = new LRUCache({ maxSize: maxBytes, sizeCalculation: (bytes) => bytes.length + 1 });
  }

  /** A kept answer; undefined if it was never kept or had to go. */
  get(key: string): Buffer | undefined {
    return this.answers.get(key);
  }

  set(key: string, answer: Buffer): void {
    this.answers.set(key, answer);
    while (!this.memory.tryHold(this.holder, this.answers.calculatedSize)) this.answers.pop();
  }

  delete(key: string): void {
    if (this.answers.delete(key)) this.memory.tryHold(this.holder, this.answers.calculatedSize);
  }
}

type Entry = { readonly print: string; under: Promise<Buffer> | undefined };

/** The last answers of one batch, episode or session. */
export class Remembered {
  private readonly store: AnswerStore;
  private readonly name: string;
  private readonly most: number;
  private readonly mostIds: number;
  private readonly entries = new Map<string, Entry>();
  /** The ids whose answers are in the store, the oldest first. */
  private readonly answered = new Set<string>();

  /**
   * @param name Distinguishes these answers from others in the store; must not contain a space
   * @param most The maximum number of kept answers
   * @param mostIds The maximum number of kept ids. A request whose id is kept without its answer is refused, not played again.
   */
  constructor(store: AnswerStore, name: string, most: number, mostIds = most) {
    this.store = store;
    this.name = name;
    this.most = most;
    this.mostIds = mostIds;
  }

  /**
   * The answer to the request with this id. Only the first of equal requests calls `make`; the others wait for its answer.
   * @param print Fingerprint of the request
   * @throws Problem (409) if the id belongs to a different request, or the answer is not kept any more
   */
  answer(id: string, print: string, make: () => Promise<Buffer>): Promise<Buffer> {
    const known = this.entries.get(id);
    if (known === undefined) return this.first(id, print, make);
    if (known.print !== print) {
      throw new Problem(
        409,
        'REQUEST_ID_REUSED',
        `request_id ${quote(id)} belongs to another request; a new request needs a new id`,
      );
    }
    if (known.under !== undefined) return known.under;
    const bytes = this.store.get(this.keyOf(id));
    if (bytes !== undefined) return Promise.resolve(bytes);
    throw new Problem(
      409,
      'ANSWER_FORGOTTEN',
      `request ${quote(id)} was carried out, but its answer is not kept any more; a new request needs a new id`,
    );
  }

  forget(id: string): void {
    this.entries.delete(id);
    this.forgetAnswer(id);
  }

  clear(): void {
    for (const id of this.entries.keys()) this.forget(id);
  }

  private first(id: string, print: string, make: () => Promise<Buffer>): Promise<Buffer> {
    const under = make();
    const entry: Entry = { print, under };
    this.entries.set(id, entry);
    under.then(
      (bytes) => {
        entry.under = undefined;
        // The batch or the episode may have been deleted meanwhile.
        if (this.entries.get(id) !== entry) return;
        this.store.set(this.keyOf(id), bytes);
        this.answered.add(id);
        this.forgetOldest();
      },
      () => {
        if (this.entries.get(id) === entry) this.entries.delete(id);
      },
    );
    return under;
  }

  private forgetAnswer(id: string): void {
    this.answered.delete(id);
    this.store.delete(this.keyOf(id));
  }

  private forgetOldest(): void {
    for (const id of this.answered) {
      if (this.answered.size <= this.most) break;
      this.forgetAnswer(id);
    }
    for (const [id, { under }] of this.entries) {
      if (this.entries.size <= this.mostIds) return;
      if (under === undefined) this.forget(id);
    }
  }

  private keyOf(id: string): string {
    return `${this.name} ${id}`;
  }
}

/** The maximum number of remembered answers of one batch, episode or session. */
export const MAX_ANSWERS = 16;
/** The maximum number of remembered ids of one batch. */
export const MAX_BATCH_IDS = 1_024;

/**
 * The text that answers a request to a single episode or session. It is made once for each id; without an id it is made every time.
 * @throws Problem (409) as `Remembered.answer` does, and what `make` throws
 */
export async function once(
  answers: Remembered,
  id: string | null | undefined,
  call: string,
  body: Readonly<Record<string, unknown>>,
  make: () => string,
): Promise<string> {
  if (id === undefined || id === null || id === '') return make();
  const bytes = await answers.answer(id, fingerprint(call, body), async () => Buffer.from(make()));
  return bytes.toString();
}

/** Equal requests have equal fingerprints, whatever their format. */
export function fingerprint(call: string, body: Readonly<Record<string, unknown>>): string {
  const hash = createHash('sha256').update(call);
  for (const [key, value] of Object.entries(body)) {
    if (value === undefined || value === null) continue;
    hash.update(key);
    addValue(hash, value);
  }
  return hash.digest('base64');
}

function addValue(hash: Hash, value: unknown, isElement = false): void {
  if (value instanceof Uint8Array) {
    hash.update(value);
    return;
  }
  try {
    hash.update(JSON.stringify(value));
  } catch {
    // The value is nested too deeply for JSON.stringify. If it is a list, each element is hashed by itself.
    if (isElement || !Array.isArray(value)) hash.update('unreadable');
    else for (const one of value) addValue(hash, one, true);
  }
}
