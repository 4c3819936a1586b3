/** A signed snapshot can be opened with the same key and for the same purpose. */
import { describe, expect, test } from 'vitest';
import { SECRETS, secretProblem } from '../../src/server/options.ts';
import { createSeals } from '../../src/server/seal.ts';
import { snapshotIn } from '../../src/server/server.ts';
import { makeServer } from './support-server.ts';

const KEY = 'hunter2-'.repeat(4);
const SNAPSHOT = Buffer.from('what was saved');

describe('a seal', () => {
  const { batch, page } = createSeals(KEY);
  const sealed = batch.seal(SNAPSHOT);

  test('can be opened with the same key', () => {
    expect(batch.open(sealed)).toEqual(SNAPSHOT);
    expect(createSeals(KEY).batch.open(sealed)).toEqual(SNAPSHOT);
    expect(batch.open(batch.seal(Buffer.of()))).toEqual(Buffer.of());
  });

  test('stands before the snapshot', () => {
    expect(sealed.length).toBe(SNAPSHOT.length + 32);
    expect(snapshotIn(sealed)).toEqual(SNAPSHOT);
  });

  test('cannot be opened with another key or for another purpose', () => {
    for (const other of [page, createSeals(`${KEY}x`).batch, createSeals().batch]) {
      expect(other.open(sealed)).toBeUndefined();
    }
    expect(createSeals().batch.open(createSeals().batch.seal(SNAPSHOT))).toBeUndefined();
  });

  test('is invalid if any bit changes or any byte is missing', () => {
    for (let at = 0; at < sealed.length; at++) {
      const broken = Buffer.from(sealed);
      broken[at] = (broken[at] ?? 0) ^ (1 << (at % 8));
      expect(batch.open(broken), `byte ${at}`).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++)
      expect(batch.open(sealed.subarray(0, length))).toBeUndefined();
    expect(batch.open(SNAPSHOT)).toBeUndefined();
    expect(batch.open(Buffer.concat([sealed, Buffer.of(0)]))).toBeUndefined();
  });
});

test('an unusable key is refused, and the message does not contain it', async () => {
  for (const key of ['hunter2', `${KEY} ${KEY}`, `${KEY}\n`, `${KEY}\u00fc`]) {
    expect(secretProblem('snapshotKey', key)).toContain('at least 32 visible ASCII characters');
    const error = await makeServer({ snapshotKey: key }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('snapshotKey');
    expect(String(error)).not.toContain('hunter2');
  }
  for (const name of SECRETS) {
    const error = await makeServer({ [name]: 'hunter2 hunter2' }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(name);
    expect(String(error)).not.toContain('hunter2');
  }
});
