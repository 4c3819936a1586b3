/** The action that is being composed: in a form or as a raw completion. Pure. */
import type { Pick } from '../panels/thing.tsx';

export type Draft = {
  readonly tab: 'form' | 'raw';
  readonly type: string;
  /** Values by field, including fields of other types: what was typed survives a change of the type. */
  readonly fields: Readonly<Record<string, string>>;
  readonly raw: string;
};

export const EMPTY_DRAFT: Draft = { tab: 'form', type: 'reply_email', fields: {}, raw: '' };

/** One field of an action, as its schema describes it. */
export type DraftField = {
  readonly name: string;
  readonly description: string;
  /** The types that have this field; empty: all types. */
  readonly types: readonly string[];
  /** The allowed values; undefined: any text. */
  readonly choices: readonly string[] | undefined;
  /** Whether the action is invalid without it. */
  readonly isRequired: boolean;
};
export type ActionForm = { readonly types: readonly string[]; readonly fields: readonly DraftField[] };

/** The fields that every action can do without. */
const OPTIONAL: ReadonlySet<string> = new Set(['channel', 'reason']);

type Property = { description?: unknown; enum?: unknown; type?: unknown; anyOf?: unknown };

/** Reads the JSON Schema of an action. A description begins with the types that have the field: `reply_email, archive_email: ...`. */
export function readForm(schema: unknown): ActionForm {
  const { properties = {} } = (schema ?? {}) as { properties?: Record<string, Property> };
  const types = choicesOf(properties.action_type) ?? [];
  const fields = Object.entries(properties).flatMap(([name, property]): DraftField[] => {
    const choices = choicesOf(property);
    const isText = choices !== undefined || property.type === 'string' || textsOf(property.type)?.includes('string');
    if (name === 'action_type' || !isText) return [];
    const text = typeof property.description === 'string' ? property.description : '';
    const [, head = '', rest = text] = /^([a-z_]+(?:, [a-z_]+)*): (.*)$/s.exec(text) ?? [];
    const own = head.split(', ').filter((type) => types.includes(type));
    return [{ name, description: rest, types: own, choices, isRequired: !OPTIONAL.has(name) }];
  });
  return { types, fields };
}

/** A property that may also be null has its choices in one of its alternatives. */
function choicesOf(property: Property | undefined): string[] | undefined {
  const alternatives: Property[] = Array.isArray(property?.anyOf) ? property.anyOf : [];
  return [property, ...alternatives].map((one) => textsOf(one?.enum)).find((texts) => texts !== undefined);
}

function textsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** The fields of a type, in the order of the schema. Fields that all types have are only available in raw completions. */
export function draftFields(form: ActionForm, type: string): DraftField[] {
  return form.fields.filter(({ types }) => types.includes(type));
}

/** The action to send: without fields of other types and without empty fields. */
export function actionOf(draft: Draft, form: ActionForm): unknown {
  if (draft.tab === 'raw') return draft.raw;
  const given = draftFields(form, draft.type).flatMap(({ name }) => {
    const value = draft.fields[name] ?? '';
    return value === '' ? [] : [[name, value]];
  });
  return { action_type: draft.type, ...Object.fromEntries(given) };
}

const PICKED: Record<Pick['kind'], { readonly field: string; readonly suggests: string }> = {
  email: { field: 'email_id', suggests: 'reply_email' },
  meeting: { field: 'meeting_id', suggests: 'reschedule_meeting' },
  task: { field: 'task_id', suggests: 'delegate_task' },
  contact: { field: 'contact_name', suggests: 'send_message' },
};

/** Fills in the clicked thing. The type stays if it has a field for such a thing. */
export function pickInto(draft: Draft, { kind, id }: Pick, form: ActionForm): Draft {
  const { field, suggests } = PICKED[kind];
  const takesIt = draftFields(form, draft.type).some(({ name }) => name === field);
  const fields = { ...draft.fields, [field]: id };
  return { ...draft, tab: 'form', type: takesIt ? draft.type : suggests, fields };
}

/** The thing that the draft is about. */
export function pickedBy(draft: Draft, form: ActionForm): Pick | undefined {
  if (draft.tab === 'raw') return undefined;
  const names = draftFields(form, draft.type).map(({ name }) => name);
  for (const kind of ['email', 'meeting', 'task', 'contact'] as const) {
    const id = draft.fields[PICKED[kind].field] ?? '';
    if (id !== '' && names.includes(PICKED[kind].field)) return { kind, id };
  }
  return undefined;
}
