/** The runs that a server shows. A file is indexed once a client requests it. */

import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LRUCache } from 'lru-cache';
import { Comparison } from '../../analysis/compare.ts';
import { GhostexecError } from '../../lib/errors.ts';
import { quote } from '../../lib/text.ts';
import { type Progress, Trace } from '../../records/index/trace.ts';
import { fileSource } from '../../records/read.ts';
import { statusNow } from '../../rollout/manifest.ts';
import { type FoundRun, findRuns, noRuns } from '../../rollout/read-run.ts';
import { MANIFEST } from '../../rollout/run.ts';
import { readJsonFile } from '../../scenarios/files.ts';
import type { RunInfo } from './api.ts';

/**
 * The runs of all paths, each once. Their names are unique.
 * @throws GhostexecError (NO_FILE, NO_TRACES) for a path that does not exist or contains none
 */
function runsOf(paths: readonly string[]): (FoundRun & { readonly name: string })[] {
  const found = paths.flatMap((given) => {
    const runs = findRuns(resolve(given));
    if (runs.length === 0) throw noRuns(given);
    const [first] = runs;
    if (first?.trajectories === resolve(given) && !beginsAsLines(first.trajectories)) {
      throw new GhostexecError(
        'NO_TRACES',
        `${quote(given, 300)} contains no trajectories: it begins with no JSON object`,
      );
    }
    return runs;
  });
  const runs = [...new Map(found.map((run) => [run.path, run])).values()];
  return runs.map((run) => {
    const name = basename(run.path);
    const isUnique = runs.filter(({ path }) => basename(path) === name).length === 1;
    return { ...run, name: isUnique ? name : run.path };
  });
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

type Run = {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  /** The trajectories; the manifest of a run without records. */
  readonly file: string;
  /** Undefined for a run without records. */
  readonly trace: Trace | undefined;
};

/** The progress of a run that has no trajectories to index. */
const NOTHING: Progress = {
  bytes: 0,
  indexed_bytes: 0,
  episodes: 0,
  done: true,
  error: null,
  tasks: [],
  policies: [],
  mean_return: null,
  mean_grade: null,
  failures: {},
  damaged: { count: 0, first: [] },
  incomplete: null,
};

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
    return [...this.known.values()].map(({ id, name, path, file, trace }) => {
      void trace?.index();
      const progress = trace?.progress ?? NOTHING;
      const has_records = trace !== undefined;
      return { run_id: id, name, manifest: manifestOf(path), changed: changedAt(file), has_records, ...progress };
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
    for (const { trace } of this.known.values()) trace?.stop();
  }

  private find(): void {
    if (this.paths.length === 0) return;
    for (const { path, trajectories, name } of runsOf(this.paths)) {
      const id = createHash('sha256').update(path).digest('hex').slice(0, 12);
      const made = trajectories === undefined ? undefined : new Trace(fileSource(trajectories));
      const file = trajectories ?? join(path, MANIFEST);
      this.known.set(id, { id, name, path, file, trace: this.known.get(id)?.trace ?? made });
    }
  }
}

/** When a file was last written, in milliseconds since 1970; null if it cannot be found. */
function changedAt(file: string): number | null {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return null;
  }
}

function manifestOf(run: string): object | null {
  try {
    const manifestPath = join(statSync(run).isDirectory() ? run : dirname(run), MANIFEST);
    const manifest = readJsonFile(manifestPath);
    if (typeof manifest !== 'object' || manifest === null) return null;
    return 'status' in manifest ? { ...manifest, status: statusNow(manifestPath, manifest.status) } : manifest;
  } catch {
    return null;
  }
}
