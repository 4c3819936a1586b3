/** Selects what to play: task or scenario, drift, ruleset, reward mode, seed. */

import { useState } from 'preact/hooks';
import { TERMS } from '../../analysis/terms.ts';
import { groupBy } from '../../lib/group.ts';
import { parseJson } from '../../lib/text.ts';
import type { EpisodeInput, PlayOptions, TaskOption, WireEpisode } from '../../server/web/api.ts';
import { SelectField } from '../shared/fields.tsx';

// Groups the tasks for the picker. Pure.

/** Variants of one scenario are grouped under its name, all other tasks under their difficulty; in their original order. */
export function groupTasks(tasks: readonly TaskOption[]): { title: string; tasks: TaskOption[] }[] {
  const variants = groupBy(tasks, ({ group }) => group);
  const groups = groupBy(tasks, ({ group, difficulty }) =>
    (variants.get(group)?.length ?? 0) > 1 ? group : difficulty,
  );
  return [...groups].map(([title, members]) => ({ title, tasks: members }));
}

// A custom scenario document: pasted, or opened from a file.

type OwnScenarioProps = { readonly setup: EpisodeInput; readonly onBegin: (setup: EpisodeInput) => void };

function OwnScenario({ setup, onBegin }: OwnScenarioProps) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  const open = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setText(await file.text());
    setProblem('');
  };
  const play = (): void => {
    let scenario: unknown;
    try {
      scenario = parseJson(text);
    } catch (error) {
      setProblem(`This is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    setProblem('');
    const { task_id: _, ...rest } = setup;
    onBegin({ ...rest, scenario });
  };
  return (
    <details class="own-scenario">
      <summary>A custom scenario</summary>
      <div class="own-grid">
        <div>
          <label for="own-text">Scenario document (JSON, as docs/SCENARIOS.md describes it)</label>
          <textarea
            id="own-text"
            rows={8}
            spellcheck={false}
            value={text}
            aria-describedby="own-problem"
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </div>
        <div class="row">
          <label for="own-file">or a file</label>
          <input
            id="own-file"
            type="file"
            accept=".json,application/json"
            onChange={({ currentTarget }) => open(currentTarget.files?.[0])}
          />
          <button type="button" class="primary" aria-disabled={text.trim() === ''} onClick={play}>
            Play this scenario
          </button>
        </div>
        <p id="own-problem" class="bad-text" aria-live="polite">
          {problem}
        </p>
      </div>
    </details>
  );
}

type PickerProps = {
  readonly options: PlayOptions;
  readonly setup: EpisodeInput;
  readonly playing: WireEpisode | undefined;
  readonly onSetup: (setup: EpisodeInput) => void;
  readonly onBegin: (setup: EpisodeInput) => void;
};

export function Picker({ options, setup, playing, onSetup, onBegin }: PickerProps) {
  const { tasks, drifts, rules, reward_modes: modes } = options;
  const isOwn = setup.scenario !== undefined;
  const task = tasks.find(({ task_id }) => task_id === setup.task_id);
  const change = (part: EpisodeInput): void => onSetup({ ...setup, ...part });
  const differs = playing === undefined || JSON.stringify(sorted(setup)) !== JSON.stringify(sorted(playing));
  return (
    <section class="card picker" aria-label="What to play">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onBegin(setup);
        }}
      >
        <SelectField
          class="pick-task"
          label="Task"
          value={isOwn ? '' : (setup.task_id ?? '')}
          onValue={(value) => {
            const { scenario: _, drift: __, ...rest } = setup;
            onSetup({ ...rest, task_id: value });
          }}
        >
          {isOwn && <option value="">a custom scenario</option>}
          {groupTasks(tasks).map(({ title, tasks: members }) => (
            <optgroup key={title} label={title}>
              {members.map(({ task_id, difficulty }) => (
                <option key={task_id} value={task_id}>
                  {title === difficulty ? task_id : `${task_id} (${difficulty})`}
                </option>
              ))}
            </optgroup>
          ))}
        </SelectField>
        <SelectField
          class="pick-drift"
          label="Drift"
          title={TERMS.drift}
          value={driftName(setup.drift)}
          options={drifts
            .filter((id) => isOwn || id !== setup.task_id)
            .map((id) => [`task:${id}`, `the drift of ${id}`] as const)}
          onValue={(value) => change(driftOf(value))}
        >
          <option value="own">{task?.has_drift === true ? 'the drift of the task' : 'the task has none'}</option>
          <option value="none">none</option>
          {typeof setup.drift === 'object' && <option value="document">a custom document</option>}
        </SelectField>
        <SelectField
          class="pick-rules"
          label="Rules"
          options={rules}
          value={setup.rules ?? ''}
          onValue={(value) => change({ rules: rules.find((one) => one === value) })}
        />
        <SelectField
          class="pick-reward"
          label="Reward"
          options={modes}
          value={setup.reward_mode ?? ''}
          onValue={(value) => change({ reward_mode: modes.find((one) => one === value) })}
        />
        <div class="pick-seed">
          <label for="pick-seed">Seed</label>
          <input
            id="pick-seed"
            type="number"
            min="0"
            max={Number.MAX_SAFE_INTEGER}
            step="1"
            placeholder="any"
            value={setup.seed ?? ''}
            onInput={({ currentTarget: { value } }) => change({ seed: value === '' ? undefined : Number(value) })}
          />
        </div>
        <button type="submit" class={differs ? 'primary' : ''}>
          {differs ? 'Begin' : 'Begin again'}
        </button>
      </form>
      <div class="picker-more">
        {task !== undefined && !isOwn && (
          <details>
            <summary>About this task</summary>
            <p class="small">{task.description}</p>
            {task.has_drift && <p class="small muted">{TERMS.drift}</p>}
          </details>
        )}
        <OwnScenario setup={setup} onBegin={onBegin} />
      </div>
    </section>
  );
}

function driftName(drift: unknown): string {
  if (drift === undefined || drift === null || drift === true) return 'own';
  if (drift === false || drift === 'none') return 'none';
  return typeof drift === 'string' ? `task:${drift}` : 'document';
}

function driftOf(name: string): EpisodeInput {
  if (name === 'own') return { drift: undefined };
  return { drift: name === 'none' ? 'none' : name.replace(/^task:/, '') };
}

/** With keys in sorted order and without undefined values. */
function sorted(setup: EpisodeInput): unknown {
  return Object.entries(setup)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
