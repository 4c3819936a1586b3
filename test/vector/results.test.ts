/** The results of a command come out of their buffer as they went in, whatever the buffer held before. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CUT_MARK } from '../../src/sim/observation/briefing.ts';
import { joinParts, observe } from '../../src/sim/observation/observe.ts';
import { RULES, type Rules } from '../../src/sim/rules.ts';
import { Columns } from '../../src/vector/columns.ts';
import { SerialEngine } from '../../src/vector/engine.ts';
import { resolveOptions } from '../../src/vector/options.ts';
import { ResultPacker, ResultRows, SectionTable } from '../../src/vector/results.ts';
import type { SavedEpisode } from '../../src/vector/saved.ts';
import { AUTORESETS, type Autoreset, type EnvSpec, type Spec } from '../../src/vector/spec.ts';
import { type Plan, plans } from '../support/arbitraries.ts';
import { assertProperty } from '../support/property.ts';
import { answersFor, OVER_AT_ONCE, smallScenario } from './support.ts';

const NUM_ENVS = 4;
const ENVS = [0, 1, 2, 3];
const PATTERN = 0xa5;

type Memory = 'none' | 'earlier' | 'earlier, painted' | 'too small' | 'odd';
const MEMORIES: readonly Memory[] = ['none', 'earlier', 'earlier, painted', 'too small', 'odd'];

type NumberColumn = Float64Array | Uint32Array | Uint8Array;

function numbersOf(columns: Columns): NumberColumn[] {
  return Object.values(columns).filter((column): column is NumberColumn => ArrayBuffer.isView(column));
}

/** Columns in which every byte of the numbers is set. */
function painted(): Columns {
  const columns = new Columns(NUM_ENVS);
  for (const column of numbersOf(columns)) {
    new Uint8Array(column.buffer, column.byteOffset, column.byteLength).fill(PATTERN);
  }
  return columns;
}

/** The bits of all entries of an environment. */
function entriesOf(columns: Columns, env: number): number[][] {
  return numbersOf(columns).map((column) => {
    const width = column.byteLength / NUM_ENVS;
    return [...new Uint8Array(column.buffer, column.byteOffset + env * width, width)];
  });
}

function briefingOf(results: ResultRows, row: number): string | undefined {
  const parts = results.briefingParts(row);
  return parts && joinParts(parts);
}

/** An engine that packs the results of each of its commands, and checks what comes out. */
class CheckedEngine {
  readonly engine: SerialEngine;
  private readonly specs: readonly Spec[];
  private readonly columns = new Columns(NUM_ENVS);
  private readonly hasBriefings: boolean;
  private readonly packer: ResultPacker;
  private earlier = new ArrayBuffer(0);
  private table = new SectionTable();
  private commands = 0;

  constructor(specs: readonly Spec[], autoreset: Autoreset, hasBriefings = true) {
    this.specs = specs;
    this.engine = new SerialEngine(specs, this.columns, autoreset, { numEnvs: NUM_ENVS, groupSize: 1 });
    this.hasBriefings = hasBriefings;
    this.packer = new ResultPacker(this.engine, this.columns, hasBriefings);
  }

  reset(envs: readonly number[], spec: number): void {
    this.engine.reset(envs.map((env) => ({ env, spec, seedBase: 2 ** 53 - 1, seed: undefined, episode: env })));
    this.check(envs);
  }

  step(envs: readonly number[], answers: readonly unknown[]): void {
    this.engine.step(envs, answers);
    this.check(envs);
  }

  load(from: number, to: number): void {
    this.engine.load([to], this.engine.save([from]));
    this.check([to]);
  }

  fail(env: number): void {
    this.engine.fail(env, 'the \u{1f989} failed');
    this.check([env]);
  }

  private check(envs: readonly number[]): void {
    const memory = this.memory(MEMORIES[this.commands++ % MEMORIES.length] ?? 'none');
    const wire = this.packer.pack(envs, memory);
    if (memory !== undefined && wire.buffer !== memory)
      expect(wire.buffer.byteLength).toBeGreaterThan(memory.byteLength);
    if (wire.isNewTable) this.table = new SectionTable();
    this.table.add(wire.sections);
    const results = new ResultRows(wire, this.table);
    this.expectRows(results, envs);
    this.expectPicked(results, envs);
    this.expectApart(results);
    this.earlier = wire.buffer;
  }

  /** Rows that were picked out say the same in memory of their own, from the last to the first and each alone. */
  private expectPicked(results: ResultRows, envs: readonly number[]): void {
    const rows = envs.map((_, row) => row).reverse();
    for (const some of [rows, ...rows.map((row) => [row])]) {
      const picked = results.pick(some);
      some.forEach((row, at) => {
        expect(picked.env(at)).toBe(results.env(row));
        expect(picked.saved(at)).toEqual(results.saved(row));
        expect(briefingOf(picked, at)).toBe(briefingOf(results, row));
        const [one, other] = [painted(), painted()];
        picked.putNumbers(at, one);
        results.putNumbers(row, other);
        expect(entriesOf(one, picked.env(at))).toEqual(entriesOf(other, results.env(row)));
      });
    }
  }

