/**
 * Converts the answer of a policy to the fields of a record, each of one type, and back. For a text, `completion` holds the text
 * and `action` the action that was read from it. For an object, `action` holds the text fields of the action schema, and
 * `extra_json` the rest as JSON. `extra_json` also holds any other answer, and text that is not well-formed Unicode: Arrow
 * refuses a file that contains such text, but accepts it as escaped JSON inside a string.
 */
import type { Action } from '../world/schema.ts';
import type { RecordedAction, StepRecord } from './schema.ts';

/** The fields of a step record that hold the answer of the policy. */
export type RecordedAnswer = Pick<StepRecord, 'completion' | 'action' | 'extra_json'>;

/** The action type of an object without `action_type`. */
const DEFAULT_TYPE = 'do_nothing';

/** The fields of a record for a completion. @param read The action that was read from it; undefined if there is none. */
export function recordCompletion(completion: string, read: Action | undefined): RecordedAnswer {
  return {
    completion: completion.toWellFormed(),
    action: read === undefined ? null : textsOf(read),
    extra_json: completion.isWellFormed() ? null : JSON.stringify(completion),
  };
}

/** The fields of a record for an action; undefined if they cannot hold all of it. */
export function recordPlain(given: Action): RecordedAnswer | undefined {
  const action = textsOf(given);
  return isKept(given, action) ? { completion: null, action, extra_json: null } : undefined;
}

/** The fields of a record for any other JSON value. */
export function recordValue(sent: unknown): RecordedAnswer {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
    return { completion: null, action: null, extra_json: JSON.stringify(sent) };
  }
  const texts: Record<string, string> = {};
  const rest: [string, unknown][] = [];
  const action = textsOf({});
  for (const [key, value] of Object.entries(sent)) {
    // A field that is null counts as left out.
    if (value === null && Object.hasOwn(action, key)) continue;
    if (Object.hasOwn(action, key) && isText(key, value)) texts[key] = value;
    else rest.push([key, value]);
    if (key === 'action_type' && texts[key] === undefined) texts[key] = '';
  }
  const extra_json = rest.length === 0 ? null : JSON.stringify(Object.fromEntries(rest));
  return { completion: null, action: { ...action, ...texts }, extra_json };
}

/** Adds metadata to the rest of an answer. Beside them, a completion that is not well-formed has a name. */
export function withMetadata(recorded: RecordedAnswer, metadata: unknown): RecordedAnswer {
  const extra: unknown = recorded.extra_json === null ? {} : JSON.parse(recorded.extra_json);
  const rest = typeof extra === 'object' ? extra : { completion: extra };
  return { ...recorded, extra_json: JSON.stringify({ ...rest, metadata }) };
}

/** The answer as it is played again from a record, without metadata of a completion. Fields that were left out or null are left out. */
export function answerOf({ completion, action, extra_json }: RecordedAnswer): unknown {
  const extra: unknown = extra_json === null ? undefined : JSON.parse(extra_json);
  if (completion === null && action !== null) {
    const given = Object.entries(action).filter(([key, value]) => value !== '' || key === 'action_type');
    return Object.fromEntries([...given, ...Object.entries(extra ?? {})]);
  }
  const isNamed = typeof extra === 'object' && extra !== null && 'metadata' in extra;
  const exact = isNamed ? ('completion' in extra ? extra.completion : undefined) : extra;
  return exact ?? completion;
}

/** The metadata that a policy gave with its answer; undefined without them. */
export function recordedMetadata({
  extra_json,
}: Pick<RecordedAnswer, 'extra_json'>): Readonly<Record<string, unknown>> | undefined {
  const { metadata }: { metadata?: unknown } = Object(JSON.parse(extra_json ?? 'null'));
  return metadata === undefined ? undefined : Object(metadata);
}

/** What a call of a model took. */
export type RecordedCall = NonNullable<ReturnType<typeof recordedCall>>;

/** What is recorded of the call of a model that answered a step; undefined without one. A value that is not a number counts as missing. */
export function recordedCall(step: Pick<RecordedAnswer, 'extra_json'>) {
  const { model, usage, latency_ms, cost } = recordedMetadata(step) ?? {};
  if (usage === undefined && latency_ms === undefined) return undefined;
  const { prompt_tokens, completion_tokens } = Object(usage) as Readonly<Record<string, unknown>>;
  return {
    model: typeof model === 'string' ? model : null,
    latencyMs: numberIn(latency_ms),
    promptTokens: numberIn(prompt_tokens),
    completionTokens: numberIn(completion_tokens),
    cost: numberIn(cost),
  };
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Whether a field of `action` can hold a value. An empty channel is invalid, whereas any other empty field counts as left out. */
function isText(key: string, value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && (value !== '' || key !== 'channel');
}

/** All fields of an action as text, in the order of the file. */
function textsOf(action: Action): RecordedAction {
  return {
    action_type: action.action_type ?? DEFAULT_TYPE,
    email_id: action.email_id?.toWellFormed() ?? '',
    message_body: action.message_body?.toWellFormed() ?? '',
    meeting_id: action.meeting_id?.toWellFormed() ?? '',
    new_time: action.new_time?.toWellFormed() ?? '',
    reason: action.reason?.toWellFormed() ?? '',
    task_id: action.task_id?.toWellFormed() ?? '',
    contact_name: action.contact_name?.toWellFormed() ?? '',
    channel: action.channel ?? '',
    message: action.message?.toWellFormed() ?? '',
  };
}

function isKept(given: Action, kept: RecordedAction): boolean {
  return (
    (given.email_id ?? '') === kept.email_id &&
    (given.message_body ?? '') === kept.message_body &&
    (given.meeting_id ?? '') === kept.meeting_id &&
    (given.new_time ?? '') === kept.new_time &&
    (given.reason ?? '') === kept.reason &&
    (given.task_id ?? '') === kept.task_id &&
    (given.contact_name ?? '') === kept.contact_name &&
    (given.message ?? '') === kept.message
  );
}
