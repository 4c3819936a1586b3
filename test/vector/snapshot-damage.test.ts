/** A snapshot that is incomplete, of another kind or of another world is refused, and nothing has changed then. */
import { describe, expect, test } from 'vitest';
import { GhostexecError, Random, SnapshotError, type VectorEnv } from '../../src/index.ts';
import { compileScenario } from '../../src/world/compile.ts';
import { scenarioSchema } from '../../src/world/schema.ts';
import { EpisodeState } from '../../src/world/state.ts';
import { BACKENDS, errorOf, linesOf, smallScenario, vectorFactory } from './support.ts';
import { openForged as open, type Payload, packr, forge as seal } from './support-forge.ts';

const SCENARIO = smallScenario();
const ENVS = [{ scenario: SCENARIO }, { scenario: SCENARIO }];

/** The content of a snapshot of only the first of its two environments. */
function firstOf({ specs, states, ...columns }: Payload): Payload {
  const first = Object.entries(columns).map(([name, column]) => [name, column.slice(0, 1)]);
  return { specs, ...Object.fromEntries(first), states: states.subarray(0, states.length / 2) };
}

/** A vector in the middle of its episodes, and a snapshot of it. */
async function started(create: typeof VectorEnv.create, workers = 0): Promise<{ vector: VectorEnv; snapshot: Buffer }> {
  const vector = await create({ workers, envs: ENVS });
  await vector.reset();
  await vector.step([{ action_type: 'archive_email', email_id: 'e1' }, 'no']);
  return { vector, snapshot: await vector.snapshot() };
}

async function expectRefused(vector: VectorEnv, snapshot: unknown, ...says: string[]): Promise<void> {
  const error = await errorOf(() => vector.restore(snapshot as Uint8Array));
  expect(error).toBeInstanceOf(SnapshotError);
  expect(error).toBeInstanceOf(GhostexecError);
  for (const text of ['the snapshot cannot be restored', ...says]) expect(error.message).toContain(text);
}

describe.each(BACKENDS)('$backend', ({ workers }) => {
  const create = vectorFactory();

  test('after a refusal the vector is unchanged, and a valid snapshot can still be restored', async () => {
    const { vector, snapshot } = await started(create, workers);
    const before = await vector.restore(snapshot);
    const lines = linesOf(before);
    const broken = Buffer.from(snapshot);
    broken.writeUInt8(broken.readUInt8(broken.length - 1) ^ 1, broken.length - 1);
    await expectRefused(vector, broken, 'corrupt');
    await expectRefused(vector, snapshot.subarray(0, 100));
    await expectRefused(vector, new Uint8Array(0));
    // Even the texts of older batches are still readable.
    expect(linesOf(before)).toEqual(lines);
    const expected = linesOf(await vector.step([{}, {}]));
    expect(linesOf(await vector.restore(snapshot))).toEqual(lines);
    expect(linesOf(await vector.step([{}, {}]))).toEqual(expected);
  });
});

