/** Answers that are kept for a while under the ids of their requests, so that a request that is sent again does nothing again. */
import { createHash, type Hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { quote } from '../../lib/text.ts';
import type { Holder, Memory } from '../memory.ts';
import { Problem } from '../problem.ts';

/** Bytes of all answers that are kept. */
const MAX_BYTES = 64 * 2 ** 20;

/** The bytes of remembered answers, which count as held memory. Where there is no room for all, the oldest go first. */
export class AnswerStore {
  private readonly answers: LRUCache<string, Buffer>;
  private readonly memory: Memory;
  private readonly holder: Holder = { mayGo: () => true, giveUp: () => this.answers.clear() };

  /** @param memory Where the bytes are counted. @param maxBytes Bytes of all answers, however much memory there is. */
  constructor(memory: Memory, maxBytes = MAX_BYTES) {
    this.memory = memory;
    this.answers = new LRUCache({ maxSize: maxBytes, sizeCalculation: (bytes) => bytes.length + 1 });
  }

  /** Undefined where the answer was never kept, or had to go. */
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
  private readonly entries = new Map<string, Entry>();

  /** @param name Tells the answers of this one from those of others in the store: without a space. @param most Answers at once. */
  constructor(store: AnswerStore, name: string, most: number) {
    this.store = store;
    this.name = name;
    this.most = most;
  }

  /**
   * The answer of the request of that id: `make` is called only for the first of them, and the others wait for it.
   * @param print Fingerprint of the request
   * @throws Problem (409) where the id was that of another request, or its answer is kept no more
   */
  answer(id: string, print: string, make: () => Promise<Buffer>): Promise<Buffer> {
    const known = this.entries.get(id);
    if (known === undefined) return this.first(id, print, make);
    if (known.print !== print) {
      throw new Problem(
        409,
        'REQUEST_ID_REUSED',
        `request_id ${quote(id)} was that of another request; a new request needs a new id`,
      );
    }
    if (known.under !== undefined) return known.under;
    const bytes = this.store.get(this.keyOf(id));
    if (bytes !== undefined) return Promise.resolve(bytes);
    throw new Problem(
      409,
      'ANSWER_FORGOTTEN',
      `request ${quote(id)} was carried out, but there was no room to keep its answer until now`,
    );
  }

  forget(id: string): void {
    this.entries.delete(id);
    this.store.delete(this.keyOf(id));
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
        // The batch may have been deleted meanwhile, or the episode given up.
        if (this.entries.get(id) !== entry) return;
        this.store.set(this.keyOf(id), bytes);
        this.forgetOldest();
      },
      () => {
        if (this.entries.get(id) === entry) this.entries.delete(id);
      },
    );
    return under;
  }

  private forgetOldest(): void {
    for (const [id, { under }] of this.entries) {
      if (this.entries.size <= this.most) return;
      if (under === undefined) this.forget(id);
    }
  }

  private keyOf(id: string): string {
    return `${this.name} ${id}`;
  }
}

/** Answers that are remembered for each batch, episode or session. */
export const MAX_ANSWERS = 16;

/**
 * The text that answers a request of a single episode or session: made once for each id, and always where there is none.
 * @throws Problem (409) as `Remembered.answer`, and what `make` throws
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

function addValue(hash: Hash, value: unknown): void {
  if (value instanceof Uint8Array) {
    hash.update(value);
    return;
  }
  try {
    hash.update(JSON.stringify(value));
  } catch {
    // Too deep to be gone through; of such a list, each element is taken by itself.
    if (!Array.isArray(value)) hash.update('unreadable');
    else for (const one of value) addOne(hash, one);
  }
}

function addOne(hash: Hash, value: unknown): void {
  try {
    hash.update(JSON.stringify(value));
  } catch {
    hash.update('unreadable');
  }
}
