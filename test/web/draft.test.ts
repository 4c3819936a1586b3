/** The action form, built from the schema of an action, and the handling of typed text. */
import { describe, expect, test } from 'vitest';
import type { PlayOptions, WireScene } from '../../src/server/web/api.ts';
import { CHAT_TOOLS } from '../../src/sim/v2/chat-tools.ts';
import {
  actionOf,
  type Draft,
  draftFields,
  EMPTY_DRAFT,
  pickedBy,
  pickInto,
  readForm,
} from '../../src/web/playground/draft.ts';
import { INITIAL, type PlaygroundMessage, reduce } from '../../src/web/playground/state.ts';
import { actionSchema, jsonSchemaOf } from '../../src/world/schema.ts';

const form = readForm(jsonSchemaOf('action'));
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
  test('offers every type, each with its fields', () => {
    expect(
      Object.fromEntries(form.types.map((type) => [type, draftFields(form, type).map(({ name }) => name)])),
    ).toEqual({
      do_nothing: [],
      reply_email: ['email_id', 'message_body', 'channel'],
      archive_email: ['email_id'],
      reschedule_meeting: ['meeting_id', 'new_time', 'reason'],
      cancel_meeting: ['meeting_id', 'reason'],
      complete_task: ['task_id'],
      delegate_task: ['task_id', 'contact_name'],
      send_message: ['message_body', 'contact_name', 'channel'],
    });
    expect(form.fields.find(({ name }) => name === 'channel')?.choices).toEqual(['email', 'text', 'call']);
    expect(form.fields.find(({ name }) => name === 'email_id')?.description).toBe('the id of the email');
  });

  test('requires the fields that an action cannot do without', () => {
    for (const { function: tool } of CHAT_TOOLS) {
      const fields = draftFields(form, tool.name);
      const required = fields.flatMap(({ name, isRequired }) => (isRequired ? [name] : []));
      expect(required.sort()).toEqual([...(tool.parameters.required ?? [])].sort());
    }
  });

  test('sends the fields of its type that were filled in', () => {
    const draft: Draft = {
      ...EMPTY_DRAFT,
      type: 'archive_email',
      fields: { email_id: 'e01', message_body: 'typed before the type was changed', meeting_id: 'm01' },
    };
    expect(actionOf(draft, form)).toEqual({ action_type: 'archive_email', email_id: 'e01' });
    for (const type of form.types) expect(() => actionSchema.parse(actionOf({ ...draft, type }, form))).not.toThrow();
  });

  test('sends a raw completion unchanged', () => {
    expect(actionOf({ ...EMPTY_DRAFT, tab: 'raw', raw: ' {"a" \n' }, form)).toBe(' {"a" \n');
  });

  test('fills in the clicked thing, and changes the type only if it has no field for such a thing', () => {
    const mail = pickInto({ ...EMPTY_DRAFT, type: 'archive_email' }, { kind: 'email', id: 'e01' }, form);
    expect([mail.type, mail.fields.email_id]).toEqual(['archive_email', 'e01']);
    const meeting = pickInto(mail, { kind: 'meeting', id: 'm02' }, form);
    expect([meeting.type, meeting.fields]).toEqual(['reschedule_meeting', { email_id: 'e01', meeting_id: 'm02' }]);
    const task = pickInto(meeting, { kind: 'task', id: 't01' }, form);
    const person = pickInto(task, { kind: 'contact', id: 'Ada' }, form);
    expect(person.type).toBe('delegate_task');
    expect(pickedBy(person, form)).toEqual({ kind: 'task', id: 't01' });
    expect(pickInto({ ...EMPTY_DRAFT, tab: 'raw' }, { kind: 'contact', id: 'Ada' }, form)).toMatchObject({
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
      { type: 'ready', options: OPTIONS, form } as const,
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