  private memory(kind: Memory): ArrayBuffer | undefined {
    switch (kind) {
      case 'none':
        return undefined;
      case 'earlier, painted':
        new Uint8Array(this.earlier).fill(PATTERN);
        return this.earlier;
      case 'earlier':
        return this.earlier;
      case 'too small':
        return new ArrayBuffer(8);
      case 'odd':
        return new ArrayBuffer(100_003);
    }
  }

  private expectRows(results: ResultRows, envs: readonly number[]): void {
    const { engine } = this;
    const finals = envs.filter((env) => this.columns.final[env] !== undefined);
    expect([results.envs, results.finals, results.live]).toEqual([envs.length, finals.length, envs.length]);
    const columns = painted();
    envs.forEach((env, row) => {
      expect(results.env(row)).toBe(env);
      results.putNumbers(row, columns);
      const saved = results.saved(row);
      expect(saved).toEqual(engine.save([env])[0]);
      const spec = this.specs[saved.spec];
      if (spec === undefined) throw new RangeError(`there is no spec ${saved.spec}`);
      const episode = results.episode(row, spec);
      expect([episode.note, episode.news, episode.s.region]).toEqual([saved.note, saved.news, saved.state]);
      expect(observe(episode)).toEqual(engine.observation(env));
      const briefing = briefingOf(results, row);
      expect(briefing).toBe(this.hasBriefings ? joinParts(engine.briefingParts(env)) : undefined);
      for (const text of [saved.note, saved.news, briefing ?? '']) expect(text.isWellFormed()).toBe(true);
      expect(briefing ?? '').not.toContain(CUT_MARK);
    });
    for (const env of ENVS) {
      expect(entriesOf(columns, env)).toEqual(entriesOf(envs.includes(env) ? this.columns : painted(), env));
    }
    results.putFinals(columns);
    for (const env of envs) expect(columns.final[env]).toEqual(this.columns.final[env]);
  }

  /** Overwriting the states of rows, one after the other, changes no other part of the results. */
  private expectApart(results: ResultRows): void {
    const rows = Array.from({ length: results.envs + results.finals }, (_, row) => row);
    const read = (row: number): unknown => {
      const columns = painted();
      results.putNumbers(row, columns);
      const own = results.saved(row);
      return [
        { ...own, state: Uint8Array.from(own.state) },
        briefingOf(results, row),
        entriesOf(columns, results.env(row)),
      ];
    };
    const copies = rows.map((row) => results.saved(row));
    const expected = rows.map(read);
    for (const row of rows) {
      const spec = this.specs[copies[row]?.spec ?? -1];
      if (spec === undefined) throw new RangeError(`row ${row} has no spec`);
      const { region } = results.episode(row, spec).s;
      const before = region.slice();
      region.fill(PATTERN);
      for (const other of rows) if (other !== row) expect(read(other)).toEqual(expected[other]);
      const { state: _, ...rest } = results.saved(row);
      const { state: __, ...restBefore } = copies[row] ?? { state: undefined };
      expect(rest).toEqual(restBefore);
      region.set(before);
    }
  }
}

/** A name that makes notes of the maximum length. */
const LONG_NAME = '\u{1f989}'.repeat(400);
const LATIN_NAME = '\u00e9\u00ff'.repeat(60);
const named = (name: string): EnvSpec => ({
  scenario: smallScenario({
    emails: [{ id: name, sender: name, subject: name, body: name, priority: 'critical', sender_relationship: 'VIP' }],
    contacts: [{ name, relationship_type: 'client', communication_preference: 'email', importance: 5, mood: 'angry' }],
    tasks: [{ id: 't1', description: name, deadline: '2026-06-22T08:00:00', owner: name }],
  }),
});

const SPECS: readonly EnvSpec[] = [
  { task: 'dinner_disaster' },
  { task: 'phase2_core' },
  { task: 'small', scenario: smallScenario() },
  { task: 'loud', ...named(LONG_NAME) },
  { task: 'latin', ...named(LATIN_NAME) },
  { task: 'empty', scenario: { simulation_time: '2026-06-22T09:00:00', max_episode_steps: 2 } },
  { task: 'over', scenario: OVER_AT_ONCE },
];

const ANSWERS = [
  ...answersFor(smallScenario()),
  ...[LONG_NAME, LATIN_NAME].flatMap((name) => [
    { action_type: 'archive_email', email_id: name },
    { action_type: 'delegate_task', task_id: 't1', contact_name: name },
    { action_type: 'cancel_meeting', meeting_id: 'm01', reason: name },
    name,
  ]),
];

function specsOf(envs: readonly EnvSpec[], rules: Rules): readonly Spec[] {
  return resolveOptions({ envs: [...envs], rules }).specs;
}

