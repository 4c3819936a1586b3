/** What commands do if their output cannot be written: the reader is gone, or the disk is full. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');
const newFolder = (): string => mkdtempSync(join(tmpdir(), 'ghostexec-output-'));
const ROLLOUT = ['rollout', '--policy', 'random', '--episodes', '12', '--group-size', '4', '--out'];
const manifestIn = (out: string): unknown => JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
const FINISHED = { status: 'complete', episodes_written: 12 };

/** Runs a shell script in which "$@" is the command. Returns the command's output and its exit code. */
function inShell(script: string, args: readonly string[]): { out: string; err: string; code: number } {
  const code = join(newFolder(), 'code');
  const command = script.replace('"$@"', `{ "$@"; echo $? >${code}; }`);
  const { stdout, stderr } = spawnSync('sh', ['-c', command, 'sh', process.execPath, MAIN, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { out: stdout, err: stderr, code: Number(readFileSync(code, 'utf8')) };
}

describe('a full stdout is reported in one line on stderr, with exit code 1', () => {
  const full = (args: readonly string[]): { err: string; code: number | null } => {
    const target = openSync('/dev/full', 'w');
    const done = spawnSync(process.execPath, [MAIN, ...args], {
      cwd: ROOT,
      stdio: ['ignore', target, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(target);
    return { err: done.stderr, code: done.status };
  };
  const complaint = 'ghostexec: cannot write to stdout: ENOSPC: no space left on device, write\n';

  test.each([
    ['tasks'],
    ['tasks', '--json'],
    ['schema', 'observation'],
    ['scenario', 'show', 'scenarios/phase2_core.json'],
    ['verify', 'test/conformance/v1/case-1-002.json'],
    ['play', 'phase2_core'],
    ['solve', '--all', '--check'],
    ['--help'],
  ])('%s %s', (...args) => {
    expect(full(args)).toEqual({ err: complaint, code: 1 });
  });

  test('rollout, whose files are whole', () => {
    const out = join(newFolder(), 'run');
    const { err, code } = full([...ROLLOUT, out]);
    expect(code).toBe(1);
    expect(err.split('\n').filter((line) => !/^\d+\/12 episodes/.test(line))).toEqual([complaint.trimEnd(), '']);
    expect(manifestIn(out)).toMatchObject(FINISHED);
  });
});

describe('a reader that is gone', () => {
  test.each([['tasks'], ['schema', 'scenario']])('of the output of %s %s: a quiet end', (...args) => {
    expect(inShell('"$@" | true', args)).toEqual({ out: '', err: '', code: 0 });
  });

  test('rollout 2>&1 | head -1 plays to its end', () => {
    const out = join(newFolder(), 'run');
    expect(inShell('"$@" 2>&1 | head -1', [...ROLLOUT, out])).toMatchObject({
      out: '0/12 episodes, 0 steps/s\n',
      code: 0,
    });
    expect(manifestIn(out)).toMatchObject(FINISHED);
  });

  test('of stderr alone: rollout prints its table', () => {
    const out = join(newFolder(), 'run');
    const table = join(newFolder(), 'table');
    const { code } = inShell(`"$@" 2>&1 >${table} | true`, [...ROLLOUT, out]);
    expect(code).toBe(0);
    expect(readFileSync(table, 'utf8')).toContain('random: 12 episodes');
    expect(manifestIn(out)).toMatchObject(FINISHED);
  });

  test('of stderr, before anything is written there: a wrong argument still gives exit code 2', async () => {
    const child = spawn(process.execPath, [MAIN, 'rollout', '--nonsense'], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.destroy();
    expect(await once(child, 'exit')).toEqual([2, null]);
  });
});
