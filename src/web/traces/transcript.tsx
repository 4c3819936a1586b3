/** One episode in one scroll: for each step what the policy read, thought and answered, and what that was worth, and why. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { type LostItem, lostItems } from '../../analysis/owed-history.ts';
import type { Scene } from '../../analysis/replay.ts';
import { countText, fixed, plural, signed } from '../../lib/text.ts';
import { type RecordedCall, recordedCall, recordedMetadata } from '../../records/recorded-answer.ts';
import type { EpisodeRecord, StepRecord } from '../../records/schema.ts';
import { ActionView, actionWords } from '../panels/action.tsx';
import { BriefingChanges, BriefingView } from '../panels/briefing.tsx';
import { tone } from '../panels/gauges.tsx';
import { OwedBadge } from '../panels/owed.tsx';
import { aboutOf, RewardView } from '../panels/reward.tsx';
import { when, words } from '../shared/format.ts';
import { Card } from '../shared/frame.tsx';
import { type Loaded, linkTo, useView } from './link.ts';
import { WaitingNote } from './notes.tsx';
import { briefingAt, GradeCard, NO_BRIEFING, type ReplayedEpisode, stepOf } from './replayed.tsx';
import { SearchBar } from './search-bar.tsx';

type TranscriptProps = {
  readonly record: EpisodeRecord;
  readonly replayed: Loaded<ReplayedEpisode>;
  /** The step to begin at; 0 is the beginning. */
  readonly step: number;
};

export function Transcript({ record, replayed, step }: TranscriptProps) {
  const scenes = replayed.value?.scenes;
  const list = useRef<HTMLOListElement>(null);
  const totals = callTotals(record);
  // The steps are longer once their scenes are there.
  useLayoutEffect(() => {
    if (step > 0) document.getElementById(idOf(step))?.scrollIntoView();
  }, [step, scenes]);
  return (
    <div class="transcript">
      <Lost record={record} replayed={replayed} />
      <SearchBar list={list} version={scenes} />
      {totals !== undefined && <p class="small muted">{totals}</p>}
      <ol ref={list} class="turns">
        {record.steps.map((_, at) => (
          <Turn key={idOf(at + 1)} record={record} scenes={scenes} step={at + 1} />
        ))}
      </ol>
      {record.steps.length === 0 && <p class="muted">No step was recorded.</p>}
      {scenes !== undefined && <GradeCard scenes={scenes} />}
    </div>
  );
}

function idOf(step: number): string {
  return `step-${step}`;
}

type TurnProps = {
  readonly record: EpisodeRecord;
  readonly scenes: readonly Scene[] | undefined;
  readonly step: number;
};

function Turn({ record, scenes, step }: TurnProps) {
  const view = useView();
  const [before, scene] = [scenes?.[step - 1], scenes?.[step]];
  const recorded = record.steps[step - 1];
  const shown = stepOf(record, step, scene);
  if (recorded === undefined || shown === undefined) return null;
  return (
    <li id={idOf(step)} class="turn card">
      <header class="turn-head">
        <h2>Step {step}</h2>
        {scene !== undefined && before !== undefined && (
          <span class="muted">
            {when(before.time)} to {when(scene.time, before.time)}
          </span>
        )}
        <span class="turn-worth">
          <b class={tone(shown.reward)}>{signed(shown.reward, 3)}</b>{' '}
          <span class="muted">return {signed(shown.return, 3)}</span>
        </span>
        <a href={linkTo({ ...view, view: 'episode', step })} aria-label={`The world after step ${step}`}>
          World
        </a>
      </header>
      <div class="turn-body">
        <section aria-label={`Read before step ${step}`}>
          <Read record={record} scenes={scenes} step={step} />
        </section>
        <section aria-label={`Answered in step ${step}`}>
          <h3>Answered</h3>
          <Reasoning step={recorded} />
          <ActionView scene={shown} isRawOpen />
          <CallFacts step={recorded} />
          <h3>Paid</h3>
          <RewardView scene={shown} />
        </section>
      </div>
    </li>
  );
}

