/**
 * Injects faults into writes to the disk: replaces the methods of `disk`, which makes all writes. It is plain JavaScript, because
 * processes under test load it together with dist/ (faulty-cli.mjs), and tests together with src/.
 */

import { fstatSync, statSync } from 'node:fs';

/** Thrown by every call after the simulated end of the process. */
export class Killed extends Error {
  code = 'KILLED';
}

const OPERATIONS = ['makeFolder', 'open', 'writeSome', 'truncate', 'sync', 'close', 'rename', 'link', 'remove', 'touch'];

/** Injects faults, and records the calls. Without faults it only records. */
export function injectFaults(disk, faults, hooks = {}) {
  const originals = { ...disk };
  const calls = [];
  const happened = [];
  const open = new Set();
  const counts = faults.map(() => 0);
  const isCounted = faults.some(({ kind }) => kind === 'full');
  const state = { isKilled: false, bytes: 0, refused: 0 };

  const apply = (operation, point, args) => {
    if (operation !== 'writeSome') {
      if (isCounted) state.bytes -= freedBy(operation, args);
      return originals[operation](point, ...args);
    }
    const [file, bytes, at] = args;
    const size = isCounted ? fstatSync(file).size : 0;
    let most = bytes.length;
    for (const fault of faults) {
      if (fault.kind === 'short' && aims(fault, operation, point)) most = Math.min(most, fault.most);
      if (fault.kind === 'slow' && aims(fault, operation, point)) wait(fault.ms);
      if (fault.kind === 'full' && !(state.refused >= fault.lasts)) {
        // Existing bytes can be overwritten without more room.
        const room = fault.after - state.bytes + size - at;
        if (room < most) {
          happened.push(`full at ${point}`);
          if (room <= 0) {
            state.refused++;
            throw failure('ENOSPC', operation, point);
          }
          most = room;
        }
      }
    }
    const written = originals.writeSome(point, file, bytes.subarray(0, most), at);
    if (isCounted) state.bytes += Math.max(0, at + written - size);
    return written;
  };

  const kill = (operation, point) => {
    happened.push(`killed at ${operation} ${point}`);
    state.isKilled = true;
    hooks.kill?.();
    throw new Killed(`killed at ${operation} ${point}`);
  };

  for (const operation of OPERATIONS) {
    disk[operation] = (point, ...args) => {
      if (state.isKilled) throw new Killed('the process is gone');
      calls.push({ operation, point, bytes: operation === 'writeSome' ? args[1].length : 0 });
      let isLate;
      for (const [index, fault] of faults.entries()) {
        if (fault.operation === undefined || !aims(fault, operation, point)) continue;
        const count = ++counts[index];
        if (count < fault.at || count >= fault.at + (fault.times ?? 1)) continue;
        if (fault.kind === 'second') {
          happened.push(`a second writer at ${operation} ${point}`);
          hooks.second?.();
        } else if (fault.kind === 'kill') {
          if (fault.when === 'before') kill(operation, point);
          if (fault.when === 'torn' && operation === 'writeSome' && args[1].length > 1) {
            originals.writeSome(point, args[0], args[1].subarray(0, args[1].length >> 1), args[2]);
            kill(operation, point);
          }
          isLate = () => kill(operation, point);
        } else if (fault.kind === 'error') {
          happened.push(`${fault.code} at ${operation} ${point}`);
          // The system closes a file even if it reports an error.
          if (operation !== 'close') throw failure(fault.code, operation, point);
          isLate = () => {
            throw failure(fault.code, operation, point);
          };
        } else if (fault.kind === 'stuck') {
          happened.push(`no progress at ${operation} ${point}`);
          return 0;
        }
      }
      const result = apply(operation, point, args);
      if (operation === 'open') open.add(result);
      if (operation === 'close') open.delete(args[0]);
      isLate?.();
      return result;
    };
  }
  return {
    calls,
    happened,
    open,
    isKilled: () => state.isKilled,
    restore: () => Object.assign(disk, originals),
  };
}

/** The number of bytes that an operation frees. */
function freedBy(operation, [target, other]) {
  if (operation === 'truncate') return Math.max(0, fstatSync(target).size - other);
  const path = operation === 'remove' ? target : operation === 'rename' ? other : undefined;
  return path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}

/** Whether a fault is aimed at a call. A fault without a point or an operation is aimed at all of them. */
function aims(fault, operation, point) {
  return (fault.operation ?? operation) === operation && (fault.point ?? point) === point;
}

function failure(code, operation, point) {
  return Object.assign(new Error(`${code}: injected, ${operation} ${point}`), { code });
}

function wait(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
