/** The cost of the costliest documents that a server accepts: the time from JSON to the first briefing. */

import { loadTask } from '#dist/scenarios/shipped.js';
import type { Rules } from '#dist/sim/rules.js';
import { SoloEnv } from '#dist/vector/solo-env.js';
import { compileSpec, loadSpec } from '#dist/vector/spec.js';
import { COSTLY_DOCUMENTS, type CostlyDocument } from './costly-documents.js';
import type { Group } from './group.js';
import { interleave } from './interleave.js';
import { type Measure, measureOf } from './measure.js';

/** A round of all documents takes seconds, so there are few rounds. */
const MOST_ROUNDS = 5;
const RULESETS = ['v1', 'v2'] as const satisfies readonly Rules[];
/** A document of usual size, for comparison. */
const USUAL = 'monday_morning';
const USUAL_RUNS = 20;

export const documents: Group = {
  name: 'documents',
  figures: {
    costly_document_v1_ms: {
      what: 'ms, the costliest document of those in bench/costly-documents.ts, from JSON to the first briefing; rules v1',
      goal: { most: 250 },
    },
    costly_document_v2_ms: { what: 'the same, rules v2', goal: { most: 250 } },
    usual_document_ms: { what: 'ms, monday_morning as an inline document, rules v2' },
    costly_ratio: { what: 'the costliest document / monday_morning, rules v2' },
  },
  measure: measureDocuments,
};

async function measureDocuments(rounds: number, smoke: boolean): Promise<Record<string, Measure>> {
  const usual = JSON.stringify({ scenario: loadTask(USUAL).scenario });
  const runs = smoke ? 1 : USUAL_RUNS;
  const names = Object.keys(COSTLY_DOCUMENTS).slice(0, smoke ? 2 : undefined);
  const texts = new Map(names.map((name) => [name, JSON.stringify(COSTLY_DOCUMENTS[name])]));
  const variants = RULESETS.flatMap((rules) =>
    [...texts].map(([name, text]) => [keyOf(rules, name), { run: () => begin(text, rules) }] as const),
  );
  const times: Readonly<Record<string, readonly number[]>> = await interleave<string>(
    {
      ...Object.fromEntries(variants),
      [USUAL]: {
        run: () => {
          for (let run = 0; run < runs; run++) begin(usual, 'v2');
        },
      },
    },
    smoke ? 1 : Math.min(rounds, MOST_ROUNDS),
  );
  const usualTimes = (times[USUAL] ?? []).map((time) => time / runs);
  const costliest = (rules: Rules): readonly number[] => {
    const all = names.map((name) => ({ name, samples: times[keyOf(rules, name)] ?? [] }));
    const sorted = all.toSorted((a, b) => measureOf(b.samples).median - measureOf(a.samples).median);
    for (const { name, samples } of sorted) {
      const { min, median } = measureOf(samples);
      console.error(`  ${rules} ${name}: best ${min.toFixed(1)} ms, median ${median.toFixed(1)} ms`);
    }
    return sorted[0]?.samples ?? [];
  };
  const [first, second] = [costliest('v1'), costliest('v2')];
  return {
    costly_document_v1_ms: measureOf(first),
    costly_document_v2_ms: measureOf(second),
    usual_document_ms: measureOf(usualTimes),
    costly_ratio: measureOf(second.map((time, round) => time / (usualTimes[round] ?? Number.NaN))),
  };
}

function keyOf(rules: Rules, name: string): string {
  return `${rules} ${name}`;
}

/** Does what a reset with an inline document does first. A refused document takes the same way until it is refused. */
function begin(text: string, rules: Rules): void {
  const { scenario, drift } = JSON.parse(text) as CostlyDocument;
  try {
    const spec = compileSpec({ ...loadSpec({ scenario, drift }), rules, rewardMode: 'full' });
    new SoloEnv(spec).reset();
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ValidationError')) throw error;
  }
}
