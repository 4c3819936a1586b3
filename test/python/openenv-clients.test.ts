/** The clients of OpenEnv from PyPI play on a Ghostexec server, which passes the validator of OpenEnv. */
import { beforeAll, expect, test } from 'vitest';
import {
  greedyEpisode,
  INSTALL_MS,
  installOpenEnv,
  runChecks,
  type Served,
  startGhostexec,
  validate,
} from './support-openenv.ts';

let bin = '';
let served: Served | undefined;
let outcomes: Record<string, string | null> = {};

beforeAll(async () => {
  bin = await installOpenEnv();
  served = await startGhostexec();
  const episode = greedyEpisode();
  expect(episode.actions.length).toBeGreaterThan(3);
  outcomes = await runChecks(bin, 'openenv_clients.py', { url: served.url, episode });
  return () => served?.stop();
}, INSTALL_MS);

const CHECKS = [
  'sync',
  'async',
  'several_episodes_in_one_session',
  'sessions_do_not_share_an_episode',
  'seeds_are_honoured',
  'a_bad_action_is_refused_and_ends_nothing',
  'a_whole_episode_to_its_grade',
  'auto_env',
  'a_typed_client',
];

test.each(CHECKS)('%s', (name) => {
  // The traceback of a failure; undefined if the program has no such check.
  expect(outcomes[name]).toBeNull();
});

test('every check of the program is listed', () => {
  expect(Object.keys(outcomes).toSorted()).toEqual(CHECKS.toSorted());
});

test('the server passes all six criteria of openenv validate', async () => {
  const report = await validate(bin, served?.url ?? '');
  expect(report.criteria.filter(({ passed }) => !passed)).toEqual([]);
  expect(report.criteria).toHaveLength(6);
  expect(report.passed).toBe(true);
});
