/** The trust boundary: defaults that are filled in, documents that are refused, and the text of the refusals. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ValidationError } from '../../src/lib/errors.ts';
import { ACTION_TYPES, actionSchema, driftSchema, jsonSchemaOf, scenarioSchema } from '../../src/world/schema.ts';
import { parseWith } from '../../src/world/validate.ts';
import { benchDocuments, shippedDocuments } from '../support/documents.ts';
import { contact, email, list, meeting, NINE, scenario, task } from '../support/worlds.ts';

/** The lines of a refusal that describe the problems. */
function complaints(schema: z.ZodType, document: unknown): readonly string[] {
  try {
    parseWith(schema, document, 'the document');
  } catch (error) {
    if (error instanceof ValidationError) return error.issues;
    throw error;
  }
  return [];
}

const complaintsOf = (parts: object): readonly string[] => complaints(scenarioSchema, { ...scenario(), ...parts });
const ofEvent = (parts: object): readonly string[] =>
  complaints(driftSchema, { events: [{ after_step: 1, ...parts }] });

describe('defaults', () => {
  test('of a scenario: nothing but a clock is needed', () => {
    expect(scenarioSchema.parse({ simulation_time: NINE })).toEqual({
      simulation_time: NINE,
      stress: 0,
      active_conflicts: [],
      action_log: [],
      episode_active: true,
      episode_end_reason: null,
      max_episode_steps: 48,
      emails: [],
      meetings: [],
      contacts: [],
      tasks: [],
    });
  });

  test('of everything in it', () => {
    const parsed = scenarioSchema.parse(
      scenario({
        emails: [email('e1')],
        meetings: [meeting('m1', NINE)],
        contacts: [contact('Bo')],
        tasks: [task('t1', NINE)],
      }),
    );
    expect(parsed.emails).toEqual([{ ...email('e1'), read: false, replied: false }]);
    expect(parsed.meetings).toEqual([
      { ...meeting('m1', NINE), attendees: [], location: '', priority: 'normal', cancelled: false },
    ]);
    expect(parsed.contacts).toEqual([{ ...contact('Bo'), mood: 'neutral' }]);
    expect(parsed.tasks).toEqual([{ ...task('t1', NINE), status: 'pending', effort: 'medium', delegated_to: null }]);
  });

  test('of an action: empty texts, and doing nothing, as the published schema says', () => {
    expect(actionSchema.safeParse({}).success).toBe(true);
    const { properties } = z
      .object({ properties: z.record(z.string(), z.object({ default: z.string().optional() })) })
      .parse(jsonSchemaOf('action'));
    const { metadata, ...fields } = properties;
    expect(metadata?.default).toBeUndefined();
    expect(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.default]))).toEqual({
      action_type: 'do_nothing',
      email_id: '',
      message_body: '',
      meeting_id: '',
      new_time: '',
      reason: '',
      task_id: '',
      contact_name: '',
      message: '',
    });
  });

  test('are not shared between two documents', () => {
    const first = scenarioSchema.parse({ simulation_time: NINE });
    first.action_log.push('seen');
    first.emails.push(...scenarioSchema.parse(scenario({ emails: [email('e1')] })).emails);
    expect(scenarioSchema.parse({ simulation_time: NINE })).toMatchObject({ action_log: [], emails: [] });
  });
});

describe('accepted are', () => {
  test('the files that come with the project', () => {
    for (const { name, scenario: world, drift } of [...shippedDocuments(), ...benchDocuments()]) {
      expect(complaints(scenarioSchema, world), name).toEqual([]);
      if (drift !== null) expect(complaints(driftSchema, drift), name).toEqual([]);
    }
  });

  test.each([
    '2026-06-22',
    '2026-06-22 09:00',
    '2026-06-22T09:00:00.5Z',
    '2026-06-22T09:00+00:00',
    '2026-06-22T09:00-00:00',
  ])('a clock that is naive or UTC: %s', (simulation_time) => {
    expect(complaintsOf({ simulation_time })).toEqual([]);
  });

  test('other offsets everywhere but in the clock', () => {
    const start = '2026-06-22T09:00+05:45';
    expect(complaintsOf({ meetings: [meeting('m1', start)], tasks: [task('t1', start)] })).toEqual([]);
    expect(ofEvent({ set_task_deadline: { task_id: 't1', deadline: start } })).toEqual([]);
  });

  test('the limits themselves, and the same id in two kinds', () => {
    expect(complaintsOf({ stress: 100, max_episode_steps: 10_000 })).toEqual([]);
    expect(
      complaintsOf({ stress: 0, max_episode_steps: 1, meetings: [meeting('x', NINE, { duration_minutes: 1 })] }),
    ).toEqual([]);
    expect(complaintsOf({ emails: [email('x')], meetings: [meeting('x', NINE)], tasks: [task('x', NINE)] })).toEqual(
      [],
    );
  });

  test('a drift event with every part missing or null, with unknown names, an unknown mood, a step below 1', () => {
    const empty = {
      comment: null,
      shift_all_meetings_hours: null,
      set_contact_preference: null,
      set_task_deadline: null,
      suppress_reply_relationship_for_senders: null,
      set_contact_mood: null,
    };
    expect(ofEvent({})).toEqual([]);
    expect(ofEvent(empty)).toEqual([]);
    expect(ofEvent({ after_step: -3, set_contact_mood: { name: 'Stranger', mood: 'ecstatic' } })).toEqual([]);
    expect(complaints(driftSchema, { description: null, events: [] })).toEqual([]);
  });

  test.each(ACTION_TYPES)('the action %s, with metadata of any kind', (action_type) => {
    expect(complaints(actionSchema, { action_type, metadata: { anything: [1, null, { goes: true }] } })).toEqual([]);
  });
});

