/** The action that is being composed: in a form or as a raw completion. Pure. */
import type { ActionType } from '../../world/schema.ts';
import type { Pick } from '../panels/thing.tsx';

export type Draft = {
  readonly tab: 'form' | 'raw';
  readonly type: ActionType;
  /** Values by field, including fields of other types: what was typed survives a change of the type. */
  readonly fields: Readonly<Partial<Record<DraftField, string>>>;
  readonly raw: string;
};

export const EMPTY_DRAFT: Draft = { tab: 'form', type: 'reply_email', fields: {}, raw: '' };

/** What each field of an action holds. */
export const FIELD_WORDS = {
  email_id: 'the id of the email',
  message_body: 'what to write; not blank',
  meeting_id: 'the id of the meeting',
  new_time: 'the new start',
  reason: 'why',
  task_id: 'the id of the task',
  contact_name: 'the name of the contact',
  channel: 'how it is sent (rules v2); unless stated email, and for a message text',
} as const;
export type DraftField = keyof typeof FIELD_WORDS;

/** The fields that an action can do without. */
export const OPTIONAL: readonly DraftField[] = ['channel', 'reason'];

/** The fields of each type of action. The others, which all types have, are only available in raw completions. */
export const FORM: Readonly<Record<ActionType, readonly DraftField[]>> = {
  do_nothing: [],
  reply_email: ['email_id', 'message_body', 'channel'],
  archive_email: ['email_id'],
  reschedule_meeting: ['meeting_id', 'new_time', 'reason'],
  cancel_meeting: ['meeting_id', 'reason'],
  complete_task: ['task_id'],
  delegate_task: ['task_id', 'contact_name'],
  send_message: ['message_body', 'contact_name', 'channel'],
};
export const TYPES = Object.keys(FORM) as ActionType[];

/** The action to send: without fields of other types and without empty fields. */
export function actionOf(draft: Draft): unknown {
  if (draft.tab === 'raw') return draft.raw;
  const given = FORM[draft.type].flatMap((name) => {
    const value = draft.fields[name] ?? '';
    return value === '' ? [] : [[name, value]];
  });
  return { action_type: draft.type, ...Object.fromEntries(given) };
}

const PICKED: Record<Pick['kind'], { readonly field: DraftField; readonly suggests: ActionType }> = {
  email: { field: 'email_id', suggests: 'reply_email' },
  meeting: { field: 'meeting_id', suggests: 'reschedule_meeting' },
  task: { field: 'task_id', suggests: 'delegate_task' },
  contact: { field: 'contact_name', suggests: 'send_message' },
};

/** Fills in the clicked thing. The type stays if it has a field for such a thing. */
export function pickInto(draft: Draft, { kind, id }: Pick): Draft {
  const { field, suggests } = PICKED[kind];
  const fields = { ...draft.fields, [field]: id };
  return { ...draft, tab: 'form', type: FORM[draft.type].includes(field) ? draft.type : suggests, fields };
}

/** The thing that the draft is about. */
export function pickedBy(draft: Draft): Pick | undefined {
  if (draft.tab === 'raw') return undefined;
  for (const kind of ['email', 'meeting', 'task', 'contact'] as const) {
    const { field } = PICKED[kind];
    const id = draft.fields[field] ?? '';
    if (id !== '' && FORM[draft.type].includes(field)) return { kind, id };
  }
  return undefined;
}
