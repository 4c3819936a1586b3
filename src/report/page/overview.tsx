/** The title, the findings at a glance, and the facts about the run. */
import { countText, fixed, plural } from '../../lib/text.ts';
import type { RunManifest } from '../../rollout/manifest.ts';
import { episodesOf } from '../../rollout/plan.ts';
import type { Arm } from '../figures.ts';
import type { Contents } from '../stories.ts';
import { percent } from '../words.ts';
import { ReportSection } from './parts.tsx';

export function Overview({ contents }: { contents: Contents }) {
  const { figures } = contents;
  const { arms, episodes, failed, damaged } = figures;
  const steps = sum(arms, (arm) => arm.steps);
  const invalid = sum(arms, (arm) => arm.invalid);
  const groups = sum(arms, (arm) => arm.group.groups);
  const silent = sum(arms, (arm) => arm.group.silent);
  const [paid, grade] = [meanOf(arms, (arm) => arm.returns), meanOf(arms, (arm) => arm.grades)];
  const tiles: readonly (readonly [name: string, value: string, more: string])[] = [
    ['episodes', countText(episodes), failed > 0 ? `${countText(failed)} failed` : 'all complete'],
    ['mean return', fixed(paid), arms.length === 1 ? 'per episode' : 'over all tasks'],
    ['mean grade', fixed(grade, 3), 'of 0.01 to 0.99'],
    ['invalid steps', percent(invalid / steps), `of ${countText(steps)}`],
    ['groups without signal', percent(silent / groups, 0), `of ${countText(groups)}`],
  ];
  return (
    <header>
      <h1>{titleOf(contents)}</h1>
      <p class="lead">{subtitleOf(contents)}</p>
      {episodes === 0 ? (
        <p class="notice">
          This run holds no episodes{damaged > 0 ? ' that can be read' : ''}, so there is nothing to show.
        </p>
      ) : (
        <>
          <dl class="tiles">
            {tiles.map(([name, value, more]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
                <dd class="more">{more}</dd>
              </div>
            ))}
          </dl>
          <ul class="glance">
            {findings(contents).map((finding) => (
              <li key={finding}>{finding}</li>
            ))}
          </ul>
        </>
      )}
      {problems(contents).map((problem) => (
        <p key={problem} class="notice">
          {problem}
        </p>
      ))}
    </header>
  );
}

export function titleOf({ figures, manifest }: Contents): string {
  const policies = new Set(figures.arms.map(({ setting }) => setting.policy));
  if (policies.size === 0 && manifest !== undefined) policies.add(manifest.plan.policy);
  const tasks = [...new Set(figures.arms.map(({ setting }) => setting.task_id))];
  const what = tasks.length === 1 ? (tasks[0] ?? '') : plural(tasks.length, 'task');
  return policies.size === 0 ? 'Rollout report' : `${[...policies].join(', ')} on ${what}`;
}

function subtitleOf({ figures, manifest }: Contents): string {
  const rules = [...new Set(figures.arms.map(({ setting }) => setting.rules))];
  const modes = [...new Set(figures.arms.map(({ setting }) => setting.reward_mode))];
  const parts = ['Ghostexec rollout report'];
  if (rules.length > 0) parts.push(`rules ${rules.join(' and ')}`, `reward mode ${modes.join(' and ')}`);
  if (manifest !== undefined) parts.push(`groups of ${manifest.plan.groupSize}`, `seed ${manifest.plan.seed}`);
  return parts.join(' \u00b7 ');
}

function problems({ figures, manifest, manifestProblem }: Contents): string[] {
  const { damaged, episodes, failed } = figures;
  const found: string[] = [];
  if (manifestProblem !== undefined) found.push(manifestProblem);
  if (damaged > 0)
    found.push(
      `${plural(damaged, 'line')} of the file could not be read and ${damaged === 1 ? 'is' : 'are'} left out.`,
    );
  if (failed > 0) found.push(`${plural(failed, 'episode')} failed; returns and grades only cover the others.`);
  if (manifest !== undefined && manifest.status !== 'complete') {
    found.push(
      `The run is ${manifest.status}: ${countText(episodes)} of ${countText(plannedEpisodes(manifest))} episodes are on record.`,
    );
  }
  return found;
}