/** Plays the answers in all environments, which begin with different specs, and other commands in between. */
function play(checked: CheckedEngine, specs: number, answers: readonly unknown[]): void {
  for (const env of ENVS) checked.reset([env], env % specs);
  answers.forEach((answer, turn) => {
    const envs = ENVS.filter((env) => (turn + env) % 3 !== 0);
    checked.step(
      envs,
      envs.map((env) => answers[(turn + env) % answers.length] ?? answer),
    );
    if (turn % 5 === 2) checked.load(turn % 4, (turn + 1) % 4);
    if (turn % 7 === 3) checked.fail(turn % 4);
    if (turn % 4 === 3) checked.reset([turn % 4, (turn + 2) % 4], turn % specs);
  });
  checked.step([], []);
  checked.step([...ENVS].reverse(), answers.slice(0, 4));
}

describe.each(RULES)('under %s', (rules) => {
  test.each(AUTORESETS)('results of worlds with texts of every kind are read as they were packed (%s)', (autoreset) => {
    const specs = specsOf(SPECS, rules);
    for (const hasBriefings of [true, false])
      play(new CheckedEngine(specs, autoreset, hasBriefings), specs.length, ANSWERS);
  });

  test('results of random worlds are read as they were packed', () => {
    const property = fc.property(
      plans,
      plans,
      fc.constantFrom(...AUTORESETS),
      fc.boolean(),
      (one, other, autoreset, briefings) => {
        const specs = specsOf(
          [one, other].map(({ scenario, drift, mode }: Plan) => ({ scenario, drift, rewardMode: mode })),
          rules,
        );
        const answers = [...one.answers, ...other.answers].map(({ given }) => given);
        play(new CheckedEngine(specs, autoreset, briefings), specs.length, answers);
      },
    );
    assertProperty(property, { runs: 6 });
  });
});

describe('ends of episodes', () => {
  const seeds = fc.maxSafeNat();
  const texts = fc.string({ unit: 'binary', maxLength: 40 });
  const ends: fc.Arbitrary<SavedEpisode> = fc.record({
    spec: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    seedBase: seeds,
    seed: seeds,
    episode: seeds,
    resetDue: fc.boolean(),
    note: texts,
    news: texts,
    state: fc.nat({ max: 12 }).chain((words) => fc.uint8Array({ minLength: 8 * words, maxLength: 8 * words })),
  });
  const endsOfAll = fc.tuple(...ENVS.map(() => fc.option(ends, { nil: undefined })));

  test('of any content are read as they were packed, and outlast the memory from which they were read', () => {
    const columns = new Columns(NUM_ENVS);
    const specs = specsOf([{ scenario: smallScenario() }], 'v2');
    const engine = new SerialEngine(specs, columns, 'same_step', { numEnvs: NUM_ENVS, groupSize: 1 });
    engine.reset(ENVS.map((env) => ({ env, spec: 0, seedBase: 1, seed: undefined, episode: 0 })));
    const packer = new ResultPacker(engine, columns, true);
    const property = fc.property(fc.array(endsOfAll, { minLength: 1, maxLength: 4 }), (series) => {
      let memory: ArrayBuffer | undefined;
      const read = series.map((expected) => {
        ENVS.forEach((env) => {
          columns.final[env] = expected[env];
        });
        const results = new ResultRows(packer.pack(ENVS, memory), new SectionTable());
        memory = results.buffer;
        const received = new Columns(NUM_ENVS);
        results.putFinals(received);
        return received.final;
      });
      new Uint8Array(memory ?? new ArrayBuffer(0)).fill(PATTERN);
      for (const [at, expected] of series.entries()) {
        for (const env of ENVS) {
          const found = read[at]?.[env];
          expect(found && { ...found, state: Uint8Array.from(found.state) }).toEqual(expected[env]);
        }
      }
    });
    assertProperty(property, { runs: 300 });
  });
});

test('memory that is large enough is used again', () => {
  const specs = specsOf([{ task: 'phase2_core' }], 'v2');
  const columns = new Columns(NUM_ENVS);
  const engine = new SerialEngine(specs, columns, 'next_step', { numEnvs: NUM_ENVS, groupSize: 1 });
  const packer = new ResultPacker(engine, columns, true);
  engine.reset(ENVS.map((env) => ({ env, spec: 0, seedBase: 1, seed: undefined, episode: 0 })));
  const first = packer.pack(ENVS).buffer;
  let memory = first;
  for (const answer of ANSWERS.slice(0, 12)) {
    engine.step(
      ENVS,
      ENVS.map(() => answer),
    );
    memory = packer.pack(ENVS, memory).buffer;
    expect(memory).toBe(first);
  }
  expect(packer.pack([0], memory).buffer).toBe(first);
  expect(packer.pack(ENVS, new ArrayBuffer(64)).buffer.byteLength).toBeGreaterThan(64);
});
