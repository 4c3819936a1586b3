/**
 * Compares builds of the package in two checkouts, each in processes of its own, in turns:
 *
 *   npm run bench:side -- OTHER_CHECKOUT [ROUNDS [PART_OF_A_NAME]]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { VectorEnv } from 'ghostexec';
import { policyNamed } from '#dist/policies/policies.js';
import { randomValid } from '#dist/policies/random.js';
import { loadTask } from '#dist/scenarios/shipped.js';
import { measureOf } from './measure.js';
import type { SideJob, SideRun } from './side-player.js';

const NUM_ENVS = 1_024;
const TASK = 'monday_morning';
const HERE = fileURLToPath(new URL('../..', import.meta.url));

type Variant = Pick<SideJob, 'workers' | 'autoreset' | 'read' | 'sent'> & {
  readonly name: string;
  readonly wide?: boolean;
  readonly alone?: boolean;
  /** Options of VectorEnv.create for this build. */
  readonly more?: object;
};
const inProcess = { workers: 0, autoreset: 'disabled', read: false, sent: false };
const pooled = { ...inProcess, workers: 2 };
const VARIANTS: readonly Variant[] = [
  { ...inProcess, name: 'in process, texts unread' },
  { ...inProcess, name: 'in process, every briefing read', read: true },
  { ...inProcess, name: 'in process, read, a wide character in every mail', read: true, wide: true },
  { ...inProcess, name: 'in process, read, 1,024 different policies', read: true, alone: true },
  { ...inProcess, name: 'in process, same_step, unread', autoreset: 'same_step' },
  { ...inProcess, name: 'in process, next_step, unread', autoreset: 'next_step' },
  { ...pooled, name: '2 workers, step, texts unread', more: { briefings: false } },
  { ...pooled, name: '2 workers, step, every briefing read', read: true },
  { ...pooled, name: '2 workers, send and recv, every briefing read', read: true, sent: true },
  { ...pooled, name: '2 workers, same_step, unread', autoreset: 'same_step', more: { briefings: false } },
  { ...pooled, name: '2 workers, next_step, unread', autoreset: 'next_step', more: { briefings: false } },
];

/** The actions of `policies` episodes, step by step: greedy and random in turn, or all random. */
async function actionsOf(policies: number, onlyRandom: boolean): Promise<unknown[][]> {
  const env = await VectorEnv.create({ tasks: [TASK], numEnvs: policies, rules: 'v2', autoreset: 'disabled' });
  const decide = env.envIds.map((id) => {
    const policy = onlyRandom ? randomValid : policyNamed(id % 2 === 0 ? 'greedy' : 'random');
    return policy.begin(id);
  });
  const steps: unknown[][] = [];
  let batch = await env.reset({ seed: 1 });
  while (batch.terminated.every((over) => over === 0) && batch.truncated.every((over) => over === 0)) {
    const now = batch;
    const actions = decide.map((one, i) => one(now.observation(i)));
    steps.push(Array.from({ length: NUM_ENVS }, (_, id) => actions[id % policies]));
    batch = await env.step(actions);
  }
  await env.close();
  return steps;
}

/** The day with a dash, a curly quote or an emoji in every mail. */
function widened(scenario: unknown): unknown {
  const wide = structuredClone(scenario) as { emails: { body: string }[] };
  wide.emails.forEach((email, at) => {
    email.body = `${email.body.slice(0, 20)}${['\u2014', '\u201c', '\u{1f642}'][at % 3]}${email.body.slice(20)}`;
  });
  return wide;
}

async function startPlayer(job: SideJob) {
  const child = fork(new URL('side-player.js', import.meta.url));
  child.send(job);
  await once(child, 'message');
  return {
    play: async (): Promise<SideRun> => {
      child.send('play');
      const [run] = await once(child, 'message');
      return run;
    },
    end: async (): Promise<void> => {
      child.send('end');
      await once(child, 'exit');
    },
  };
}

const [other, roundsText = '5', part = ''] = process.argv.slice(2);
if (other === undefined) {
  console.error('usage: npm run bench:side -- OTHER_CHECKOUT [ROUNDS [PART_OF_A_NAME]]');
  process.exit(2);
}
const shared = await actionsOf(64, false);
const own = await actionsOf(NUM_ENVS, true);
const { scenario } = loadTask(TASK);
console.log(
  `steps/s, best and median of ${roundsText} rounds; CPU: microseconds of the process for each step, median\n`,
);
console.log('| | other | CPU | this | CPU | this / other, best | median |\n|---|---|---|---|---|---|---|');
for (const variant of VARIANTS.filter(({ name }) => name.includes(part))) {
  const { name, wide, alone, more = {}, ...how } = variant;
  const actions = alone ? own : shared;
  const job = { ...how, scenario: wide ? widened(scenario) : scenario, numEnvs: NUM_ENVS, actions };
  const players = [
    await startPlayer({ ...job, root: other, more: {} }),
    await startPlayer({ ...job, root: HERE, more }),
  ];
  const runs: SideRun[][] = players.map(() => []);
  for (let round = -1; round < Number(roundsText); round++) {
    for (const [at, player] of round % 2 === 0 ? players.entries() : [...players.entries()].toReversed()) {
      const run = await player.play();
      if (round >= 0) runs[at]?.push(run);
    }
  }
  await Promise.all(players.map((player) => player.end()));
  if (runs[0]?.[0]?.seen !== runs[1]?.[0]?.seen) throw new Error(`${name}: the two builds wrote different briefings`);
  const steps = NUM_ENVS * actions.length;
  const cells = runs.map((all) => {
    const rate = measureOf(all.map(({ ms }) => (steps * 1_000) / ms));
    const cpu = measureOf(all.map(({ cpuMs }) => (cpuMs * 1_000) / steps));
    return { rate, cpu: cpu.median.toFixed(2) };
  });
  const [before, after] = cells;
  if (before === undefined || after === undefined) throw new Error('there are two builds');
  const figures = (cell: typeof before): string =>
    `${Math.round(cell.rate.max).toLocaleString('en-US')}, ${Math.round(cell.rate.median).toLocaleString('en-US')} | ${cell.cpu}`;
  const ratio = (part: 'max' | 'median'): string => (after.rate[part] / before.rate[part]).toFixed(2);
  console.log(`| ${name} | ${figures(before)} | ${figures(after)} | ${ratio('max')} | ${ratio('median')} |`);
}