const LIST = new Intl.ListFormat('en-GB');

/** Notable results, one sentence each. */
function findings({ figures }: Contents): string[] {
  const { arms, steps } = figures;
  const found: string[] = [];
  const graded = arms.filter(({ grade }) => grade.mean !== undefined);
  const ordered = [...graded].sort((a, b) => (b.grade.mean ?? 0) - (a.grade.mean ?? 0));
  const [first, last] = [ordered[0], ordered.at(-1)];
  if (first !== undefined && last !== undefined && first !== last) {
    found.push(
      `The best grades are for ${first.label} (mean ${fixed(first.grade.mean, 3)}), the worst for ${last.label} (mean ${fixed(last.grade.mean, 3)}).`,
    );
  }
  const silent = arms.filter(({ group }) => group.groups > 0 && group.silent === group.groups);
  if (silent.length === arms.length && arms.length > 0) {
    found.push(
      'No group carries a signal: all episodes of a group earn the same, so every advantage is 0 and a group-relative method learns nothing.',
    );
  } else if (silent.length > 0) {
    found.push(
      `No group of ${LIST.format(silent.map(({ label }) => label))} carries a signal: all episodes of a group earn the same.`,
    );
  }
  const [reason] = steps.byReason();
  const total = sum(arms, (arm) => arm.invalid);
  if (reason === undefined) found.push('No action was invalid.');
  else {
    const { reason: told, example } = reason;
    found.push(
      `${percent(total / sum(arms, (arm) => arm.steps))} of the steps were invalid; the most frequent reason, ${percent(reason.count / total, 0)} of them${told === example ? '' : ', for example'}: ${example.replace(/[\s.:\u2026]+$/, '')}.`,
    );
  }
  return found;
}

export function RunFacts({ contents }: { contents: Contents }) {
  const { manifest } = contents;
  if (manifest === undefined) return null;
  const { plan, versions, seeds, execution, scenario_hashes, status, episodes_written } = manifest;
  const facts: (readonly [string, string])[] = [
    ['policy', plan.policy],
    ['tasks', plan.tasks.join(', ')],
    ['rules', plan.rules],
    ['reward mode', plan.rewardMode],
    [
      'episodes',
      `${countText(episodes_written)} of ${countText(plannedEpisodes(manifest))}, in groups of ${plan.groupSize}`,
    ],
    ['status', status],
    ['root seed', String(seeds.root)],
    ['seeds', seeds.derivation],
    ['observations', plan.observations],
    ['versions', `ghostexec ${versions.ghostexec}, Node ${versions.node}`],
    ['played', execution.url === undefined ? `by ${plural(execution.workers, 'worker')}` : `on ${execution.url}`],
  ];
  return (
    <ReportSection id="run" title="What was run">
      <Facts facts={facts} />
      <details>
        <summary>Hashes of the scenarios</summary>
        <Facts facts={Object.entries(scenario_hashes)} />
      </details>
    </ReportSection>
  );
}

function Facts({ facts }: { facts: readonly (readonly [name: string, value: string])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function sum(arms: readonly Arm[], of: (arm: Arm) => number): number {
  return arms.reduce((total, arm) => total + of(arm), 0);
}

function meanOf(arms: readonly Arm[], of: (arm: Arm) => readonly number[]): number | undefined {
  const size = sum(arms, (arm) => of(arm).length);
  return size === 0 ? undefined : sum(arms, (arm) => of(arm).reduce((total, one) => total + one, 0)) / size;
}

/** The number of episodes of the run, or of its shard. */
function plannedEpisodes({ plan, shard }: RunManifest): number {
  const { first, end } = episodesOf(plan, shard);
  return end - first;
}
