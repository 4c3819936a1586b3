/**
 * npm run plot [-- --task ID] [--audit FILE]: draws docs/images/reward-*.svg and puts the worked example into docs/GRADING.md. If
 * the audit file exists, it also puts the table of exploits into docs/REWARD.md. The same scenarios and the same audit give the
 * same bytes.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Action, policyNamed } from 'ghostexec';
import { potentialChart, returnChart } from './reward-charts.js';
import { compileTask, oraclePolicy, planPolicy, trace } from './reward-episodes.js';
import { type AuditFile, between, exploitTables, workedExample } from './reward-tables.js';

const { values } = parseArgs({
  options: {
    task: { type: 'string', default: 'monday_morning' },
    audit: { type: 'string', default: 'runs/audit.json' },
  },
});
const DOCS = new URL('../../docs/', import.meta.url);
const EXAMPLE_TASK = 'phase2_core';

function write(name: string, text: string): void {
  writeFileSync(new URL(name, DOCS), text);
  console.log(`docs/${name}: ${Buffer.byteLength(text).toLocaleString('en-US')} bytes`);
}

const c = compileTask(values.task);
const traces = [
  trace(c, oraclePolicy(values.task)),
  trace(c, policyNamed('greedy')),
  trace(c, policyNamed('do_nothing')),
];
mkdirSync(new URL('images/', DOCS), { recursive: true });
write('images/reward-return.svg', returnChart(values.task, traces));
write('images/reward-potentials.svg', potentialChart(values.task, traces));

const grading = readFileSync(new URL('GRADING.md', DOCS), 'utf8');
const plan = JSON.parse(/```json\n(\[[\s\S]*?\])\n```/.exec(grading)?.[1] ?? '[]') as Action[];
const example = compileTask(EXAMPLE_TASK);
write('GRADING.md', between(grading, 'example', workedExample(example, trace(example, planPolicy('example', plan)))));

if (existsSync(values.audit)) {
  const reward = readFileSync(new URL('REWARD.md', DOCS), 'utf8');
  const audit = JSON.parse(readFileSync(values.audit, 'utf8')) as AuditFile;
  write('REWARD.md', between(reward, 'exploits', exploitTables(audit)));
} else {
  console.log(`${values.audit}: no such file, so the table of exploits stays as it is (ghostexec audit writes one)`);
}
