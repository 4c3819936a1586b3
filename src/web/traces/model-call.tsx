/** What the record of a step has besides its answer: for a language model, its reasoning, tokens and latency. */
import { countText, fixed, plural } from '../../lib/text.ts';
import { type RecordedCall, recordedCall, recordedMetadata } from '../../records/recorded-answer.ts';
import type { EpisodeRecord, StepRecord } from '../../records/schema.ts';
import { words } from '../shared/format.ts';

/** The fields that are shown in words. The token ids are left out, because no person reads them. */
const SHOWN = new Set([
  ...['model', 'finish_reason', 'usage', 'latency_ms', 'attempts', 'cost', 'reasoning', 'reasoning_content'],
  ...['not_played', 'prompt_token_ids', 'token_ids', 'logprobs'],
]);

/** The reasoning of a model, open, as the endpoint returned it. */
export function Reasoning({ step }: { step: StepRecord }) {
  const { reasoning, reasoning_content } = recordedMetadata(step) ?? {};
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
  const metadata = recordedMetadata(step) ?? {};
  const { finish_reason, attempts, not_played } = metadata;
  const call = recordedCall(step);
  const facts = [
    ...(call?.model ? [call.model] : []),
    ...(call?.promptTokens == null ? [] : [tokensText([call])]),
    ...(call?.latencyMs == null ? [] : [secondsText(call.latencyMs)]),
    ...(typeof attempts === 'number' && attempts > 1 ? [plural(attempts, 'attempt')] : []),
    ...(call?.cost == null ? [] : [`cost ${fixed(call.cost, 4)}`]),
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
  const calls = steps.flatMap((step) => recordedCall(step) ?? []);
  if (calls.length === 0) return undefined;
  const latency = secondsText(sumOf(calls, 'latencyMs') / calls.length);
  return `${plural(calls.length, 'call')}, ${tokensText(calls)}, ${latency} a call`;
}

function sumOf(calls: readonly RecordedCall[], field: 'promptTokens' | 'completionTokens' | 'latencyMs'): number {
  return calls.reduce((total, call) => total + (call[field] ?? 0), 0);
}

/** `1,803 + 63 tokens`: of the prompts and of the answers. */
function tokensText(calls: readonly RecordedCall[]): string {
  return `${countText(sumOf(calls, 'promptTokens'))} + ${countText(sumOf(calls, 'completionTokens'))} tokens`;
}

function secondsText(ms: number): string {
  return `${fixed(ms / 1000, 2)} s`;
}
