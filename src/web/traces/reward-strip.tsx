/** The reward of each step as a bar, and the return as a line over the bars. A click on a bar shows its step. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { fixed, signed } from '../../lib/text.ts';
import type { EpisodeRecord } from '../../records/schema.ts';
import { FigureTable } from '../shared/fields.tsx';
import { returnsOf } from './replayed.tsx';

// Chooses the step to show: with a slider, buttons, the arrow keys anywhere on the page, or by automatic playback.

const PLAY_MS = 900;

type ScrubberProps = {
  /** The current step; 0 is the beginning. */
  readonly step: number;
  readonly last: number;
  readonly onStep: (step: number) => void;
};

export function Scrubber({ step, last, onStep }: ScrubberProps) {
  const [isPlaying, setPlaying] = useState(false);
  // Key presses may come faster than the page is drawn.
  const at = useRef(step);
  at.current = step;
  const go = (to: number): void => {
    at.current = Math.min(last, Math.max(0, to));
    onStep(at.current);
  };

  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || isTyping(event.target)) return;
      const to = { ArrowLeft: at.current - 1, ArrowRight: at.current + 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      go(to);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  });

  useEffect(() => {
    if (!isPlaying) return;
    if (step >= last) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => go(step + 1), PLAY_MS);
    return () => clearTimeout(timer);
  });

  return (
    <section class="scrubber" aria-label="Steps">
      <button type="button" aria-label="Previous step" disabled={step === 0} onClick={() => go(step - 1)}>
        ◀
      </button>
      <button
        type="button"
        class="play"
        disabled={last === 0}
        onClick={() => {
          if (!isPlaying && step >= last) go(0);
          setPlaying(!isPlaying);
        }}
      >
        {isPlaying ? 'Pause' : 'Play'}
      </button>
      <button type="button" aria-label="Next step" disabled={step >= last} onClick={() => go(step + 1)}>
        ▶
      </button>
      <input
        type="range"
        min={0}
        max={last}
        value={step}
        aria-label="Step"
        aria-valuetext={`Step ${step} of ${last}`}
        onInput={(event) => go(Number(event.currentTarget.value))}
      />
      <output class="step-name">
        {step === 0 ? 'Beginning' : `Step ${step}`} <span class="muted">of {last}</span>
      </output>
    </section>
  );
}

/** Whether the target itself uses the arrow keys: an input field, a list or a scroll area. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, select, textarea, summary, .scroll') !== null;
}

const HEIGHT = 60;

type RewardStripProps = {
  readonly record: EpisodeRecord;
  readonly step: number;
  readonly onStep: (step: number) => void;
};

export function RewardStrip({ record, step, onStep }: RewardStripProps) {
  const { steps } = record;
  const returns = returnsOf(record);
  if (steps.length === 0) return <p class="muted">No step was recorded.</p>;
  const most = Math.max(0.01, ...steps.map(({ reward }) => Math.abs(reward)));
  const low = Math.min(...returns);
  const high = Math.max(...returns, low + 0.01);
  const y = (value: number): number => HEIGHT - 4 - ((value - low) / (high - low)) * (HEIGHT - 8);
  const x = (at: number): number => ((at - 0.5) / steps.length) * 100;
  const line = returns.slice(1).map((value, at) => `${x(at + 1)},${y(value)}`);
  return (
    <figure class="strip">
      <figcaption class="small muted">
        Rewards as bars, the return as a line: {signed(returns[step] ?? 0, 3)} up to{' '}
        {step === 0 ? 'here' : `step ${step}`}, {signed(returns.at(-1) ?? 0, 3)} at the end.
      </figcaption>
      <div class="strip-plot">
        <div class="strip-bars">
          {steps.map(({ reward, step_ok: isOk }, at) => (
            <button
              key={`step ${at + 1}`}
              type="button"
              tabIndex={-1}
              class={`${at + 1 === step ? 'current' : ''} ${isOk ? '' : 'invalid'}`}
              aria-label={`Step ${at + 1}: reward ${signed(reward, 3)}${isOk ? '' : ', invalid'}`}
              title={`Step ${at + 1}: ${signed(reward, 3)}${isOk ? '' : ', invalid'}`}
              aria-current={at + 1 === step ? 'step' : undefined}
              onClick={() => onStep(at + 1)}
            >
              <span
                class={reward < 0 ? 'strip-bar loss' : 'strip-bar gain'}
                style={{
                  height: `${(Math.abs(reward) / most) * 46}%`,
                  ...(reward < 0 ? { top: '50%' } : { bottom: '50%' }),
                }}
              />
              {!isOk && <span class="mark">✗</span>}
            </button>
          ))}
        </div>
        <svg viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <title>Return</title>
          <polyline points={line.join(' ')} />
        </svg>
      </div>
      <details>
        <summary>Figures</summary>
        <FigureTable
          caption="Rewards and returns"
          head={['step', 'reward', 'return', 'valid']}
          rows={steps.map(({ reward, step_ok: isOk }, at) => ({
            name: String(at + 1),
            cells: [signed(reward, 3), fixed(returns[at + 1] ?? 0, 3), isOk ? 'yes' : 'no'],
          }))}
        />
      </details>
    </figure>
  );
}
