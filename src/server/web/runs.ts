/** The runs that a server shows. A file is indexed once a client requests it. */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { statusNow } from '../../rollout/manifest.ts';
import { MANIFEST } from '../../rollout/run.ts';
import { Comparison } from '../../rollout/traces/compare.ts';
import { fileSource } from '../../rollout/traces/file-source.ts';
import { Trace } from '../../rollout/traces/trace.ts';
import { readJson } from '../../world/files.ts';
import { findRunFiles } from './run-files.ts';
import type { RunInfo } from './runs-api.ts';

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
    const manifest = readJson(manifestPath);
    if (typeof manifest !== 'object' || manifest === null) return null;
    return 'status' in manifest ? { ...manifest, status: statusNow(manifestPath, manifest.status) } : manifest;
  } catch {
    return null;
  }
}
