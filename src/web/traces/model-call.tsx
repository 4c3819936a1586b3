/** What a policy recorded besides its answers: for a language model, the reasoning, tokens and latency of each step. */
import { countText, fixed, plural } from '../../lib/text.ts';
import type { EpisodeRecord, StepRecord } from '../../records/schema.ts';
import { words } from '../shared/format.ts';

/** The metadata that any policy may write; empty if there are none. Values come from a file and are not checked. */
function metadataOf({ extra_json }: Pick<StepRecord, 'extra_json'>): Readonly<Record<string, unknown>> {
  const extra: unknown = extra_json === null ? undefined : JSON.parse(extra_json);
  return Object(Object(extra).metadata);
}

/** The fields that are shown in words. The token ids are left out, because no person reads them. */
const SHOWN = new Set([
  ...['model', 'finish_reason', 'usage', 'latency_ms', 'attempts', 'cost', 'reasoning', 'reasoning_content'],
  ...['not_played', 'prompt_token_ids', 'token_ids', 'logprobs'],
]);

/** The reasoning of a model, open, as the endpoint returned it. */
export function Reasoning({ step }: { step: StepRecord }) {
  const { reasoning, reasoning_content } = metadataOf(step);
  // Some endpoints return the same text under both names.
  const [text] = [reasoning, reasoning_content].filter((one) => one !== undefined && one !== null && one !== '');
  if (text === undefined) return null;
  return (
    <details open class="reasoning">
      <summary>Reasoning</summary>
      <pre class="raw">{typeof text === 'string' ? text : JSON.stringify(text, null, 2)}</pre>
    </details>
  );
}

/** Tokens, latency and price of the call that answered a step, and what else its policy recorded. */
export function CallFacts({ step }: { step: StepRecord }) {
  const metadata = metadataOf(step);
  const { model, finish_reason, attempts, cost, not_played } = metadata;
  const { prompt, completion, latencyMs } = costsOf(step);
  const facts = [
    ...(typeof model === 'string' ? [model] : []),
    ...(prompt === undefined && completion === undefined ? [] : [tokensText(prompt, completion)]),
    ...(latencyMs === undefined ? [] : [secondsText(latencyMs)]),
    ...(typeof attempts === 'number' && attempts > 1 ? [plural(attempts, 'attempt')] : []),
    ...(typeof cost === 'number' ? [`cost ${fixed(cost, 4)}`] : []),
    ...(typeof finish_reason === 'string' && finish_reason !== 'length' ? [`finish reason ${finish_reason}`] : []),
  ];
  const rest = Object.entries(metadata).filter(([name]) => !SHOWN.has(name));
  return (
    <>
      {(facts.length > 0 || finish_reason === 'length') && (
        <p class="small muted call-facts">
          {finish_reason === 'length' && <span class="badge bad">cut off: no tokens were left</span>}{' '}
          {facts.join(' · ')}
        </p>
      )}
      {Array.isArray(not_played) && (
        <Json title={`${plural(not_played.length, 'call')} that was not played`} value={not_played} />
      )}
      {rest.map(([name, value]) => (
        <Json key={name} title={words(name)} value={value} />
      ))}
    </>
  );
}

/** What a policy recorded about a whole episode. */
export function NotesOfEpisode({ record }: { record: EpisodeRecord }) {
  const metadata = metadataOf(record);
  return Object.keys(metadata).length === 0 ? null : <Json title="Notes of the policy" value={metadata} />;
}

function Json({ title, value }: { title: string; value: unknown }) {
  return (
    <details>
      <summary>{title}</summary>
      <pre class="raw">{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}

/** Tokens and mean latency of all calls of an episode, in words; undefined if its policy recorded none. */
export function callTotals({ steps }: EpisodeRecord): string | undefined {
  const calls = steps.map(costsOf).filter(({ latencyMs, prompt }) => latencyMs !== undefined || prompt !== undefined);
  if (calls.length === 0) return undefined;
  const sum = (field: keyof (typeof calls)[number]): number =>
    calls.reduce((total, call) => total + (call[field] ?? 0), 0);
  const tokens = tokensText(sum('prompt'), sum('completion'));
  return `${plural(calls.length, 'call')}, ${tokens}, ${secondsText(sum('latencyMs') / calls.length)} a call`;
}

function costsOf(step: StepRecord) {
  const { usage, latency_ms } = metadataOf(step);
  const { prompt_tokens, completion_tokens } = Object(usage);
  return {
    prompt: numberIn(prompt_tokens),
    completion: numberIn(completion_tokens),
    latencyMs: numberIn(latency_ms),
  };
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** `1,803 + 63 tokens`: of the prompt and of the answer. */
function tokensText(prompt = 0, completion = 0): string {
  return `${countText(prompt)} + ${countText(completion)} tokens`;
}

function secondsText(ms: number): string {
  return `${fixed(ms / 1000, 2)} s`;
}
