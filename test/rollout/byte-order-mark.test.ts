/** Files that an editor saved with a byte order mark are read like files without one. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/lib/text.ts';
import { readHead } from '../../src/records/index/line.ts';
import { writtenEpisode } from '../../src/records/line-writer.ts';
import { readLines, readRecordAt } from '../../src/records/read.ts';
import { TrajectoryFile } from '../../src/records/trajectory-file.ts';
import { newManifest, readRunManifest } from '../../src/rollout/manifest.ts';
import { checkPlan } from '../../src/rollout/plan.ts';
import { readDrift, readJsonFile, readScenario } from '../../src/scenarios/files.ts';
import { episode } from './traces-support.ts';

const MARK = '\ufeff';
const folder = mkdtempSync(join(tmpdir(), 'ghostexec-mark-'));

/** Writes the same text with a mark and without. @returns both paths */
function both(text: string): [marked: string, plain: string] {
  const paths: [string, string] = [join(folder, 'marked'), join(folder, 'plain')];
  writeFileSync(paths[0], MARK + text);
  writeFileSync(paths[1], text);
  return paths;
}

const shipped = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../scenarios/${name}`, import.meta.url)), 'utf8');

test('scenarios, drifts and manifests', () => {
  const [scenario, plainScenario] = both(shipped('phase2_core.json'));
  expect(readScenario(scenario)).toEqual(readScenario(plainScenario));
  const [drift, plainDrift] = both('{"events":[{"after_step":1,"shift_all_meetings_hours":1}]}');
  expect(readDrift(drift)).toEqual(readDrift(plainDrift));
  const plan = checkPlan({
    tasks: ['phase2_core'],
    policy: 'random',
    episodes: 2,
    groupSize: 2,
    seed: 0,
    rules: 'v2',
    rewardMode: 'full',
  });
  const [manifest, plainManifest] = both(JSON.stringify(newManifest(plan, { workers: 0, num_envs: 1 })));
  expect(readRunManifest(manifest)).toEqual(readRunManifest(plainManifest));
});

test('trajectories: for a report, for the viewer, and for a resumed run', async () => {
  const written = TrajectoryFile.create(join(folder, 'written'), 2);
  for (const { steps, ...summary } of [0, 1].map((index) => episode(index))) {
    written.append(writtenEpisode({ ...summary, steps }));
  }
  written.close();
  const [path, plain] = both(readFileSync(join(folder, 'written'), 'utf8'));
  const recordsOf = async (file: string): Promise<unknown[]> => {
    const records = [];
    for await (const { record, place } of readLines(file)) records.push(record, await readRecordAt(file, place));
    return records;
  };
  const records = await recordsOf(plain);
  expect(records[0]).toMatchObject({ index: 0, advantage: expect.any(Number) });
  expect(await recordsOf(path)).toEqual(records);
  const [line = ''] = readFileSync(path, 'utf8').split('\n');
  expect(readHead(Buffer.from(line))).toMatchObject({ summary: { index: 0 } });
  const before = readFileSync(path);
  const file = await TrajectoryFile.resume(path, 2);
  file.close();
  expect(file.summaries).toEqual(written.summaries);
  expect(readFileSync(path)).toEqual(before);
});

test('only one mark, and only at the beginning, is removed', () => {
  const text = JSON.stringify({ name: `${MARK}Ana` });
  expect(parseJson(MARK + text)).toEqual({ name: `${MARK}Ana` });
  const [path] = both(`${MARK}{}`);
  expect(() => readJsonFile(path)).toThrow('is not JSON');
});
