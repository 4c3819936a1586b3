/** Plays whole episodes of many environments in the office, and computes a fingerprint of all their results. */
import { createHash } from 'node:crypto';
import { type Action, type Batch, VectorEnv } from 'ghostexec';
import type { Rules } from '#dist/sim/rules.js';
import { EPISODE_LENGTH, OFFICES, validScript } from './office.js';

/** Number of different episodes. Environment i plays episode i modulo this number. */
const SCRIPTS = 64;
const scripts = new Map<Rules, Action[][]>();

/** A valid action for each environment in a step of the episode. Environments share the objects. */
export function actionsAt(step: number, numEnvs: number, rules: Rules = 'v1'): Action[] {
  let own = scripts.get(rules);
  if (own === undefined) {
    own = Array.from({ length: SCRIPTS }, (_, seed) => validScript(rules, seed));
    scripts.set(rules, own);
  }
  return Array.from({ length: numEnvs }, (_, env) => own[env % SCRIPTS]?.[step] ?? {});
}

/** The same for every step of an episode. */
export function actionsFor(numEnvs: number, rules: Rules = 'v1', steps = EPISODE_LENGTH): Action[][] {
  return Array.from({ length: steps }, (_, step) => actionsAt(step, numEnvs, rules));
}

/** @param briefings Whether workers write briefings. */
export function makeOffice(
  numEnvs: number,
  workers: number,
  rules: Rules = 'v1',
  maxForks = 0,
  briefings = true,
): Promise<VectorEnv> {
  return VectorEnv.create({
    envs: Array.from({ length: numEnvs }, () => ({ task: 'office_30', scenario: OFFICES[rules] })),
    rules,
    workers,
    autoreset: 'disabled',
    maxForks,
    briefings,
  });
}

/** Resets all environments and plays these steps in all of them; `see` receives each batch. */
export async function playThrough(
  env: VectorEnv,
  actions: readonly Action[][],
  see: (batch: Batch) => void = () => undefined,
): Promise<void> {
  see(await env.reset());
  for (const step of actions) see(await env.step(step));
}

export type Fingerprint = { readonly checksum: string; readonly meanBriefingBytes: number };

/** Fingerprint of all rewards, flags and briefings of an episode in every environment. Throws if an action was invalid. */
export async function fingerprint(env: VectorEnv, actions: readonly Action[][]): Promise<Fingerprint> {
  const hash = createHash('sha256');
  let [bytes, count] = [0, 0];
  await playThrough(env, actions, (batch) => {
    const invalid = batch.stepOk.indexOf(0);
    if (invalid >= 0) throw new Error(`an action of the benchmark was invalid: ${batch.note(invalid)}`);
    hash.update(batch.reward).update(batch.terminated).update(batch.truncated);
    for (const briefing of batch.briefings()) {
      hash.update(briefing);
      bytes += Buffer.byteLength(briefing);
      count++;
    }
  });
  return { checksum: hash.digest('hex').slice(0, 16), meanBriefingBytes: Math.round(bytes / count) };
}

/** Throws if these vectors have different fingerprints, because a comparison of their speed would then be meaningless. */
export async function checkAgreement(envs: readonly VectorEnv[], actions: readonly Action[][]): Promise<void> {
  const checksums: string[] = [];
  for (const env of envs) checksums.push((await fingerprint(env, actions)).checksum);
  if (new Set(checksums).size > 1) throw new Error(`the variants disagree: ${checksums.join(', ')}`);
}

/** The fingerprint in the results: one episode of each script, played in process. */
export async function officeFingerprint(): Promise<Fingerprint> {
  const env = await makeOffice(SCRIPTS, 0);
  return fingerprint(env, actionsFor(SCRIPTS));
}
