/** Which connections the server cuts because of unread answers, with simulated connections. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Unsent } from '../../src/server/incoming.ts';

const MIB = 2 ** 20;

/** A connection whose client reads bytes on command. The kernel takes one chunk at a time. */
class Connection extends EventEmitter {
  destroyed = false;
  bytesWritten = 0;
  writableLength = 0;
  readonly _handle = { writeQueueSize: 0 };

  owe(bytes: number): this {
    this.bytesWritten += bytes;
    this.writableLength += bytes;
    this._handle.writeQueueSize = this.writableLength;
    return this;
  }

  /** Reads a part of the chunk. Node counts the chunk as written once nothing of it is left. */
  take(bytes: number): void {
    this._handle.writeQueueSize -= bytes;
    if (this._handle.writeQueueSize === 0) this.writableLength = 0;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

const cuts: string[] = [];
const made: Unsent[] = [];

/** A limit of 10 MiB, and a stall timeout of 60 s. */
function unsent(): { unsent: Unsent; send(bytes: number, to?: Connection): Connection } {
  const metrics = { cut: (reason: string) => cuts.push(reason) };
  const one = new Unsent({ maxUnsent: 10, stallTimeout: 60 }, metrics as never);
  made.push(one);
  return {
    unsent: one,
    send: (bytes, to = new Connection()) => {
      one.watch(to as unknown as Socket);
      to.owe(bytes);
      one.sent(to as unknown as Socket);
      return to;
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const one of made.splice(0)) one.close();
  cuts.length = 0;
  vi.useRealTimers();
});

describe('a client that reads nothing', () => {
  test('is cut after the timeout, and not before', () => {
    const { send } = unsent();
    const connection = send(1000);
    vi.advanceTimersByTime(59_000);
    expect(connection.destroyed).toBe(false);
    vi.advanceTimersByTime(16_000);
    expect([connection.destroyed, cuts]).toEqual([true, ['stalled']]);
  });

  test('is not cut if it reads a little of a large answer now and then', () => {
    const { send } = unsent();
    const slow = send(1_000_000);
    for (let minute = 0; minute < 10; minute++) {
      vi.advanceTimersByTime(40_000);
      slow.take(1);
    }
    expect(slow.destroyed).toBe(false);
    vi.advanceTimersByTime(76_000);
    expect(slow.destroyed).toBe(true);
  });

  test('is not cut if it read one answer before the next one of the same size, or if it has no unsent answer', () => {
    const { send } = unsent();
    const [steady, idle] = [send(1000), send(1000)];
    idle.take(1000);
    for (let n = 0; n < 10; n++) {
      vi.advanceTimersByTime(40_000);
      steady.take(1000);
      send(1000, steady);
    }
    expect([steady.destroyed, idle.destroyed, cuts]).toEqual([false, false, []]);
  });
});

describe('more unsent bytes than the limit', () => {
  test('cut connections after a moment, the largest of those that read nothing first', () => {
    const { unsent: all, send } = unsent();
    const [small, large, middle, reader] = [send(2 * MIB), send(6 * MIB), send(3 * MIB), send(20 * MIB)];
    expect(cuts).toEqual([]);
    for (let n = 0; n < 3; n++) {
      vi.advanceTimersByTime(400);
      reader.take(6 * MIB);
    }
    expect([large, middle, small, reader].map(({ destroyed }) => destroyed)).toEqual([true, true, true, false]);
    reader.take(2 * MIB);
    expect(all.bytes).toBe(0);
    expect(cuts).toEqual(['unsent', 'unsent', 'unsent']);
  });

  test('do not cut connections that fit into the limit', () => {
    const { send, unsent: all } = unsent();
    const [small, large] = [send(2 * MIB), send(9 * MIB)];
    vi.advanceTimersByTime(3_000);
    expect([small.destroyed, large.destroyed, all.bytes]).toEqual([false, true, 2 * MIB]);
  });

  test('never exceed four times the limit, even if clients read', () => {
    const { unsent: all, send } = unsent();
    const first = send(15 * MIB);
    for (let n = 0; n < 1_000; n++) {
      send(MIB);
      expect(all.bytes).toBeLessThanOrEqual(40 * MIB);
    }
    expect(first.destroyed).toBe(true);
  });

  test('count only for open connections', () => {
    const { unsent: all, send } = unsent();
    for (let n = 0; n < 100; n++) send(MIB).destroy();
    expect([all.bytes, cuts]).toEqual([0, []]);
  });
});
