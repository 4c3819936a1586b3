/** Files are written as a whole or not at all. An error names the file and says how to go on. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeWhole } from '../../src/lib/disk.ts';
import { TrajectoryFile } from '../../src/records/trajectory-file.ts';
import { readRunManifest } from '../../src/rollout/manifest.ts';
import { MANIFEST, TRAJECTORIES } from '../../src/rollout/run.ts';
import { packagePath } from '../../src/scenarios/shipped.ts';
import { cli } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'ghostexec-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
function newFolder(): string {
  const path = join(folder, String(folders++));
  mkdirSync(path);
  return path;
}

test('a file that cannot be written stays unchanged, and no draft is left beside it', () => {
  const out = newFolder();
  const path = join(out, 'file.json');
  writeWhole('report', path, 'old');
  writeWhole('report', path, 'new');
  expect([readFileSync(path, 'utf8'), readdirSync(out)]).toEqual(['new', ['file.json']]);
  // A file cannot replace a folder that is not empty.
  const taken = join(out, 'taken');
  mkdirSync(join(taken, 'within'), { recursive: true });
  expect(() => writeWhole('report', taken, 'text')).toThrow(`cannot write ${taken}: `);
  expect(readdirSync(out)).toEqual(['file.json', 'taken']);
  expect(() => writeWhole('report', join(out, 'none', 'file'), 'text')).toThrow('none');
});

test('the error for a full disk contains the path and says what to do', () => {
  const file = TrajectoryFile.create('/dev/full', 1);
  const append = () => file.append({ summaries: [], lines: { bytes: Buffer.from('x\n'), advantages: [] } });
  expect(append).toThrow(/^cannot write \/dev\/full: ENOSPC.*free some space on that disk and run the command again$/);
});

test('the error for an empty manifest explains it, and a resumed run writes it again', async () => {
  const out = newFolder();
  const args = ['rollout', '--policy', 'random', '--episodes', '8', '--out', out];
  expect((await cli([...args])).code).toBe(0);
  const whole = readFileSync(join(out, TRAJECTORIES));
  const manifest = join(out, MANIFEST);
  writeFileSync(manifest, '');
  expect(() => readRunManifest(manifest)).toThrow(`${manifest} is empty: the machine stopped while it was written`);
  expect((await cli([...args, '--resume'])).code).toBe(0);
  expect(readRunManifest(manifest)).toMatchObject({ status: 'complete', episodes_written: 8 });
  expect(readFileSync(join(out, TRAJECTORIES)).equals(whole)).toBe(true);
});

test('a manifest whose plan lacks a field that decides what is played is refused, and gets no default', async () => {
  const out = newFolder();
  expect((await cli(['rollout', '--policy', 'random', '--episodes', '8', '--out', out])).code).toBe(0);
  const file = join(out, MANIFEST);
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  for (const field of Object.keys(manifest.plan).filter((one) => one !== 'successGrade')) {
    const { [field]: _, ...plan } = manifest.plan;
    writeFileSync(file, JSON.stringify({ ...manifest, plan }));
    expect(() => readRunManifest(file), field).toThrow(/expected a plan with tasks, policy, episodes/);
  }
});

test('solve keeps an existing better plan, unless --replace is given', async () => {
  const out = newFolder();
  const args = ['solve', 'phase2_core', '--beam', '1', '--max-expansions', '1', '--dir', out];
  expect((await cli([...args])).code).toBe(0);
  const path = join(out, 'phase2_core.oracle.json');
  const found = readFileSync(path, 'utf8');
  // The shipped plan is better. A plan that is not worth what it says does not count.
  const better = readFileSync(packagePath('scenarios/phase2_core.oracle.json'), 'utf8');
  writeFileSync(path, found.replace(/"v_oracle": [\d.]+/, '"v_oracle": 0.999'));
  expect((await cli([...args])).code).toBe(0);
  expect(readFileSync(path, 'utf8')).toBe(found);
  writeFileSync(path, better);
  expect(await cli([...args])).toMatchObject({ code: 0, out: expect.stringContaining('is better (V 0.') });
  expect(readFileSync(path, 'utf8')).toBe(better);
  expect((await cli([...args, '--replace'])).code).toBe(0);
  expect(readFileSync(path, 'utf8')).toBe(found);
  // A damaged plan, or a plan for another scenario, does not count as better.
  writeFileSync(path, '{');
  expect((await cli([...args])).code).toBe(0);
  expect(readFileSync(path, 'utf8')).toBe(found);
});
