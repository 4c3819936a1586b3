/** Compares the estimate of the memory of a compiled scenario with the heap after garbage collection. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { COSTLY_DOCUMENTS } from '../../bench/costly-documents.ts';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { RULES } from '../../src/sim/rules.ts';

type Found = {
  readonly measured: number;
  readonly estimated: number;
  readonly episodeMeasured: number;
  readonly episodeEstimated: number;
};

const COSTLY = [
  'meetings one after the other, to the end of time',
  'emails with long ids that begin alike',
  'one long email',
  'tasks due one after the other',
  'contacts',
  'events that wait for one another',
  'something of everything',
];

const DOCUMENTS: readonly (readonly [string, unknown])[] = [
  ...COSTLY.map((name) => [name, COSTLY_DOCUMENTS[name]] as const),
  ...['phase2_core', 'monday_morning', 'dinner_disaster'].map((id) => [id, loadTask(id)] as const),
];

describe.each(RULES)('rules %s', (rules) => {
  const playable = DOCUMENTS.filter(([name]) => COSTLY_DOCUMENTS[name]?.refused?.[rules] === undefined);

  test('it lies between 0.3 and 3 times of what is measured, and no document holds 50 MiB', async () => {
    const child = fork(new URL('measure-retained.mjs', import.meta.url), { execArgv: ['--expose-gc'] });
    onTestFinished(() => void child.kill());
    const told = once(child, 'message', { signal: AbortSignal.timeout(100_000) });
    child.send(
      playable.map(([, document]) => {
        const { scenario, drift } = document as { scenario: unknown; drift?: unknown };
        return { text: JSON.stringify({ scenario, drift }), rules };
      }),
    );
    const [found] = (await told) as [Found[]];
    expect(found).toHaveLength(playable.length);
    // An empty scenario is small, and other activity in the heap may be larger.
    const small = rules === 'v1' ? ['events that wait for one another'] : [];
    for (const [index, [name]] of playable.entries()) {
      const { measured = 0, estimated = 0, episodeMeasured = 0, episodeEstimated = 0 } = found[index] ?? {};
      expect(measured, name).toBeLessThan(50 * 2 ** 20);
      expect(episodeEstimated / episodeMeasured, `an episode of ${name}`).toBeGreaterThan(0.3);
      expect(episodeEstimated / episodeMeasured, `an episode of ${name}`).toBeLessThan(3);
      if (small.includes(name)) continue;
      expect(estimated / measured, name).toBeGreaterThan(0.3);
      expect(estimated / measured, name).toBeLessThan(3);
    }
  });
});
