/** The result of the last step, beside the button that played it. */
import { useEffect, useRef } from 'preact/hooks';
import type { Scene } from '../../rollout/replay/scene.ts';
import { tone } from '../panels/gauges.tsx';
import { priceOf } from '../panels/reward-split.ts';
import { signed } from '../shared/format.ts';

export function Outcome({ scene, onUndo }: { scene: Scene; onUndo: () => void }) {
  const { step, step_ok: isOk, error, detail, reward } = scene;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOk) place.current?.scrollIntoView({ block: 'nearest' });
  }, [scene, isOk]);
  if (step === 0) return null;
  if (isOk) {
    return (
      <p class="outcome small">
        <span class="good-text">✓</span> Step {step}: {detail} <b class={tone(reward)}>{signed(reward)}</b>
      </p>
    );
  }
  const price = priceOf(scene);
  return (
    <div class="outcome mend" ref={place}>
      <p>
        <b>That did not work:</b> {error ?? detail}
      </p>
      <p class="row small">
        <button type="button" onClick={onUndo}>
          ↶ Take it back
        </button>
        <span>{price === 0 ? '' : `The step cost ${signed(price)}. `}What you typed is still here.</span>
      </p>
    </div>
  );
}
