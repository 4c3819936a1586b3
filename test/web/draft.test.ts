/** The action form, which agrees with the schema of an action, and the handling of typed text. */
import { describe, expect, test } from 'vitest';
import type { PlayOptions, WireScene } from '../../src/server/web/api.ts';
import { CHAT_TOOLS } from '../../src/sim/v2/chat-tools.ts';
import {
  actionOf,
  type Draft,
  type DraftField,
  EMPTY_DRAFT,
  FIELD_WORDS,
  FORM,
  OPTIONAL,
  pickedBy,
  pickInto,
  TYPES,
} from '../../src/web/playground/draft.ts';
import { INITIAL, type PlaygroundMessage, reduce } from '../../src/web/playground/state.ts';
import { ACTION_TYPES, type ActionType, actionSchema, CHANNELS } from '../../src/world/schema.ts';

const OPTIONS: PlayOptions = {
  tasks: [],
  drifts: [],
  rules: ['v2', 'v1'],
  reward_modes: ['full'],
  defaults: { task_id: 'a', rules: 'v2', reward_mode: 'full' },
  policies: [],
  prompt: { text: 'You run a day.', sha256: '0'.repeat(64) },
  runs: false,
};

describe('the form', () => {
  const { action_type: _, message: __, metadata: ___, ...schemas } = actionSchema.shape;

  test('offers every type, each with its fields', () => {
    expect([...TYPES].sort()).toEqual([...ACTION_TYPES].sort());
    for (const { function: tool } of CHAT_TOOLS) {
      const fields = FORM[tool.name as ActionType];
      expect([...fields].sort()).toEqual(Object.keys(tool.parameters.properties).sort());
    }
  });

  test('says of each field what its schema says', () => {
    expect(Object.keys(FIELD_WORDS).sort()).toEqual(Object.keys(schemas).sort());
    for (const [name, { description = '' }] of Object.entries(schemas)) {
      expect(description.replace(`, one of ${CHANNELS.join(', ')}`, '')).toContain(
        `: ${FIELD_WORDS[name as DraftField]}`,
      );
    }
  });

  test('requires the fields that an action cannot do without', () => {
    for (const { function: tool } of CHAT_TOOLS) {
      const required = FORM[tool.name as ActionType].filter((name) => !OPTIONAL.includes(name));
      expect(required.sort()).toEqual([...(tool.parameters.required ?? [])].sort());
    }
  });

  test('sends the fields of its type that were filled in', () => {
    const draft: Draft = {
      ...EMPTY_DRAFT,
      type: 'archive_email',
      fields: { email_id: 'e01', message_body: 'typed before the type was changed', meeting_id: 'm01' },
    };
    expect(actionOf(draft)).toEqual({ action_type: 'archive_email', email_id: 'e01' });
    for (const type of TYPES) expect(() => actionSchema.parse(actionOf({ ...draft, type }))).not.toThrow();
  });

  test('sends a raw completion unchanged', () => {
    expect(actionOf({ ...EMPTY_DRAFT, tab: 'raw', raw: ' {"a" \n' })).toBe(' {"a" \n');
  });

  test('fills in the clicked thing, and changes the type only if it has no field for such a thing', () => {
    const mail = pickInto({ ...EMPTY_DRAFT, type: 'archive_email' }, { kind: 'email', id: 'e01' });
    expect([mail.type, mail.fields.email_id]).toEqual(['archive_email', 'e01']);
    const meeting = pickInto(mail, { kind: 'meeting', id: 'm02' });
    expect([meeting.type, meeting.fields]).toEqual(['reschedule_meeting', { email_id: 'e01', meeting_id: 'm02' }]);
    const task = pickInto(meeting, { kind: 'task', id: 't01' });
    const person = pickInto(task, { kind: 'contact', id: 'Ada' });
    expect(person.type).toBe('delegate_task');
    expect(pickedBy(person)).toEqual({ kind: 'task', id: 't01' });
    expect(pickInto({ ...EMPTY_DRAFT, tab: 'raw' }, { kind: 'contact', id: 'Ada' })).toMatchObject({
      tab: 'form',
      type: 'send_message',
    });
  });
});

describe('the state', () => {
  const scene = (step: number, step_ok = true, action: unknown = null) => ({ step, step_ok, action }) as WireScene;
  const episode = { task_id: 'a', rules: 'v2', reward_mode: 'full', seed: 1 } as const;
  const stateAfter = (...messages: PlaygroundMessage[]) =>
    [
      { type: 'ready', options: OPTIONS } as const,
      { type: 'began', episode, scenes: [scene(0)] } as const,
      { type: 'field', name: 'message_body', value: 'a long answer' } as const,
      ...messages,
    ].reduce<typeof INITIAL>(reduce, INITIAL);

  test('keeps what was typed after an invalid step and empties the form after a valid one', () => {
    const invalid = stateAfter({ type: 'played', episode, from: 0, scenes: [scene(1, false, {})], byForm: true });
    expect(invalid.draft.fields.message_body).toBe('a long answer');
    const valid = stateAfter({ type: 'played', episode, from: 0, scenes: [scene(1, true, {})], byForm: true });
    expect(valid.draft.fields).toEqual({});
    const byPolicy = stateAfter({ type: 'played', episode, from: 0, scenes: [scene(1, true, {})], byForm: false });
    expect(byPolicy.draft.fields.message_body).toBe('a long answer');
  });

  test('keeps everything if a request fails, and is no longer busy', () => {
    const failed = stateAfter(
      { type: 'busy', what: 'x' },
      { type: 'failed', trouble: { message: 'no', problems: [] } },
    );
    expect(failed).toMatchObject({ busy: undefined, trouble: { message: 'no' } });
    expect(failed.draft.fields.message_body).toBe('a long answer');
  });

  test('drops the answer to a step of an episode that was left in the meantime', () => {
    const other = stateAfter(
      { type: 'busy', what: 'x' },
      { type: 'began', episode: { ...episode, seed: 2 }, scenes: [scene(0)] },
    );
    expect(reduce(other, { type: 'played', episode, from: 0, scenes: [scene(1)], byForm: true })).toBe(other);
  });

  test('does not move while a step is in progress', () => {
    const state = stateAfter(
      { type: 'played', episode, from: 0, scenes: [scene(1)], byForm: true },
      { type: 'busy', what: 'x' },
    );
    expect(reduce(state, { type: 'undo' })).toBe(state);
  });
});
