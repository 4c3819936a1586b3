/** One episode: its results, then its transcript, or one step at a time with the state of the world. */

import type { ComponentChildren } from 'preact';

import { fixed, signed } from '../../lib/text.ts';
import { answerOf } from '../../records/recorded-answer.ts';
import type { EpisodeRecord, EpisodeSummary } from '../../records/schema.ts';
import type { RunInfo, WireEpisode } from '../../server/web/api.ts';
import { ActionView } from '../panels/action.tsx';
import { BriefingView } from '../panels/briefing.tsx';
import { GaugeStrip, tone } from '../panels/gauges.tsx';
import { PotentialChart } from '../panels/potentials.tsx';
import { RewardView } from '../panels/reward.tsx';
import { WorldPanels } from '../panels/world-panels.tsx';
import { writeLink } from '../playground/link.ts';
import { Card, Complaint } from '../shared/frame.tsx';
import { type Loaded, linkTo, number, useLoaded, useStep, useView } from './link.ts';
import { StatusBadge, successText, WaitingNote } from './notes.tsx';
import {
  askedFor,
  briefingAt,
  GradeCard,
  isOver,
  NO_BRIEFING,
  type ReplayedEpisode,
  replayRecord,
  stepOf,
} from './replayed.tsx';
import { RewardStrip, Scrubber } from './reward-strip.tsx';
import { store } from './store.ts';
import { NotesOfEpisode, Transcript } from './transcript.tsx';

// The results of an episode in one line.

function EpisodeFacts({ summary }: { summary: EpisodeSummary }) {
  const { return: sum, grade, success, success_grade: least, advantage, length, invalid_steps: invalid } = summary;
  const facts: [name: string, value: ComponentChildren, look?: string][] = [
    ['Status', <StatusBadge key="status" summary={summary} />],
    ['Return', signed(sum, 3), tone(sum)],
    ['Grade', fixed(grade, 3)],
    [`Success (grade ≥ ${least})`, successText(success), success === true ? 'good-text' : ''],
    ['Advantage', signed(advantage, 2), tone(advantage)],
    ['Steps', String(length)],
    ['Invalid', String(invalid), invalid > 0 ? 'bad-text' : ''],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value, look = '']) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={look}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

type EpisodePageProps = {
  readonly run: RunInfo | undefined;
  /** Whether all runs are known: a run that is undefined does not exist then. */
  readonly areKnown: boolean;
};

export function EpisodePage({ run, areKnown }: EpisodePageProps) {
  const view = useView();
  const at = number(view.row);
  const isAwaited = run === undefined ? !areKnown : !run.done && at >= run.episodes;
  if (isAwaited) return <WaitingNote>Looking for the episode…</WaitingNote>;
  return <LoadedEpisode id={view.run ?? ''} run={run} at={at} />;
}

function LoadedEpisode({ id, run, at }: Pick<EpisodePageProps, 'run'> & { id: string; at: number }) {
  const { value: record, error } = useLoaded(() => store.record(id, at), `${id} ${at}`);
  if (error !== undefined) return <Complaint error={error} />;
  if (record === undefined) return <WaitingNote>Reading the episode…</WaitingNote>;
  return <Episode run={run} record={record} at={at} />;
}

type EpisodeProps = {
  readonly run: RunInfo | undefined;
  readonly record: EpisodeRecord;
  readonly at: number;
};

function Episode({ run, record, at }: EpisodeProps) {
  const view = useView();
  const replayed = useLoaded(() => replayRecord(record, run), record.episode_id);
  const [step, setStep] = useStep(record.steps.length);
  return (
    <div class="episode">
      <header class="episode-head">
        <EpisodeFacts summary={record} />
        <Ways run={run} record={record} at={at} step={step} />
      </header>
      <Origin record={record} />
      <NotesOfEpisode record={record} />
      {record.error !== null && <Complaint error={{ message: failureText(record) }} />}
      <ReplayNote replayed={replayed} />
      {view.view === 'transcript' ? (
        <Transcript record={record} replayed={replayed} step={step} />
      ) : (
        <StepByStep record={record} replayed={replayed} step={step} onStep={setStep} />
      )}
    </div>
  );
}

