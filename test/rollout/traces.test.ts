/** The index of a file of trajectories gives the same results as reading the file line by line. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { episodeQuerySchema } from '../../src/records/index/query.ts';
import { Trace } from '../../src/records/index/trace.ts';
import { recordAnswer, writtenEpisode } from '../../src/records/line-writer.ts';
import { blobSource } from '../../src/records/lines.ts';
import { type EpisodeRecord, episodeRecordSchema } from '../../src/records/schema.ts';
import { episode, linesOf, MemorySource, step } from './traces-support.ts';

const ALL = episodeQuerySchema.parse({ limit: 500 });

async function indexed(text: string | Uint8Array, chunk?: number): Promise<Trace> {
  const trace = new Trace(new MemorySource(text), chunk);
  await trace.index();
  return trace;
}

/** Reads a text line by line: its records, and the numbers of damaged and incomplete lines. */
function read(text: string): { records: EpisodeRecord[]; damaged: number[]; incomplete: number | undefined } {
  const lines = text.split('\n');
  const records: EpisodeRecord[] = [];
  const damaged: number[] = [];
  let incomplete: number | undefined;
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') continue;
    let record: EpisodeRecord | undefined;
    try {
      record = episodeRecordSchema.safeParse(JSON.parse(line)).data;
    } catch {}
    if (record !== undefined) records.push(record);
    else if (at === lines.length - 1) incomplete = at + 1;
    else damaged.push(at + 1);
  }
  return { records, damaged, incomplete };
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('x,"steps":[', '"advantage":', '☕ naïve \u{1f989}', '<b>&amp;</b>', '\n\r\n', ']}', ''),
);

const record = fc
  .record({
    index: fc.nat(1000),
    task: hostile,
    group: hostile,
    policy: hostile,
    error: fc.option(hostile),
    advantage: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    answers: fc.array(fc.oneof(hostile, fc.constant({ action_type: 'do_nothing' })), { maxLength: 3 }),
  })
  .map(({ index, task, group, policy, error, advantage, answers }) =>
    episode(index, {
      task_id: task,
      group_id: group,
      policy,
      error,
      advantage,
      status: error === null ? 'complete' : 'failed',
      steps: answers.map((answer) => step({ ...recordAnswer(answer), observation: null })),
    }),
  );

const backwards = (value: object): object => Object.fromEntries(Object.entries(value).reverse());

const line = fc.oneof(
  { weight: 4, arbitrary: record.map((one) => JSON.stringify(one)) },
  {
    weight: 4,
    arbitrary: record.map((one) => Buffer.from(writtenEpisode(one).lines.bytes).toString().trimEnd()),
  },
  record.map((one) => JSON.stringify(backwards(one))),
  record.map((one) => `${JSON.stringify(one)}\r`),
  record.map((one) => JSON.stringify({ ...one, index: -1 })),
  record.map((one) => JSON.stringify({ ...one, more: true })),
  record.map(({ grade: _, ...one }) => JSON.stringify(one)),
  fc.tuple(record, fc.double({ min: 0, max: 0.9 })).map(([one, share]) => {
    const text = JSON.stringify(one);
    // Like a line that was not written to its end, it does not end with `]}`.
    return `${text.slice(0, Math.floor(text.length * share))}!`;
  }),
  fc.constantFrom('', '  \t', 'null', '[]', '{"steps":[]}', '{"a":1,"steps":[]}', 'garbage'),
);

