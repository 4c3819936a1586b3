/**
 * The oracle: plays the best plan known for every task against a running server, over the same routes as any client, and
 * fails where its grade is not the highest that is given. Plans are read from the files beside the scenarios, which no
 * route answers.
 *
 *   node validation/oracle.mjs [URL]        URL: by default the server of this container
 */
import { readFileSync } from 'node:fs';

const HIGHEST = 0.99;
const { GHOSTEXEC_PORT, PORT, GHOSTEXEC_API_KEY } = process.env;
const url = process.argv[2] ?? `http://127.0.0.1:${GHOSTEXEC_PORT || PORT || 8000}`;

async function post(route, body) {
  const response = await fetch(new URL(route, url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(GHOSTEXEC_API_KEY ? { authorization: `Bearer ${GHOSTEXEC_API_KEY}` } : {}),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${route} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Paths of the scenarios in openenv.yaml, read without a parser, so that this file stands alone. */
function scenarios() {
  const manifest = readFileSync(new URL('../openenv.yaml', import.meta.url), 'utf8');
  return [...manifest.matchAll(/^ +scenario: (\S+\.json)$/gm)].map(([, path]) => path);
}

async function play(scenario) {
  const sidecar = new URL(`../${scenario.replace(/\.json$/, '.oracle.json')}`, import.meta.url);
  const { task_id, rules, plan } = JSON.parse(readFileSync(sidecar, 'utf8'));
  let answer = await post('/reset', { task_id, rules, seed: 0, episode_id: `oracle-${task_id}` });
  let sum = 0;
  for (const action of plan) {
    if (answer.done) break;
    answer = await post('/step', { action, episode_id: answer.episode_id });
    sum += answer.reward;
  }
  return { task_id, done: answer.done, return: sum, grade: answer.observation.grade?.grade ?? null };
}

const played = [];
for (const scenario of scenarios()) played.push(await play(scenario));
for (const one of played) process.stdout.write(`${JSON.stringify(one)}\n`);
const short = played.filter(({ grade }) => grade !== HIGHEST);
if (played.length === 0 || short.length > 0) {
  const those = `${short.length} of ${played.length}`;
  process.stderr.write(`oracle: expected the grade ${HIGHEST} on every task, ${those} fell short\n`);
  process.exitCode = 1;
}
