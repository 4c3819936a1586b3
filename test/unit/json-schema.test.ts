/** The published JSON Schemas: another validator reads them and reaches the same verdicts. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metadataJsonSchema, metadataOf } from '../../src/sim/observation/metadata.ts';
import { observationJsonSchema } from '../../src/sim/observation/observation.ts';
import { observe } from '../../src/sim/observation/observe.ts';
import { readAction } from '../../src/world/completion/completion.ts';
import { ACTION_TYPES, actionSchema, driftSchema, jsonSchemaOf, scenarioSchema } from '../../src/world/schema.ts';
import { actions, drifts, namesOf, plans, scenarios } from '../support/arbitraries.ts';
import { benchDocuments, shippedDocuments } from '../support/documents.ts';
import { startEpisode } from '../support/episode.ts';
import { assertProperty } from '../support/property.ts';
import { contact, email, meeting, NINE, scenario, task } from '../support/worlds.ts';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const accepts = {
  scenario: ajv.compile(jsonSchemaOf('scenario')),
  drift: ajv.compile(jsonSchemaOf('drift')),
  action: ajv.compile(jsonSchemaOf('action')),
};
const documents = [...shippedDocuments(), ...benchDocuments()];

test.each(['scenario', 'drift', 'action'] as const)(
  'the schema of a %s says what it is and which draft it follows',
  (name) => {
    expect(jsonSchemaOf(name)).toMatchObject({
      title: `Ghostexec ${name}`,
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
    });
  },
);

describe('accepted are', () => {
  test('the scenario and drift files that come with the project', () => {
    for (const { name, scenario: world, drift } of documents) {
      expect(accepts.scenario(world), name).toBe(true);
      if (drift !== null) expect(accepts.drift(drift), name).toBe(true);
    }
    expect(documents.filter(({ drift }) => drift !== null).length).toBeGreaterThan(0);
  });

  test('random files and actions that the simulator accepts', () => {
    const names = namesOf(scenario({ emails: [email('e1')] }));
    const property = fc.property(scenarios, drifts, actions(names), (world, drift, action) => {
      expect(
        [scenarioSchema, driftSchema, actionSchema].map(
          (schema, index) => schema.safeParse([world, drift, action][index]).success,
        ),
      ).toEqual([true, true, true]);
      expect([accepts.scenario(world), accepts.drift(drift), accepts.action(action)]).toEqual([true, true, true]);
    });
    assertProperty(property, { runs: 200 });
  });

  test('null for any field of an action, which is the same as leaving it out', () => {
    const nulls = Object.fromEntries(Object.keys(actionSchema.shape).map((key) => [key, null]));
    expect(accepts.action(nulls)).toBe(true);
    expect(actionSchema.parse(nulls)).toEqual(actionSchema.parse({}));
    expect(readAction(nulls)).toEqual(readAction({}));
    expect(readAction({ ...nulls, metadata: { a: null } })).toEqual({ metadata: { a: null } });
  });

  test('an action of every type, and one of none', () => {
    expect(
      [{}, ...ACTION_TYPES.map((action_type) => ({ action_type }))].filter((action) => !accepts.action(action)),
    ).toEqual([]);
  });
});

describe('refused are', () => {
  test.each([
    ['no clock', { simulation_time: undefined }],
    ['an unknown key', { weather: 'rain' }],
    ['too much stress', { stress: 101 }],
    ['a fraction', { stress: 1.5 }],
    ['a number as text', { stress: '30' }],
    ['no steps', { max_episode_steps: 0 }],
    ['too many steps', { max_episode_steps: 10_001 }],
    ['null for a list', { emails: null }],
    ['an unknown priority', { emails: [{ ...email('e1'), priority: 'urgent' }] }],
    ['an unknown key in an email', { emails: [{ ...email('e1'), cc: [] }] }],
    ['a meeting of no length', { meetings: [meeting('m1', NINE, { duration_minutes: 0 })] }],
    ['a contact of importance 6', { contacts: [contact('Bo', { importance: 6 })] }],
    ['an unknown mood', { contacts: [{ ...contact('Bo'), mood: 'ecstatic' }] }],
    ['a task without a deadline', { tasks: [{ ...task('t1', NINE), deadline: undefined }] }],
  ])('a scenario with %s', (_what, parts) => {
    const broken: unknown = JSON.parse(JSON.stringify({ ...scenario(), ...parts }));
    expect(accepts.scenario(broken)).toBe(false);
    expect(scenarioSchema.safeParse(broken).success).toBe(false);
  });

  test.each([
    ['no events', {}],
    ['no step', { events: [{}] }],
    ['an unknown kind', { events: [{ after_step: 1, set_weather: 'rain' }] }],
    ['half an hour', { events: [{ after_step: 1, shift_all_meetings_hours: 0.5 }] }],
    [
      'an unknown channel',
      { events: [{ after_step: 1, set_contact_preference: { name: 'Bo', communication_preference: 'fax' } }] },
    ],
    ['half a deadline', { events: [{ after_step: 1, set_task_deadline: { task_id: 't1' } }] }],
  ])('a drift file with %s', (_what, broken) => {
    expect(accepts.drift(broken)).toBe(false);
    expect(driftSchema.safeParse(broken).success).toBe(false);
  });

  test.each([{ action_type: 'take_a_nap' }, { email: 'e1' }, { email_id: 7 }, { message: 7 }, { metadata: [] }])(
    'the action %j',
    (broken) => {
      expect(accepts.action(broken)).toBe(false);
      expect(actionSchema.safeParse(broken).success).toBe(false);
    },
  );
});

test('every observation and its metadata follow their published schemas', () => {
  const acceptsObservation = ajv.compile(observationJsonSchema());
  const acceptsMetadata = ajv.compile(metadataJsonSchema());
  const property = fc.property(plans, ({ scenario: world, drift, mode, answers }) => {
    const { rules, episode } = startEpisode(world, drift, mode);
    expect(acceptsObservation(observe(episode))).toBe(true);
    expect(acceptsMetadata(metadataOf(episode))).toBe(true);
    for (const { given } of answers) {
      rules.step(episode, readAction(given));
      expect(acceptsObservation(observe(episode))).toBe(true);
      expect(acceptsMetadata(metadataOf(episode, rules.breakdown))).toBe(true);
    }
  });
  assertProperty(property, { runs: 100 });
});
