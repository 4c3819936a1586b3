/** Files whose numbers or booleans have one of the lenient forms can be loaded. */
import { describe, expect, test } from 'vitest';
import { driftSchema, scenarioSchema } from '../../src/world/schema.ts';
import { coerceDocument } from '../../src/world/validate.ts';
import type { Scenario } from '../reference/world.ts';
import { benchDocuments, shippedDocuments } from '../support/documents.ts';
import { contact, email, meeting, NINE, scenario, task } from '../support/worlds.ts';

describe('an integer', () => {
  test.each([
    ['30', 30],
    [' 30 ', 30],
    ['+30', 30],
    ['30.0', 30],
    ['30.', 30],
    ['1_000', 1000],
    ['-0', -0],
    [true, 1],
    [false, 0],
    [30, 30],
  ])('may be written %j', (written, meant) => {
    expect(coerceDocument({ stress: written })).toEqual({ stress: meant });
  });

  test.each(['', ' ', '30.5', '3e1', '0x10', '1__0', '_1', '1_', 'thirty', '3 0', null, 30.5, [30], {}])(
    'in the form %j is left as it is and refused by the schema',
    (written) => {
      const document = coerceDocument(scenario({ simulation_time: NINE, ...({ stress: written } as object) }));
      expect(document).toEqual({ simulation_time: NINE, stress: written });
      expect(scenarioSchema.safeParse(document).success).toBe(false);
    },
  );
});

describe('a boolean', () => {
  test.each(['true', 'TRUE', 't', 'T', 'yes', 'Yes', 'y', 'on', '1', 1, true])('%j is true', (written) => {
    expect(coerceDocument({ read: written })).toEqual({ read: true });
  });

  test.each(['false', 'False', 'f', 'no', 'NO', 'n', 'off', '0', 0, false])('%j is false', (written) => {
    expect(coerceDocument({ cancelled: written })).toEqual({ cancelled: false });
  });

  test.each(['', ' true', 'yess', 'nope', 2, -1, null, [], {}])(
    '%j is left as it is and refused by the schema',
    (written) => {
      const document = coerceDocument({ simulation_time: NINE, episode_active: written });
      expect(document).toEqual({ simulation_time: NINE, episode_active: written });
      expect(scenarioSchema.safeParse(document).success).toBe(false);
    },
  );
});

describe('a document', () => {
  test('is read with lenient forms in every place that takes a number or a boolean', () => {
    const lenient = {
      ...scenario(),
      stress: '40',
      max_episode_steps: '12.0',
      episode_active: 'yes',
      emails: [{ ...email('e1'), read: 'on', replied: 0 }],
      meetings: [{ ...meeting('m1', NINE), duration_minutes: '45', cancelled: 'f' }],
      contacts: [{ ...contact('Ana'), importance: '5' }],
      tasks: [task('t1', NINE)],
    };
    const strict: Scenario = scenario({
      stress: 40,
      max_episode_steps: 12,
      episode_active: true,
      emails: [email('e1', { read: true, replied: false })],
      meetings: [meeting('m1', NINE, { duration_minutes: 45, cancelled: false })],
      contacts: [contact('Ana', { importance: 5 })],
      tasks: [task('t1', NINE)],
    });
    expect(scenarioSchema.safeParse(lenient).success).toBe(false);
    expect(scenarioSchema.parse(coerceDocument(lenient))).toEqual(scenarioSchema.parse(strict));
    const drift = { events: [{ after_step: '3', shift_all_meetings_hours: '-2' }] };
    expect(driftSchema.parse(coerceDocument(drift)).events).toEqual([{ after_step: 3, shift_all_meetings_hours: -2 }]);
  });

  test('keeps text that looks like a number or a boolean where text belongs', () => {
    const worded = scenario({
      emails: [email('1', { subject: 'yes', body: '30', sender: 'true' })],
      meetings: [meeting('0', NINE, { attendees: ['1', 'no'], location: '2' })],
      tasks: [task('7', NINE, { owner: '1', delegated_to: 'off' })],
    });
    expect(coerceDocument(worded)).toEqual(worded);
  });

  test('is not changed, and shares nothing that a later change could reach', () => {
    const original = { stress: '30', emails: [{ read: 'yes' }] };
    const before = structuredClone(original);
    const copy = coerceDocument(original) as typeof original;
    copy.emails.pop();
    expect(original).toEqual(before);
  });

  test('in plain JSON comes back equal: the shipped files', () => {
    for (const { name, scenario: world, drift } of [...shippedDocuments(), ...benchDocuments()]) {
      expect(coerceDocument(world), name).toEqual(world);
      expect(coerceDocument(drift), name).toEqual(drift);
    }
  });

  test.each([null, undefined, 7, 'text', true])('that is not an object, as %j, is left for the schema', (value) => {
    expect(coerceDocument(value)).toBe(value);
  });

  test('nested a hundred thousand deep is refused by the schema', () => {
    const deep: unknown = JSON.parse(`${'{"emails":['.repeat(100_000)}${']}'.repeat(100_000)}`);
    expect(scenarioSchema.safeParse(coerceDocument(deep)).success).toBe(false);
  });
});
