/** The scenario and drift files that come with the project, as plain JSON. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Drift, Scenario } from '../reference/world.ts';

const ROOT = new URL('../../', import.meta.url);

export type Document = {
  readonly name: string;
  readonly scenario: Scenario;
  readonly drift: Drift | null;
};

function readJson(url: URL): unknown {
  return JSON.parse(readFileSync(url, 'utf8'));
}

function documentsIn(folder: string): Document[] {
  const url = new URL(folder, ROOT);
  const files = readdirSync(url);
  return files
    .filter((file) => file.endsWith('.json') && !/\.(drift|oracle)\.json$/.test(file))
    .map((file) => {
      const drift = file.replace(/\.json$/, '.drift.json');
      return {
        name: `${folder}${file}`,
        scenario: readJson(new URL(file, url)) as Scenario,
        drift: files.includes(drift) ? (readJson(new URL(drift, url)) as Drift) : null,
      };
    });
}

/** Everything under scenarios/. */
export function shippedDocuments(): Document[] {
  return documentsIn('scenarios/');
}

/** The documents that the benchmarks play. */
export function benchDocuments(): Document[] {
  return documentsIn('bench/fixtures/');
}