function Read({ record, scenes, step }: TurnProps) {
  const read = briefingAt(record, scenes, step - 1);
  const before = step === 1 ? undefined : briefingAt(record, scenes, step - 2);
  return (
    <>
      <h3>
        {before === undefined ? 'Read' : 'Read, new'} {read !== undefined && <span class="muted">{read.from}</span>}
      </h3>
      {read === undefined ? (
        <p class="muted">{NO_BRIEFING}</p>
      ) : before === undefined ? (
        <BriefingView text={read.text} />
      ) : (
        <BriefingChanges text={read.text} beforeText={before.text} />
      )}
    </>
  );
}

/** What the episode lost: obligations that were not met in time, and damage, each with the step in which that happened. */
function Lost({ record, replayed }: Omit<TranscriptProps, 'step'>) {
  const scenes = replayed.value?.scenes;
  const view = useView();
  if (scenes === undefined) {
    return replayed.isLoading ? <WaitingNote>Playing the episode again…</WaitingNote> : null;
  }
  if (scenes.at(-1)?.owed === null) return null;
  const lost = lostItems(scenes);
  const damage = scenes.flatMap(({ step, reasons }) =>
    reasons.filter(({ channel, amount }) => channel === 'collateral' && amount < 0).map((one) => ({ ...one, step })),
  );
  const linkOf = (step: number): string => linkTo({ ...view, step, find: undefined });
  const didIn = (step: number): string => {
    const scene = scenes[step];
    return scene === undefined || step > record.steps.length ? '' : `: ${actionWords(scene)}`;
  };
  const points = lost.reduce((sum, one) => sum + one.points, 0);
  return (
    <Card title="What was missed" note={lost.length === 0 ? undefined : `${fixed(points, 1)} points lost`} class="lost">
      {lost.length === 0 && <p>Nothing so far: every obligation that was due has been met in time.</p>}
      <ul class="things">
        {lost.map((one) => (
          <LostThing key={one.item.id} lost={one} href={linkOf(one.step)} did={didIn(one.step)} />
        ))}
      </ul>
      {damage.length > 0 && (
        <>
          <h3>{plural(damage.length, 'case')} of damage</h3>
          <ul class="small">
            {damage.map(({ step, obligation, reason, amount }) => (
              <li key={`${step} ${obligation} ${reason}`}>
                <a href={linkOf(step)}>Step {step}</a>
                <span class="muted">{didIn(step)}</span>. {aboutOf(obligation)}: {reason} ({signed(amount, 3)})
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

function LostThing({ lost, href, did }: { lost: LostItem; href: string; did: string }) {
  const { item, points, step, time, isAtEnd } = lost;
  return (
    <li class="thing">
      <span class="thing-line">
        <OwedBadge state={item.state} />
        <span class="subject">{item.what}</span>
        <span class="points">
          {signed(-points, 1)} <span class="muted">points</span>
        </span>
      </span>
      <p class="small">
        {item.why}
        <span class="muted">, to {item.to.join(', ')}. </span>
        {isAtEnd ? 'Decided at the end, after ' : 'Since '}
        <a href={href}>step {step}</a>
        <span class="muted">
          {isAtEnd ? '' : `, ${when(time, time)}`}
          {did}
        </span>
      </p>
    </li>
  );
}

/** The fields that are shown in words. The token ids are left out, because no person reads them. */
const SHOWN = new Set([
  ...['model', 'finish_reason', 'usage', 'latency_ms', 'attempts', 'cost', 'reasoning', 'reasoning_content'],
  ...['not_played', 'prompt_token_ids', 'token_ids', 'logprobs'],
]);

/** The reasoning of a model, open, as the endpoint returned it. */
function Reasoning({ step }: { step: StepRecord }) {
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
function CallFacts({ step }: { step: StepRecord }) {
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

/** What a policy recorded about a whole episode. */
export function NotesOfEpisode({ record }: { record: EpisodeRecord }) {
  const metadata = recordedMetadata(record);
  return metadata === undefined ? null : <Json title="Notes of the policy" value={metadata} />;
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
function callTotals({ steps }: EpisodeRecord): string | undefined {
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