describe('damage', () => {
  const create = vectorFactory();

  test('a snapshot cut off anywhere, or with a byte too many, is refused', async () => {
    const { vector, snapshot } = await started(create);
    for (let length = 0; length < snapshot.length; length++) await expectRefused(vector, snapshot.subarray(0, length));
    await expectRefused(vector, Buffer.concat([snapshot, Buffer.of(0)]));
    await expectRefused(vector, Buffer.concat([snapshot, snapshot]));
    expect((await vector.restore(snapshot)).size).toBe(2);
  });

  test('a snapshot with any one byte changed is refused', async () => {
    const { vector, snapshot } = await started(create);
    expect(snapshot.length).toBeGreaterThan(300);
    const random = new Random(20);
    for (let at = 0; at < snapshot.length; at++) {
      for (const flip of [0xff, 1 << random.below(8)]) {
        const changed = Buffer.from(snapshot);
        changed.writeUInt8(changed.readUInt8(at) ^ flip, at);
        const error = await errorOf(() => vector.restore(changed));
        expect(error, `byte ${at} xor ${flip}`).toBeInstanceOf(SnapshotError);
      }
    }
    expect((await vector.restore(snapshot)).size).toBe(2);
  });

  test('random bytes are refused', async () => {
    const { vector } = await started(create);
    const random = new Random(21);
    for (let run = 0; run < 500; run++) {
      await expectRefused(
        vector,
        Uint8Array.from({ length: random.below(200) }, () => random.uint32()),
      );
    }
  });

  test.each([
    ['a string', 'snapshot'],
    ['nothing', undefined],
    ['null', null],
    ['a list of numbers', [1, 2, 3]],
    ['an ArrayBuffer', new ArrayBuffer(8)],
  ])('what is not bytes is refused: %s', async (_, value) => {
    const { vector } = await started(create);
    await expectRefused(vector, value, 'expected a Uint8Array');
  });

  test('another format or version is named in the refusal', async () => {
    const { vector, snapshot } = await started(create);
    const payload = open(snapshot);
    await expectRefused(
      vector,
      seal(payload, { version: 3 }),
      'version 3',
      'reads version 4',
      'restore it with the version',
    );
    await expectRefused(vector, seal(payload, { version: '1' }), 'version 1');
    await expectRefused(vector, seal(payload, { version: 0 }), 'version 0');
    await expectRefused(vector, seal(payload, { format: 'other.snapshot' }), 'not a Ghostexec snapshot');
    await expectRefused(vector, packr.pack({ hello: 'world' }), 'not a Ghostexec snapshot');
    await expectRefused(vector, packr.pack([1]), 'not a Ghostexec snapshot');
    await expectRefused(vector, seal(payload, { extra: 1 }));
    await expectRefused(vector, seal(payload, { xxh64: 'abc' }));
    await expectRefused(vector, seal(payload, { payload: 'abc' }));
    expect((await vector.restore(seal(payload))).size).toBe(2);
  });

  test('a payload of another shape is refused', async () => {
    const { vector, snapshot } = await started(create);
    const payload = open(snapshot);
    const first = firstOf(payload);
    const { note: _, ...withoutNote } = first;
    const cases: unknown[] = [
      null,
      [],
      {},
      { specs: payload.specs },
      withoutNote,
      { ...first, more: 1 },
      { ...first, specs: {} },
      { ...first, specs: [{ ...Object(payload.specs[0]), more: 1 }] },
      ...['env_id', 'spec', 'seed', 'seed_base', 'episode', 'reset_due', 'note', 'news'].flatMap((name) => [
        ...[null, -1, 0.5].map((value) => ({ ...first, [name]: [value] })),
        { ...first, [name]: null },
        { ...first, [name]: [] },
        { ...first, [name]: payload[name] },
      ]),
      ...[null, -1, 0.5].map((state_bytes) => ({ ...first, specs: [{ ...Object(first.specs[0]), state_bytes }] })),
      { ...first, states: null },
      { ...first, states: [1] },
      { ...first, states: payload.states },
      { ...first, seed: [2 ** 53] },
      { ...first, episode: [2 ** 32] },
      { ...first, note: ['x'.repeat(481)] },
      { ...first, news: ['x'.repeat(801)] },
    ];
    for (const one of cases) await expectRefused(vector, seal(one), 'payload is malformed');
    await expectRefused(vector, seal(Buffer.of(0x82)), 'payload is corrupt');
    await expectRefused(vector, seal({ ...first, spec: [9] }), 'not loaded here');
    expect((await vector.restore(seal(first))).envIds).toEqual([0]);
  });

  test('a snapshot of a scenario, drift or reward mode that is not loaded is refused by the name of its task', async () => {
    const { snapshot } = await started(create);
    const others = [
      { scenario: smallScenario({ stress: 21 }) },
      { scenario: SCENARIO, drift: { events: [] } },
      { scenario: SCENARIO, rewardMode: 'base' as const },
      { task: 'phase2_core' },
    ];
    for (const spec of others) {
      const vector = await create({ envs: [spec, spec] });
      const lines = linesOf(await vector.reset());
      await expectRefused(vector, snapshot, 'environment 0', 'task "inline"', 'not loaded here');
      expect(linesOf(await vector.reset({ seeds: [0, 0] })).length).toBe(lines.length);
    }
    const vector = await create({ envs: [...others, { task: 'another name', scenario: structuredClone(SCENARIO) }] });
    expect((await vector.restore(snapshot)).info(0).task_id).toBe('another name');
  });

  test('a state that no episode can be in is refused although its checksum is right', async () => {
    const { vector, snapshot } = await started(create);
    const c = compileScenario(scenarioSchema.parse(SCENARIO));
    const first = firstOf(open(snapshot));
    const withState = (change: (s: EpisodeState) => unknown): Buffer => {
      const buffer = Uint8Array.from(first.states).buffer;
      change(new EpisodeState(c.layout, buffer));
      return seal({ ...first, states: new Uint8Array(buffer) });
    };
    const cases: [string, (s: EpisodeState) => unknown][] = [
      ['time', (s) => Object.assign(s, { clock: Number.NaN })],
      ['time', (s) => Object.assign(s, { clock: Number.POSITIVE_INFINITY })],
      ['time', (s) => Object.assign(s, { clock: 9e18 })],
      ['stress', (s) => Object.assign(s, { stress: -1 })],
      ['stress', (s) => Object.assign(s, { stress: 101 })],
      ['stress', (s) => Object.assign(s, { stress: 56 })],
      ['stress', (s) => Object.assign(s, { stress: Number.NaN })],
      ['step count', (s) => Object.assign(s, { stepCount: -1 })],
      ['step count', (s) => Object.assign(s, { stepCount: 1.5 })],
      ['step count', (s) => Object.assign(s, { stepCount: 5 })],
      ['meeting', (s) => s.meetingStart.set([0], 1)],
      ['meeting', (s) => s.meetingStart.set([Number.NaN], 0)],
      ['meeting', (s) => s.moveMeeting(0, s.meetingStart[0] ?? 0, 'noon')],
      ['email flags', (s) => s.emailFlags.set([8], 1)],
      ['cancellation', (s) => s.meetingCancelled.set([2], 0)],
      ['mood', (s) => s.mood.set([5], 1)],
      ['preference', (s) => s.preference.set([3], 0)],
      ['task status', (s) => s.taskStatus.set([4], 0)],
      ['task deadline', (s) => s.taskDeadline.set([1], 0)],
      ['task deadline', (s) => s.taskDeadline.set([-1], 0)],
      ['task delegate', (s) => s.taskDelegate.set([2], 0)],
      ['task delegate', (s) => s.taskDelegate.set([-3], 0)],
    ];
    await expectRefused(vector, seal({ ...first, reset_due: [true] }), 'a reset is due');
    for (const [what, change] of cases) {
      await expectRefused(vector, withState(change), 'the state of environment 0 is malformed', what);
    }
    const { byteLength } = c.layout;
    for (const length of [0, byteLength - 8, byteLength + 8]) {
      const specs = [{ ...Object(first.specs[0]), state_bytes: length }];
      const states = new Uint8Array(length);
      await expectRefused(vector, seal({ ...first, specs, states }), `${length} bytes`, String(byteLength));
    }
    const restored = await vector.restore(withState((s) => Object.assign(s, { stress: 55 })));
    expect(restored.info(0).stress).toBe(55);
  });

  test('a region of random bytes is refused, or is played on without a fault', async () => {
    const { vector, snapshot } = await started(create);
    const first = firstOf(open(snapshot));
    const random = new Random(22);
    let accepted = 0;
    for (let run = 0; run < 600; run++) {
      const states = Uint8Array.from(first.states);
      states[random.below(states.length)] = random.below(256);
      const sealed = seal({ ...first, states });
      const restored = await vector.restore(sealed).catch((error: unknown) => error);
      if (restored instanceof Error) {
        expect(restored).toBeInstanceOf(SnapshotError);
        continue;
      }
      accepted++;
      const batch = await vector.step([{ action_type: 'cancel_meeting', meeting_id: 'm1' }, {}]);
      expect(Number.isFinite(batch.reward[0])).toBe(true);
      expect(batch.info(0).stress).toBeLessThanOrEqual(100);
      expect(batch.briefing(0)).toContain('CALENDAR');
    }
    expect(accepted).toBeGreaterThan(20);
    expect(accepted).toBeLessThan(580);
  });

  test('a snapshot that names an environment twice, or one that does not exist here, is refused as such', async () => {
    const { vector, snapshot } = await started(create);
    const first = firstOf(open(snapshot));
    const twice = seal({ ...open(snapshot), env_id: [0, 0] });
    const foreign = seal({ ...first, env_id: [4_000_000] });
    await expectRefused(vector, twice, 'environment 0 is named twice');
    expect((await errorOf(() => vector.restore(twice, [0, 1]))).message).toContain('environment 0 is named twice');
    expect((await errorOf(() => vector.restore(foreign))).message).toContain('environment 4000000');
  });
});
