/** Chooses the step to show: with a slider, buttons, the arrow keys anywhere on the page, or by automatic playback. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

const PLAY_MS = 900;

type ScrubberProps = {
  /** The current step; 0 is the beginning. */
  readonly step: number;
  readonly last: number;
  readonly onStep: (step: number) => void;
  readonly children?: ComponentChildren;
};

export function Scrubber({ step, last, onStep, children }: ScrubberProps) {
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
      {children}
    </section>
  );
}

/** Whether the target itself uses the arrow keys: an input field, a list or a scroll area. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, select, textarea, summary, .scroll') !== null;
}
