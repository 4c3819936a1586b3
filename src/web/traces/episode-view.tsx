/** One episode, step by step: the briefing, the answer of the policy, the reward and the new state of the world. */

import type { Scene } from '../../analysis/replay.ts';
import { fixed, signed } from '../../lib/text.ts';
import { answerOf } from '../../records/recorded-answer.ts';
import type { EpisodeRecord, EpisodeSummary } from '../../records/schema.ts';
import type { RunInfo, WireEpisode } from '../../server/web/api.ts';
import { ActionView } from '../panels/action.tsx';
import { BriefingView } from '../panels/briefing.tsx';
import { GaugeStrip } from '../panels/gauges.tsx';
import { GradeView } from '../panels/grade.tsx';
import { OwedView } from '../panels/owed.tsx';
import { PotentialChart } from '../panels/potentials.tsx';
import { RewardView } from '../panels/reward.tsx';
import { WorldPanels } from '../panels/world-panels.tsx';
import { writeLink } from '../playground/link.ts';
import { ApiError } from '../shared/api.ts';
import { Card } from '../shared/frame.tsx';
import { type Loaded, linkTo, number, useLoaded, useStep, type View } from './link.ts';
import { Complaint, toneClass, WaitingNote } from './notes.tsx';
import { RecordedActionView, RecordedReward, type ReplayedEpisode, replayRecord } from './replayed.tsx';
import { RewardStrip, Scrubber } from './reward-strip.tsx';
import { store } from './store.ts';

// The results of an episode in one line.

export function EpisodeFacts({ summary }: { summary: EpisodeSummary }) {
  const { status, return: sum, grade, advantage, length, invalid_steps: invalid } = summary;
  const facts: [name: string, value: string, tone?: string][] = [
    ['Status', status, status === 'failed' ? 'bad-text' : ''],
    ['Return', signed(sum, 3), toneClass(sum)],
    ['Grade', fixed(grade, 3)],
    ['Advantage', signed(advantage, 2), toneClass(advantage)],
    ['Steps', String(length)],
    ['Invalid', String(invalid), invalid > 0 ? 'bad-text' : ''],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value, tone = '']) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={tone}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function EpisodePage({ view, run }: { view: View; run: RunInfo | undefined }) {
  const { run: id = '', row } = view;
  const at = number(row);
  const { value: record, error } = useLoaded(() => store.record(id, at), `${id} ${at}`);
  if (error !== undefined) return <Complaint error={error} />;
  if (record === undefined) return <WaitingNote>Reading the episode…</WaitingNote>;
  return <Episode view={view} run={run} record={record} at={at} />;
}

type EpisodeProps = {
  readonly view: View;
  readonly run: RunInfo | undefined;
  readonly record: EpisodeRecord;
  readonly at: number;
};

function Episode({ view, run, record, at }: EpisodeProps) {
  const replayed = useLoaded(() => replayRecord(record), record.episode_id);
  const last = record.steps.length;
  const [step, setStep] = useStep(view, last);
  const scenes = replayed.value?.scenes;
  return (
    <div class="episode">
      <header class="episode-head">
        <EpisodeFacts summary={record} />
        <Ways view={view} run={run} record={record} at={at} step={step} />
      </header>
      <Origin record={record} />
      {record.error !== null && <Complaint error={new Error(`The episode failed: ${record.error}`)} />}
      <ReplayNote replayed={replayed} />
      <Scrubber step={step} last={last} onStep={setStep} />
      <RewardStrip record={record} step={step} onStep={setStep} />
      <div class="episode-body">
        <div class="column">
          <Card title={step === 0 ? 'The beginning' : `What it did in step ${step}`}>
            <Did record={record} step={step} scene={scenes?.[step]} />
          </Card>
          {step > 0 && (
            <Card title="What that was worth">
              <Worth record={record} step={step} scene={scenes?.[step]} />
            </Card>
          )}
          {scenes?.[step] !== undefined && step === last && <GradeCard scenes={scenes.slice(0, step + 1)} />}
          {scenes !== undefined && scenes.length > 1 && (
            <Card title="Over the episode">
              <PotentialChart scenes={scenes} current={Math.min(step, scenes.length - 1)} />
            </Card>
          )}
          <Briefing record={record} step={step} scenes={scenes} />
        </div>
        <div class="column">
          <World scenes={scenes} step={step} isLoading={replayed.isLoading} />
        </div>
      </div>
    </div>
  );
}

function Ways({ view, run, record, at, step }: EpisodeProps & { step: number }) {
  const to = (row: number): string => linkTo({ ...view, row, step: undefined });
  return (
    <nav class="ways row" aria-label="Other episodes">
      {at > 0 && <a href={to(at - 1)}>Episode {at - 1}</a>}
      {run !== undefined && at + 1 < run.episodes && <a href={to(at + 1)}>Episode {at + 1}</a>}
      <a href={linkTo({ ...view, view: 'group', of: record.group_id, step })}>Its group side by side</a>
      <PlaygroundLink record={record} step={step} />
    </nav>
  );
}

