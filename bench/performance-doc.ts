/** Writes the tables of docs/PERFORMANCE.md from the results of the benchmark and the soak. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Figure, formatGoal, formatNumber, reached } from './group.js';
import type { Measure } from './measure.js';
import { refuse } from './options.js';
import { between } from './reward-tables.js';

const DOCUMENT = new URL('../../docs/PERFORMANCE.md', import.meta.url);

type Results = Readonly<Record<string, unknown>>;

export function writePerformance(
  figures: Readonly<Record<string, Figure>>,
  latest: Results | undefined,
  soak: Results | undefined,
  profiles: readonly Results[],
): void {
  if (latest === undefined) refuse('bench/results/latest.json does not exist; npm run bench writes it');
  const missing = Object.keys(figures).filter((name) => !isMeasure(latest[name]));
  if (missing.length > 0 || String(latest.command).includes('--smoke')) {
    refuse(`bench/results/latest.json is of a partial run (${latest.command}); npm run bench makes a whole one`);
  }
  let document = between(
    readFileSync(DOCUMENT, 'utf8'),
    'figures',
    `${circumstancesOf(latest)}\n\n${table(figures, latest)}`,
  );
  if (soak !== undefined) document = between(document, 'soak', `${circumstancesOf(soak)}\n\n${soakTable(soak)}`);
  if (profiles.length > 0) document = between(document, 'profile', profiles.map(profileTable).join('\n\n'));
  writeFileSync(DOCUMENT, document);
  console.log(
    `docs/PERFORMANCE.md: the table of ${latest.commit}${soak === undefined ? ', no soak' : ' and the soak'}`,
  );
}

function circumstancesOf({ command, commit, cpu, node, checksum }: Results): string {
  return `\`${command}\`, commit ${commit}, ${cpu}, Node ${node}, checksum ${checksum}`;
}

function table(figures: Readonly<Record<string, Figure>>, results: Results): string {
  const rows = Object.entries(results).flatMap(([name, measure]) => {
    if (!isMeasure(measure)) return [];
    const { what, goal } = figures[name] ?? { what: '' };
    const verdict = { true: 'yes', false: '**no**', undefined: '' }[String(reached(measure, goal))] ?? '';
    const { median, min, max, runs } = measure;
    const spread = runs === 1 ? '' : `${formatNumber(min)} to ${formatNumber(max)}`;
    return [[`\`${name}\``, what, formatNumber(median), spread, String(runs), formatGoal(goal), verdict]];
  });
  return markdown(['measure', '', 'median', 'spread', 'runs', 'goal', 'reached'], rows);
}

function soakTable(soak: Results): string {
  const rows = Object.entries(soak).flatMap(([name, value]) =>
    typeof value === 'number' ? [[`\`${name}\``, formatNumber(value)]] : [],
  );
  return markdown(['', ''], rows);
}

function profileTable(profile: Results): string {
  const microseconds = Number(profile.microseconds);
  const rows = Object.entries(profile.shares as Record<string, number>).map(([name, share]) => [
    name,
    `${(100 * share).toFixed(1)} %`,
    (share * microseconds).toFixed(2),
  ]);
  const { rules, numEnvs, command, commit } = profile;
  const head = `Rules ${rules}, ${numEnvs} environments in process: ${microseconds.toFixed(2)} µs a step (\`${command}\`, commit ${commit}).`;
  return `${head}\n\n${markdown(['section', 'share', 'µs a step'], rows)}`;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return lines.join('\n');
}

function isMeasure(value: unknown): value is Measure {
  return typeof value === 'object' && value !== null && 'median' in value;
}
