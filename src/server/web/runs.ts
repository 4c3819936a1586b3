/** The runs that a server shows. A file is indexed once a client requests it. */

import { createHash } from 'node:crypto';
import { closeSync, type Dirent, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LRUCache } from 'lru-cache';
import { Comparison } from '../../analysis/compare.ts';
import { GhostexecError, messageOf } from '../../lib/errors.ts';
import { quote } from '../../lib/text.ts';
import { Trace } from '../../records/index/trace.ts';
import { fileSource } from '../../records/read.ts';
import { statusNow } from '../../rollout/manifest.ts';
import { MANIFEST, TRAJECTORIES } from '../../rollout/run.ts';
import { readJsonFile } from '../../scenarios/files.ts';
import type { RunInfo } from './api.ts';

// Finds the trajectory files of the paths on the command line.

type RunFile = { readonly path: string; readonly name: string };

/**
 * The trajectory files of each path: the path itself if it is a file, its `trajectories.jsonl` if it is the folder of a run, else those
 * of the runs in the folder. The names of the results are unique.
 * @throws GhostexecError (NO_TRACES) for a path that does not exist or contains none
 */
function findRunFiles(paths: readonly string[]): RunFile[] {
  const files = [...new Set(paths.flatMap((path) => filesIn(path)))];
  const names = files.map(nameOf);
  return files.map((path, at) => {
    const name = names[at] ?? path;
    return { path, name: names.filter((other) => other === name).length === 1 ? name : path };
  });
}

function filesIn(given: string): string[] {
  const path = resolve(given);
  try {
    if (!statSync(path).isDirectory()) {
      if (beginsAsLines(path)) return [path];
      throw new GhostexecError(
        'NO_TRACES',
        `${quote(given, 300)} contains no trajectories: it begins with no JSON object`,
      );
    }
    const own = join(path, TRAJECTORIES);
    if (existsSync(own)) return [own];
    const runs = readdirSync(path, { withFileTypes: true })
      .filter((entry) => holdsRun(path, entry))
      .map(({ name }) => join(path, name, TRAJECTORIES))
      .sort();
    if (runs.length > 0) return runs;
  } catch (error) {
    if (error instanceof GhostexecError) throw error;
    throw new GhostexecError('NO_TRACES', `cannot read ${quote(given, 300)}: ${messageOf(error)}`);
  }
  const expected = `expected ${TRAJECTORIES}, or folders of runs that hold one`;
  throw new GhostexecError('NO_TRACES', `there are no trajectories in ${quote(given, 300)}: ${expected}`);
}

/** Whether a file begins with a JSON object or is still empty. The lines themselves are checked when they are read. */
function beginsAsLines(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(256);
    const begin = bytes
      .toString('utf8', 0, readSync(file, bytes))
      .replace(/^\uFEFF/, '')
      .trimStart();
    return begin === '' || begin.startsWith('{');
  } finally {
    closeSync(file);
  }
}

function holdsRun(folder: string, { name }: Dirent): boolean {
  return existsSync(join(folder, name, TRAJECTORIES));
}

function nameOf(path: string): string {
  return basename(path) === TRAJECTORIES ? basename(dirname(path)) : basename(path);
}

type Run = { readonly id: string; readonly name: string; readonly path: string; readonly trace: Trace };

export class Runs {
  private readonly paths: readonly string[];
  private readonly known = new Map<string, Run>();
  private readonly comparisons = new LRUCache<string, Promise<Comparison>>({ max: 8 });

  /** @throws GhostexecError for a path that does not exist or contains no trajectories */
  constructor(paths: readonly string[]) {
    this.paths = paths;
    this.find();
  }

  /** All runs, new ones in the folders included. Starts to index them in the background. */
  list(): RunInfo[] {
    try {
      this.find();
    } catch {
      // A path has disappeared since. The progress of its runs reports that.
    }
    return [...this.known.values()].map(({ id, name, path, trace }) => {
      void trace.index();
      return { run_id: id, name, manifest: manifestBeside(path), ...trace.progress };
    });
  }

  /** The trace of a run, or undefined for an unknown id. If the file has grown, indexing goes on. */
  trace(id: string): Trace | undefined {
    const trace = this.known.get(id)?.trace;
    void trace?.index();
    return trace;
  }

  /** The comparison of two runs, as far as both are indexed. */
  async compare(a: Trace, b: Trace, key: string): Promise<Comparison> {
    const known = await this.comparisons.get(key);
    const [countA, countB] = known?.counts ?? [];
    if (known !== undefined && known.a === a.table && known.b === b.table) {
      if (countA === a.table.count && countB === b.table.count) return known;
    }
    const made = Comparison.of(a.table, b.table);
    this.comparisons.set(key, made);
    return made;
  }

  stop(): void {
    for (const { trace } of this.known.values()) trace.stop();
  }

  private find(): void {
    if (this.paths.length === 0) return;
    for (const { path, name } of findRunFiles(this.paths)) {
      const id = createHash('sha256').update(path).digest('hex').slice(0, 12);
      const trace = this.known.get(id)?.trace ?? new Trace(fileSource(path));
      this.known.set(id, { id, name, path, trace });
    }
  }
}

function manifestBeside(path: string): object | null {
  try {
    const manifestPath = join(dirname(path), MANIFEST);
    const manifest = readJsonFile(manifestPath);
    if (typeof manifest !== 'object' || manifest === null) return null;
    return 'status' in manifest ? { ...manifest, status: statusNow(manifestPath, manifest.status) } : manifest;
  } catch {
    return null;
  }
}
