/**
 * Values of a record as JSON text that other readers accept. A field has the same type in every line: a whole number in a float
 * field is written with `.0`, because readers that infer types from the first lines would otherwise infer an integer field.
 * Characters that editors or Python's `splitlines` treat as the end of a line are escaped, and text is well-formed Unicode.
 */
import { BREAKDOWN_FIELDS, type Breakdown, emptyBreakdown } from '../sim/breakdown.ts';
import type { Grade } from '../sim/v2/grade.ts';
import type { RecordedAnswer } from './recorded-answer.ts';
import type { EpisodeRecord, EpisodeSummary, RecordedAction, StepRecord } from './schema.ts';

/** The line ends that JSON does not escape. */
const LINE_ENDS = /[\u0085\u2028\u2029]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\u0085': '\\u0085', '\u2028': '\\u2028', '\u2029': '\\u2029' };
/** From this number on, JavaScript writes an exponent. */
const PLAIN = 1e21;

/** Texts that need no escaping, such as ids and names. The test costs less than JSON.stringify. */
const SIMPLE = /^[ !#-[\]-~]{0,64}$/;

/** A text or null as JSON. */
export function textJson(text: string | null): string {
  if (text === null) return 'null';
  return SIMPLE.test(text) ? `"${text}"` : escapeLineEnds(JSON.stringify(text.toWellFormed()));
}

/** Escapes the line ends in a JSON text. */
function escapeLineEnds(json: string): string {
  // A search for single characters is many times faster than a regular expression, and hardly any text contains one.
  if (!json.includes('\u2028') && !json.includes('\u2029') && !json.includes('\u0085')) return json;
  return json.replace(LINE_ENDS, (end) => ESCAPES[end] ?? end);
}

/** The number of a float field, or null, as JSON. */
export function floatJson(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'null';
  return Number.isInteger(value) && Math.abs(value) < PLAIN ? `${value}.0` : `${value}`;
}

/** The fields of an episode before its advantage, each followed by a comma. */
export function summaryJson(s: EpisodeSummary): string {
  return (
    `"episode_id":${textJson(s.episode_id)},"group_id":${textJson(s.group_id)},"index":${s.index},` +
    `"task_id":${textJson(s.task_id)},"seed":${s.seed},"policy_seed":${s.policy_seed},` +
    `"rules":${textJson(s.rules)},"edition":${s.edition},"prompt_sha256":${textJson(s.prompt_sha256)},` +
    `"reward_mode":${textJson(s.reward_mode)},"policy":${textJson(s.policy)},` +
    `"status":${textJson(s.status)},"error":${textJson(s.error)},"failure":${textJson(s.failure)},` +
    `"return":${floatJson(s.return)},"grade":${floatJson(s.grade)},"grade_parts":${s.grade_parts === null ? 'null' : gradeJson(s.grade_parts)},` +
    `"success":${s.success},"success_grade":${floatJson(s.success_grade)},` +
    `"length":${s.length},"invalid_steps":${s.invalid_steps},"extra_json":${textJson(s.extra_json)},`
  );
}

function gradeJson(g: Grade): string {
  return (
    `{"grade":${floatJson(g.grade)},"value":${floatJson(g.value)},"floor":${floatJson(g.floor)},` +
    `"oracle":${floatJson(g.oracle)},"conflict":${floatJson(g.conflict)},"relationship":${floatJson(g.relationship)},` +
    `"task":${floatJson(g.task)},"collateral":${floatJson(g.collateral)},` +
    `"met":${g.met},"late":${g.late},"missed":${g.missed}}`
  );
}

/** A whole record as JSON, as in a line of the file. */
export function recordJson({ steps, ...summary }: EpisodeRecord): string {
  return `{${summaryJson(summary)}"advantage":${floatJson(summary.advantage)},"steps":${stepsJson(steps)}}`;
}

/** The steps of a record as a JSON list. */
export function stepsJson(steps: readonly StepRecord[]): string {
  return `[${steps.map((step) => `{"observation":${textJson(step.observation)}${stepJson(step, step)}}`).join(',')}]`;
}

/** The fields of a step after its observation, each preceded by a comma. */
export function stepJson(
  answer: RecordedAnswer,
  outcome: Omit<StepRecord, 'observation' | keyof RecordedAnswer>,
): string {
  const { reward, reward_breakdown, terminated, truncated, step_ok, error } = outcome;
  return (
    `${answerJson(answer)},"reward":${floatJson(reward)},"reward_breakdown":${breakdownJson(reward_breakdown)}` +
    `,"terminated":${terminated},"truncated":${truncated},"step_ok":${step_ok},"error":${textJson(error)}`
  );
}

function answerJson({ completion, action, extra_json }: RecordedAnswer): string {
  return `,"completion":${textJson(completion)},"action":${actionJson(action)},"extra_json":${textJson(extra_json)}`;
}

function actionJson(action: RecordedAction | null): string {
  if (action === null) return 'null';
  return (
    `{"action_type":${fieldJson(action.action_type)},"email_id":${fieldJson(action.email_id)},` +
    `"message_body":${fieldJson(action.message_body)},"meeting_id":${fieldJson(action.meeting_id)},` +
    `"new_time":${fieldJson(action.new_time)},"reason":${fieldJson(action.reason)},` +
    `"task_id":${fieldJson(action.task_id)},"contact_name":${fieldJson(action.contact_name)},` +
    `"channel":${fieldJson(action.channel)},"message":${fieldJson(action.message)}}`
  );
}

/** Most fields of an action are empty. */
function fieldJson(text: string): string {
  return text === '' ? '""' : textJson(text);
}

/** The JSON of a breakdown of zeros, and the positions of its values. Most values of a breakdown are 0. */
const ZERO = floatJson(0);
const NOTHING_PAID = JSON.stringify(emptyBreakdown()).replaceAll(':0', `:${ZERO}`);
const VALUES_AT = BREAKDOWN_FIELDS.map((field) => NOTHING_PAID.indexOf(`"${field}":`) + field.length + 3);

function breakdownJson(breakdown: Readonly<Breakdown>): string {
  let text = '';
  let from = 0;
  for (let part = 0; part < BREAKDOWN_FIELDS.length; part++) {
    const value = breakdown[BREAKDOWN_FIELDS[part] ?? 'final'];
    if (value === undefined || value === 0) continue;
    const at = VALUES_AT[part] ?? 0;
    text += NOTHING_PAID.slice(from, at) + floatJson(value);
    from = at + ZERO.length;
  }
  return text + NOTHING_PAID.slice(from);
}
