/** Lets a policy play on from the current node: one step, or the rest of the episode. */
import { useState } from 'preact/hooks';
import { Card } from '../shared/card.tsx';

const ABOUT: Readonly<Record<string, string>> = {
  greedy: 'reads the briefing, plans one step',
  random: 'draws valid and invalid actions',
  do_nothing: 'lets time pass',
  oracle: 'plays the best known plan',
};

type PoliciesProps = {
  readonly policies: readonly string[];
  readonly isOver: boolean;
  readonly onAsk: (policy: string, seed: number, steps: 1 | 'rest') => void;
};

export function Policies({ policies, isOver, onAsk }: PoliciesProps) {
  const [policy, setPolicy] = useState('greedy');
  const [seed, setSeed] = useState(0);
  const ask = (steps: 1 | 'rest') => (): void => {
    if (!isOver) onAsk(policy, seed, steps);
  };
  return (
    <Card title="Let a policy play" class="policies">
      <div class="policy-row">
        <div>
          <label for="policy">Policy</label>
          <select id="policy" value={policy} onChange={({ currentTarget }) => setPolicy(currentTarget.value)}>
            {policies.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
        {policy === 'random' && (
          <div class="policy-seed">
            <label for="policy-seed">Its seed</label>
            <input
              id="policy-seed"
              type="number"
              min="0"
              max={Number.MAX_SAFE_INTEGER}
              step="1"
              value={seed}
              onInput={({ currentTarget }) => setSeed(Math.max(0, Math.trunc(currentTarget.valueAsNumber || 0)))}
            />
          </div>
        )}
        <span class="policy-buttons">
          <button type="button" aria-disabled={isOver} onClick={ask(1)}>
            One step
          </button>
          <button type="button" aria-disabled={isOver} onClick={ask('rest')}>
            The rest
          </button>
        </span>
      </div>
      <p class="small muted">{ABOUT[policy] ?? ''}</p>
    </Card>
  );
}
