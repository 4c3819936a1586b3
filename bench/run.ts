/**
 * npm run bench [-- --smoke] [--only GROUP,...] [--rounds N]: measures how fast the engine is on this machine. Prints a table and
 * writes bench/results/latest.json. Every figure comes from one run on one machine; compare ratios, not runs.
 * npm run bench -- --write-docs: measures nothing, but puts the contents of bench/results/ into docs/PERFORMANCE.md.
 */
import { formatTable } from '#dist/cli/progress.js';
import { RULES } from '#dist/sim/rules.js';
import { documents } from './documents.js';
import { engine } from './engine.js';
import { episodes } from './episodes.js';
import { type Figure, formatGoal, formatNumber, type Group, reached } from './group.js';
import { circumstances, type Measure, readResults, writeResults } from './measure.js';
import { memory } from './memory.js';
import { model } from './model.js';
import { commandOf, optionsOf, refuse, wholeNumber } from './options.js';
import { parsing } from './parsing.js';
import { writePerformance } from './performance-doc.js';
import { officeFingerprint } from './play.js';
import { rollouts } from './rollouts.js';
import { scale } from './scale.js';
import { slowAnswers } from './slow-answers.js';
import { stragglers } from './stragglers.js';

/** In the order of the table. The first group is measured while the process is fresh. */
const GROUPS: readonly Group[] = [
  engine,
  scale,
  memory,
  episodes,
  parsing,
  documents,
  rollouts,
  stragglers,
  slowAnswers,
  model,
];
const FIGURES: Readonly<Record<string, Figure>> = Object.assign({}, ...GROUPS.map(({ figures }) => figures));
const ROUNDS = 9;
const SMOKE_ROUNDS = 2;

const values = optionsOf({
  smoke: { type: 'boolean', default: false },
  only: { type: 'string' },
  rounds: { type: 'string' },
  'write-docs': { type: 'boolean', default: false },
});

if (values['write-docs']) writeDocument();
else await run(values.smoke);

function writeDocument(): void {
  const profiles = RULES.map((rules) => readResults(`profile-${rules}`)).filter((one) => one !== undefined);
  writePerformance(FIGURES, readResults('latest'), readResults('soak'), profiles);
}

async function run(smoke: boolean): Promise<void> {
  const rounds = wholeNumber('--rounds', values.rounds ?? String(smoke ? SMOKE_ROUNDS : ROUNDS), 1);
  const chosen = choose(values.only);
  const { checksum, meanBriefingBytes } = await officeFingerprint();
  const results: Record<string, Measure> = {};
  for (const { name, measure } of chosen) {
    const began = performance.now();
    Object.assign(results, await measure(rounds, smoke));
    console.error(`${name}: ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  }
  const context = {
    ...circumstances(commandOf('bench')),
    checksum,
    mean_briefing_bytes: meanBriefingBytes,
  };
  writeResults('latest', { ...context, ...results });
  for (const [key, value] of Object.entries(context)) console.log(`${key}: ${value}`);
  console.log(`\n${tableOf(results, smoke)}\n`);
  if (smoke) {
    console.log('smoke: the harness runs and the variants agree; the numbers of so short a run mean nothing');
    return;
  }
  const goals = Object.entries(results).flatMap(([name, measure]) => reached(measure, FIGURES[name]?.goal) ?? []);
  console.log(`${goals.filter(Boolean).length} of ${goals.length} goals are reached, by the medians`);
}

function choose(names: string | undefined): readonly Group[] {
  if (names === undefined) return GROUPS;
  const wanted = names.split(',');
  for (const name of wanted) {
    if (!GROUPS.some((group) => group.name === name)) {
      refuse(
        `--only: there is no group ${JSON.stringify(name)}; known: ${GROUPS.map((group) => group.name).join(', ')}`,
      );
    }
  }
  return GROUPS.filter(({ name }) => wanted.includes(name));
}

/** A smoke run does not compare figures with their goals. */
function tableOf(results: Readonly<Record<string, Measure>>, smoke: boolean): string {
  const rows = Object.entries(results).map(([name, measure]) => {
    const goal = smoke ? undefined : FIGURES[name]?.goal;
    const numbers = [measure.median, measure.min, measure.max].map(formatNumber);
    const verdict = { true: 'yes', false: 'no', undefined: '' }[String(reached(measure, goal))] ?? '';
    return [name, ...numbers, String(measure.runs), formatGoal(goal), verdict];
  });
  return formatTable(['measure', 'median', 'min', 'max', 'runs', 'goal', 'reached'], rows, [1, 2, 3, 4, 5]);
}