describe('a refusal names the place and quotes the value:', () => {
  test.each([
    [{ simulation_time: 'noon' }, 'simulation_time', '"noon"'],
    [{ simulation_time: '2026-06-22T09:00+02:00' }, 'simulation_time', '"2026-06-22T09:00+02:00"'],
    [{ stress: 101 }, 'stress', '101'],
    [{ stress: -1 }, 'stress', '-1'],
    [{ stress: 1.5 }, 'stress', '1.5'],
    [{ max_episode_steps: 0 }, 'max_episode_steps', '0'],
    [{ max_episode_steps: 10_001 }, 'max_episode_steps', '10001'],
    [{ episode_active: 'maybe' }, 'episode_active', '"maybe"'],
    [{ emails: null }, 'emails', 'null'],
    [{ emails: [email('e1'), { ...email('e2'), priority: 'urgent' }] }, 'emails[1].priority', '"urgent"'],
    [{ emails: [{ ...email('e1'), sender_relationship: 'vip' }] }, 'emails[0].sender_relationship', '"vip"'],
    [{ emails: [{ ...email('e1'), read: null }] }, 'emails[0].read', 'null'],
    [{ emails: [{ ...email('e1'), id: 7 }] }, 'emails[0].id', '7'],
    [{ meetings: [meeting('m1', '2026-02-29T09:00')] }, 'meetings[0].start', '"2026-02-29T09:00"'],
    [{ meetings: [meeting('m1', NINE, { duration_minutes: 0 })] }, 'meetings[0].duration_minutes', '0'],
    [{ meetings: [meeting('m1', NINE, { duration_minutes: 30.5 })] }, 'meetings[0].duration_minutes', '30.5'],
    [{ meetings: [{ ...meeting('m1', NINE), attendees: 'Bo' }] }, 'meetings[0].attendees', '"Bo"'],
    [{ meetings: [{ ...meeting('m1', NINE), attendees: ['Bo', 7] }] }, 'meetings[0].attendees[1]', '7'],
    [{ contacts: [contact('Bo', { importance: 0 })] }, 'contacts[0].importance', '0'],
    [{ contacts: [contact('Bo', { importance: 6 })] }, 'contacts[0].importance', '6'],
    [{ contacts: [{ ...contact('Bo'), mood: 'ecstatic' }] }, 'contacts[0].mood', '"ecstatic"'],
    [
      { contacts: [{ ...contact('Bo'), communication_preference: 'fax' }] },
      'contacts[0].communication_preference',
      '"fax"',
    ],
    [{ contacts: [{ ...contact('Bo'), relationship_type: 'boss' }] }, 'contacts[0].relationship_type', '"boss"'],
    [{ tasks: [task('t1', '2026-06-22T25:00')] }, 'tasks[0].deadline', '"2026-06-22T25:00"'],
    [{ tasks: [{ ...task('t1', NINE), status: 'in progress' }] }, 'tasks[0].status', '"in progress"'],
    [{ tasks: [{ ...task('t1', NINE), effort: null }] }, 'tasks[0].effort', 'null'],
  ])('%j', (parts, path, value) => {
    const lines = complaintsOf(parts);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\S+: /);
    expect(lines[0]?.split(': ')[0]).toBe(path);
    expect(lines[0]?.endsWith(`, got ${value}`)).toBe(true);
  });

  test.each([
    [{ shift_all_meetings_hours: 1.5 }, 'events[0].shift_all_meetings_hours', '1.5'],
    [{ after_step: '1' }, 'events[0].after_step', '"1"'],
    [
      { set_contact_preference: { name: 'Bo', communication_preference: 'fax' } },
      'events[0].set_contact_preference.communication_preference',
      '"fax"',
    ],
    [{ set_task_deadline: { task_id: 't1', deadline: 'soon' } }, 'events[0].set_task_deadline.deadline', '"soon"'],
    [{ suppress_reply_relationship_for_senders: 'Bo' }, 'events[0].suppress_reply_relationship_for_senders', '"Bo"'],
  ])('%j', (parts, path, value) => {
    const lines = ofEvent(parts);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.split(': ')[0]).toBe(path);
    expect(lines[0]?.endsWith(`, got ${value}`)).toBe(true);
  });

  test('a duplicate id or name, at its second place', () => {
    const twice = {
      emails: [email('x'), email('y'), email('x')],
      meetings: [meeting('x', NINE), meeting('x', NINE)],
      contacts: [contact('Bo'), contact('Bo')],
      tasks: [task('x', NINE), task('x', NINE)],
    };
    const places = complaintsOf(twice).map((line) => line.split(': ')[0]);
    expect(places).toEqual(['emails[2].id', 'meetings[1].id', 'contacts[1].name', 'tasks[1].id']);
    expect(complaintsOf(twice)[2]).toContain('"Bo"');
  });

  test('missing and unknown values', () => {
    const { simulation_time: _clock, ...clockless } = scenario({ stress: 3 });
    expect(complaints(scenarioSchema, clockless)).toEqual([expect.stringMatching(/^simulation_time: missing, /)]);
    const { sender: _sender, ...anonymous } = email('e1');
    expect(complaintsOf({ emails: [anonymous] })).toEqual([expect.stringMatching(/^emails\[0\]\.sender: missing, /)]);
    expect(complaintsOf({ weather: 'rain' })).toEqual(['(root): unknown key "weather"']);
    expect(complaintsOf({ tasks: [{ ...task('t1', NINE), due: NINE }] })).toEqual(['tasks[0]: unknown key "due"']);
    expect(ofEvent({ set_contact_mood: { name: 'Bo', mood: 'happy', why: 'x' } })).toEqual([
      'events[0].set_contact_mood: unknown key "why"',
    ]);
    expect(complaints(actionSchema, { email: 'e1', task: 't1' })).toEqual(['(root): unknown keys "email", "task"']);
    expect(complaints(driftSchema, {})).toEqual([expect.stringMatching(/^events: missing, /)]);
  });

  test.each([null, 7, 'text', [[]], true])('a document that is not an object: %j', (document) => {
    for (const schema of [scenarioSchema, driftSchema, actionSchema]) {
      expect(complaints(schema, document)).toEqual([`(root): expected object, got ${JSON.stringify(document)}`]);
    }
  });

  test('every problem of a document, up to twenty, and how many more there are', () => {
    const bad = (count: number): readonly string[] =>
      complaintsOf({ emails: list(count, (n) => ({ ...email(`e${n}`), priority: n })) });
    expect(bad(20)).toHaveLength(20);
    expect(bad(25)).toHaveLength(21);
    expect(bad(25)[20]).toBe('... and 5 more');
  });

  test('on one line each, however long or odd the value', () => {
    const [line = ''] = complaintsOf({ simulation_time: `two\nlines ${'\u{1f989}'.repeat(5000)}` });
    expect(line).not.toContain('\n');
    expect(line.length).toBeLessThan(400);
    expect(complaintsOf({ stress: JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) })).toHaveLength(1);
  });

  test('and the error says which document it is, and has a code for programs', () => {
    expect(() => parseWith(driftSchema, {}, 'drift "x.json"')).toThrow(
      /^drift "x\.json" is not valid:\n {2}events: missing/,
    );
    expect(() => parseWith(driftSchema, {}, 'x')).toThrow(expect.objectContaining({ code: 'VALIDATION' }));
  });
});

describe('an action is refused', () => {
  test.each([
    [{ action_type: 'take_a_nap' }, 'action_type'],
    [{ action_type: 'reply_email', email_id: 5 }, 'email_id'],
    [{ action_type: 'reply_email', message_body: 7 }, 'message_body'],
    [{ metadata: 'text' }, 'metadata'],
    [{ metadata: [] }, 'metadata'],
  ])('%j', (action, path) => {
    expect(complaints(actionSchema, action).map((line) => line.split(': ')[0])).toEqual([path]);
  });
});