function failureText({ error, failure }: EpisodeRecord): string {
  if (failure !== 'infrastructure') return `The episode failed: ${error}`;
  return `The episode was not played to its end, which is not the fault of the policy; --resume plays it again: ${error}`;
}

type StepByStepProps = {
  readonly record: EpisodeRecord;
  readonly replayed: Loaded<ReplayedEpisode>;
  readonly step: number;
  readonly onStep: (step: number) => void;
};

/** One step at a time, with the state of the world after it. */
function StepByStep({ record, replayed, step, onStep }: StepByStepProps) {
  const scenes = replayed.value?.scenes;
  const scene = scenes?.[step];
  const shown = stepOf(record, step, scene);
  const last = record.steps.length;
  // The briefing that the policy read before this step; at the beginning, before its first step.
  const at = Math.max(0, step - 1);
  const read = briefingAt(record, scenes, at);
  return (
    <>
      <Scrubber step={step} last={last} onStep={onStep} />
      <RewardStrip record={record} step={step} onStep={onStep} />
      <div class="episode-body">
        <div class="column">
          <Card title={step === 0 ? 'The beginning' : `What it did in step ${step}`}>
            {shown === undefined ? (
              <p class="muted">Nothing was done yet: the day begins.</p>
            ) : (
              <ActionView scene={shown} />
            )}
          </Card>
          {shown !== undefined && (
            <Card title="What that was worth">
              <RewardView scene={shown} />
            </Card>
          )}
          {scene !== undefined && step === last && <GradeCard scenes={(scenes ?? []).slice(0, step + 1)} />}
          {scenes !== undefined && scenes.length > 1 && (
            <Card title="Over the episode">
              <PotentialChart scenes={scenes} current={Math.min(step, scenes.length - 1)} />
            </Card>
          )}
          <Card title={`What it read before step ${at + 1}`} note={read?.from}>
            {read === undefined ? (
              <p class="muted">{NO_BRIEFING}</p>
            ) : (
              <BriefingView
                text={read.text}
                beforeText={at === 0 ? undefined : briefingAt(record, scenes, at - 1)?.text}
              />
            )}
          </Card>
        </div>
        <div class="column">
          {scene === undefined && replayed.isLoading && <WaitingNote>Playing the episode again…</WaitingNote>}
          {scene === undefined && scenes !== undefined && <p class="muted">The replay was over before this step.</p>}
          {scene !== undefined && (
            <>
              <GaugeStrip scene={scene} before={scenes?.[step - 1]} />
              <WorldPanels
                scene={scene}
                before={scenes?.[step - 1]}
                path={isOver(scene) ? undefined : scenes?.slice(0, step + 1)}
              />
            </>
          )}
        </div>
      </div>
    </>
  );
}

const VIEWS = [
  ['transcript', 'Transcript'],
  ['episode', 'Step by step'],
] as const;

function Ways({ run, record, at, step }: EpisodeProps & { step: number }) {
  const view = useView();
  const to = (row: number): string => linkTo({ ...view, row, step: undefined });
  return (
    <nav class="ways row" aria-label="Other views and episodes">
      {VIEWS.map(([name, title]) => (
        <a key={name} href={linkTo({ ...view, view: name })} aria-current={name === view.view ? 'page' : undefined}>
          {title}
        </a>
      ))}
      {at > 0 && <a href={to(at - 1)}>Episode {at - 1}</a>}
      {run !== undefined && at + 1 < run.episodes && <a href={to(at + 1)}>Episode {at + 1}</a>}
      <a href={linkTo({ ...view, view: 'group', of: record.group_id, step })}>Its group side by side</a>
      <PlaygroundLink record={record} run={run} step={step} />
    </nav>
  );
}

/** The same episode in the playground, at this step. */
function PlaygroundLink({ record, run, step }: Pick<EpisodeProps, 'record' | 'run'> & { step: number }) {
  // The values come from a file and are not checked here; the playground checks them.
  const episode = askedFor(record, run) as WireEpisode;
  const actions = record.steps.map(answerOf);
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
  return (
    <Complaint error={error}>
      This server cannot play the episode again, so only the record is shown, without states.
    </Complaint>
  );
}