/** The same episode in the playground, at this step. */
function PlaygroundLink({ record, step }: { record: EpisodeRecord; step: number }) {
  const { task_id, rules, reward_mode, seed, steps } = record;
  // The values come from a file and are not checked here; the playground checks them.
  const episode = { task_id, rules, reward_mode, seed } as WireEpisode;
  const actions = steps.map(answerOf);
  const { value } = useLoaded(
    () => writeLink(episode, actions, step),
    `${record.episode_id} ${step}`,
    record.episode_id,
  );
  return value === undefined ? null : <a href={`./#${value}`}>Open in the playground</a>;
}

function Origin({ record }: { record: EpisodeRecord }) {
  const { task_id, seed, policy, policy_seed, rules, reward_mode, episode_id, group_id } = record;
  return (
    <p class="small muted origin">
      <b>{task_id}</b>, seed {seed}, rules {rules}, reward mode {reward_mode}, policy {policy} with seed {policy_seed},
      episode {episode_id} of group {group_id}
    </p>
  );
}

/** Reports if the replay differs from the record, or if there is no replay. */
function ReplayNote({ replayed: { value, error } }: { replayed: Loaded<ReplayedEpisode> }) {
  if (value?.difference !== undefined) {
    const { step, what } = value.difference;
    return (
      <p class="complaint" role="alert">
        Played again, this episode differs from its record from step {step} on: {what}. It was recorded with another
        version of the scenario or of Ghostexec. From that step on, the states come from the replay. The rewards and the
        validity above, and briefings that were recorded, come from the record.
      </p>
    );
  }
  if (error === undefined) return null;
  const why = error instanceof ApiError && error.problems.length > 0 ? error.problems.join('; ') : error.message;
  return (
    <p class="complaint" role="alert">
      This server cannot play the episode again, so only the record is shown, without states. {why}
    </p>
  );
}

type StepProps = { readonly record: EpisodeRecord; readonly step: number; readonly scene: Scene | undefined };

function Did({ record, step, scene }: StepProps) {
  const recorded = record.steps[step - 1];
  if (recorded === undefined) return <p class="muted">Nothing was done yet: the day begins.</p>;
  if (scene === undefined) return <RecordedActionView step={recorded} />;
  return <ActionView scene={{ ...scene, step_ok: recorded.step_ok, error: recorded.error }} />;
}

function Worth({ record, step, scene }: StepProps) {
  const recorded = record.steps[step - 1];
  if (recorded === undefined) return null;
  // The reasons come from the replay, so they explain its reward and not a different one.
  const isSame = scene !== undefined && Math.abs(scene.reward - recorded.reward) < 1e-9;
  return isSame ? <RewardView scene={scene} /> : <RecordedReward step={recorded} />;
}

/** @param props.scenes All scenes, up to the last one. */
function GradeCard({ scenes }: { scenes: readonly Scene[] }) {
  const scene = scenes.at(-1);
  if (scene === undefined || !isOver(scene)) return null;
  return (
    <Card title="How it ended" class="end">
      <GradeView scene={scene} />
      {scene.owed !== null && <OwedView scenes={scenes} />}
    </Card>
  );
}

function isOver({ terminated, truncated }: Scene): boolean {
  return terminated || truncated;
}

type BriefingProps = {
  readonly record: EpisodeRecord;
  readonly step: number;
  readonly scenes: readonly Scene[] | undefined;
};

/** The briefing that the policy read before this step; at the beginning, before its first step. */
function Briefing({ record, step, scenes }: BriefingProps) {
  const at = Math.max(0, step - 1);
  const textAt = (place: number): string | undefined =>
    record.steps[place]?.observation ?? scenes?.[place]?.briefing ?? undefined;
  const text = textAt(at);
  const isRecorded = typeof record.steps[at]?.observation === 'string';
  const note = text === undefined ? undefined : isRecorded ? 'as recorded' : 'from the replay';
  return (
    <Card title={`What it read before step ${at + 1}`} note={note}>
      {text === undefined ? (
        <p class="muted">The briefing was not recorded, and there is no replay to take it from.</p>
      ) : (
        <BriefingView text={text} beforeText={at === 0 ? undefined : textAt(at - 1)} />
      )}
    </Card>
  );
}

type WorldProps = {
  readonly scenes: readonly Scene[] | undefined;
  readonly step: number;
  readonly isLoading: boolean;
};

function World({ scenes, step, isLoading }: WorldProps) {
  const scene = scenes?.[step];
  if (scene === undefined) {
    if (isLoading) return <WaitingNote>Playing the episode again…</WaitingNote>;
    return scenes === undefined ? null : <p class="muted">The replay was over before this step.</p>;
  }
  const before = step === 0 ? undefined : scenes?.[step - 1];
  return (
    <>
      <GaugeStrip scene={scene} before={before} />
      <WorldPanels scene={scene} before={before} path={isOver(scene) ? undefined : scenes?.slice(0, step + 1)} />
    </>
  );
}
