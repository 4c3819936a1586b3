/** Episodes as stories, step by step. */
import { fixed, plural, signed } from '../../lib/text.ts';
import type { ArmStories, Contents, Story, StoryStep } from '../stories.ts';
import { ReportSection } from './parts.tsx';

const KINDS = { best: 'Best episode', worst: 'Worst episode', median: 'Median episode' } as const;

export function Stories({ contents }: { contents: Contents }) {
  if (contents.stories.length === 0) return null;
  return (
    <ReportSection id="stories" title="Episodes to read">
      <p class="muted">
        The best, the worst and the median episode of each task by return, the first one where several earn the same.
        Amounts are parts of the reward; the number below a reward is the return so far.
      </p>
      {contents.stories.map((one, index) => (
        <ArmSection key={one.arm.label} one={one} id={`stories-${index + 1}`} />
      ))}
    </ReportSection>
  );
}

function ArmSection({ one: { arm, stories }, id }: { one: ArmStories; id: string }) {
  const [briefing] = stories.flatMap(({ story }) => story.briefing ?? []);
  const [beside, folded] = [
    stories.filter(({ kind }) => kind !== 'median'),
    stories.filter(({ kind }) => kind === 'median'),
  ];
  return (
    <>
      <h3 id={id}>{arm.label}</h3>
      {arm.picks?.areEqual === true && arm.returns.length > 1 ? (
        <p>All {arm.returns.length} complete episodes earn the same; this is the first of them.</p>
      ) : null}
      {briefing === undefined ? null : (
        <details>
          <summary>What the policy reads first</summary>
          <pre>{briefing}</pre>
        </details>
      )}
      <div class="stories">
        {beside.map(({ kind, story }) => (
          <StoryArticle key={kind} title={stories.length === 1 ? 'The episode' : KINDS[kind]} story={story} />
        ))}
      </div>
      {folded.map(({ kind, story }) => (
        <details key={kind}>
          <summary>
            {KINDS[kind]}: return {fixed(story.record.return)}
          </summary>
          <StoryArticle title={KINDS[kind]} story={story} />
        </details>
      ))}
    </>
  );
}

function StoryArticle({ title, story }: { title: string; story: Story }) {
  const { record, steps, more, unreplayed, end, grade } = story;
  return (
    <article>
      <header>
        <h4>
          {title}: return {fixed(record.return)}
          {record.grade === null ? '' : `, grade ${fixed(record.grade, 3)}`}
        </h4>
        <span class="muted">
          {record.episode_id}, {plural(record.length, 'step')}, {record.invalid_steps} invalid
        </span>
      </header>
      {unreplayed === undefined ? null : (
        <p class="notice">
          From the record alone, without times and reasons, because the episode could not be replayed: {unreplayed}
        </p>
      )}
      <ol class="steps">
        {steps.map((step) => (
          <Step key={step.step} step={step} />
        ))}
      </ol>
      {more === 0 ? null : <p class="muted">{plural(more, 'more step')} not shown.</p>}
      <div class="end">
        <p>
          <strong>{end}.</strong> Return {fixed(record.return)}
          {record.grade === null ? ', no grade' : `, grade ${fixed(record.grade, 3)}`}.
        </p>
        {grade.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
    </article>
  );
}

function Step({ step }: { step: StoryStep }) {
  const { time, deed, said, ok, outcome, news, reward, total, reasons } = step;
  return (
    <li>
      <span class="when">{time ?? `step ${step.step}`}</span>
      <div class="what">
        {deed}
        {said === undefined ? null : <p class="said">“{said}”</p>}
        {outcome === '' ? null : (
          <p class={ok ? 'muted' : 'bad'}>
            {ok ? '' : 'Invalid: '}
            {outcome}
          </p>
        )}
        {news.map((one) => (
          <p key={one}>{one}</p>
        ))}
        {reasons.length === 0 ? null : (
          <ul class="reasons">
            {reasons.map(({ text, amount }) => (
              <li key={text}>
                <span>{signed(amount, Math.abs(amount) < 0.01 ? 3 : 2)}</span> {text}
              </li>
            ))}
          </ul>
        )}
      </div>
      <span class={`pay ${reward > 0 ? 'good' : reward < 0 ? 'bad' : 'muted'}`}>
        {signed(reward)}
        <small>{fixed(total)}</small>
      </span>
    </li>
  );
}