describe('an index', () => {
  test('has the records of every line, for any size of chunk', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 12 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 3_000 }),
        async (lines, hasEnd, chunk) => {
          const text = lines.join('\n') + (hasEnd ? '\n' : '');
          const expected = read(text);
          const trace = await indexed(text, chunk);
          const { damaged, incomplete, ...progress } = trace.progress;
          expect(damaged.count).toBe(expected.damaged.length);
          expect(damaged.first.map((one) => one.line)).toEqual(expected.damaged);
          expect(incomplete?.line).toBe(expected.incomplete);
          const bytes = Buffer.byteLength(text);
          expect(progress).toMatchObject({ bytes, indexed_bytes: bytes, done: true, error: null });
          expect(progress.episodes).toBe(expected.records.length);
          expect([...progress.tasks]).toEqual([...new Set(expected.records.map((one) => one.task_id))]);
          const { rows, total } = await trace.page(ALL);
          expect(total).toBe(expected.records.length);
          expect(rows).toEqual(expected.records.map(({ steps: _, ...summary }, row) => ({ ...summary, row })));
          for (const [row, one] of expected.records.entries()) expect(await trace.record(row)).toEqual(one);
          expect(await trace.record(expected.records.length)).toBeUndefined();
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is the same for a file that the user chose in a browser', async () => {
    const text = linesOf([episode(0), episode(1)]);
    const trace = new Trace(blobSource(new Blob([text])));
    await trace.index();
    expect((await trace.page(ALL)).rows.map((row) => row.episode_id)).toEqual(['e0', 'e1']);
    expect(await trace.record(1)).toEqual(episode(1));
  });

  test('does not read steps: damage in them is reported when the episode is opened', async () => {
    const broken = JSON.stringify(episode(1)).replace('"reward":-0.25', '"reward":"much"');
    const trace = await indexed(`${JSON.stringify(episode(0))}\n${broken}\n`);
    expect(trace.progress).toMatchObject({ episodes: 2, damaged: { count: 0 } });
    expect(await trace.record(0)).toEqual(episode(0));
    await expect(trace.record(1)).rejects.toThrow(/^line 2 cannot be shown: .*steps\[0\]\.reward.*"much"/);
  });

  test('has the reasons of the first twenty damaged lines', async () => {
    const { damaged } = (await indexed('{"index":0}\nnonsense\n'.repeat(50))).progress;
    expect(damaged.count).toBe(100);
    expect(damaged.first).toHaveLength(20);
    expect(damaged.first[0]).toMatchObject({ line: 1, why: expect.stringContaining('episode_id: missing') });
    expect(damaged.first[1]).toMatchObject({ line: 2, why: expect.stringContaining('not JSON') });
  });

  test('goes on after bytes that are not UTF-8', async () => {
    const good = linesOf([episode(0)]);
    const trace = await indexed(Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from(good)]));
    expect(trace.progress).toMatchObject({ episodes: 1, damaged: { count: 1 } });
  });

  test('of an empty file is done at once', async () => {
    expect((await indexed('')).progress).toMatchObject({ bytes: 0, done: true, episodes: 0, incomplete: null });
  });

  test('can be queried while it is being built', async () => {
    const source = new MemorySource(linesOf(Array.from({ length: 50 }, (_, i) => episode(i))));
    const trace = new Trace(source, 700);
    const seen: number[] = [];
    const { read } = source;
    let isAsked = false;
    source.read = async (offset, length) => {
      if (!isAsked) {
        isAsked = true;
        seen.push((await trace.page({ ...ALL, limit: 1 })).total);
        expect(trace.progress.done).toBe(false);
        isAsked = false;
      }
      return read.call(source, offset, length);
    };
    await trace.index();
    expect(seen.length).toBeGreaterThan(20);
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBeGreaterThan(0);
    expect(trace.progress).toMatchObject({ done: true, episodes: 50 });
  });

  test('reports a source that cannot be read, and can be tried again', async () => {
    const source = new MemorySource(linesOf([episode(0)]));
    const { read } = source;
    source.read = () => Promise.reject(new Error('the disk is gone'));
    const trace = new Trace(source);
    await trace.index();
    expect(trace.progress).toMatchObject({ done: true, error: 'the disk is gone', episodes: 0 });
    source.read = read;
    await trace.index();
    expect(trace.progress).toMatchObject({ done: true, error: null, episodes: 1 });
  });
});

describe('a file that changes', () => {
  test('that has grown is read on, with the new advantages of its last group', async () => {
    const before = linesOf([episode(0, { advantage: 1 }), episode(1, { advantage: -1 }), episode(2)]);
    const cut = '{"episode_id":"e3","gro';
    const source = new MemorySource(`${before}nonsense\n${cut}`);
    const trace = new Trace(source);
    await trace.index();
    expect(trace.progress).toMatchObject({
      episodes: 3,
      damaged: { count: 1 },
      incomplete: { line: 5, bytes: cut.length },
    });
    const after = linesOf([0, 1, 2, 3].map((i) => episode(i, { advantage: i % 2 === 0 ? 1 : -1 })));
    source.bytes = Buffer.from(after + linesOf([episode(4)]));
    source.reads = 0;
    await trace.index();
    expect(trace.progress).toMatchObject({ episodes: 5, damaged: { count: 0 }, incomplete: null, done: true });
    const { rows } = await trace.page(episodeQuerySchema.parse({ sort: 'advantage', order: 'desc' }));
    expect(rows.map((row) => [row.row, row.advantage])).toEqual([
      [0, 1],
      [2, 1],
      [1, -1],
      [3, -1],
      [4, null],
    ]);
  });

  test('that has not changed is not read again', async () => {
    const source = new MemorySource(linesOf([episode(0)]));
    const trace = new Trace(source);
    await trace.index();
    source.reads = 0;
    await trace.index();
    expect(source.reads).toBe(0);
  });

  test.each([
    ['a shorter one', [7]],
    ['a longer one', [7, 8, 9, 10, 11, 12]],
  ])('and is now %s is read from its beginning', async (_what, indices) => {
    const source = new MemorySource(linesOf([episode(0), episode(1), episode(2)]));
    const trace = new Trace(source);
    await trace.index();
    source.bytes = Buffer.from(linesOf(indices.map((index) => episode(index))));
    await trace.index();
    expect((await trace.page(ALL)).rows.map((row) => row.index)).toEqual(indices);
  });

  test('before a query reads from it is reported', async () => {
    const source = new MemorySource(linesOf([episode(0), episode(1)]));
    const trace = new Trace(source);
    await trace.index();
    source.bytes = Buffer.from('x'.repeat(5_000));
    await expect(trace.page(ALL)).rejects.toThrow('the file was rewritten after it was indexed');
    await expect(trace.record(0)).rejects.toThrow('line 1 cannot be shown');
  });
});

test('an episode of format 1 is listed, and an error says that its steps are of that format', async () => {
  const { completion: _, extra_json: __, ...old } = { ...step(), action: 'a completion' };
  const trace = new Trace(new MemorySource(linesOf([episode(0), { ...episode(1), steps: [old] }])));
  await trace.index();
  expect(trace.progress).toMatchObject({ episodes: 2, damaged: { count: 0 } });
  expect(await trace.record(0)).toEqual(episode(0));
  await expect(trace.record(1)).rejects.toThrow(
    /^line 2 cannot be shown: its steps are of format 1, .*play the run again/,
  );
});
