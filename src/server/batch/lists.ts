/**
 * The lists of a request, held against what there is for them before anything goes through them: a body has room for millions of
 * entries, and each entry that is looked at, complained about or answered costs far more than to read it.
 */
import { invalid } from '../problem.ts';
import { INCLUDABLE } from './wire.ts';

/** Keys of what an environment plays; there are fewer than ten. */
const MOST_KEYS = 64;

const LISTS = ['env_ids', 'actions', 'seeds', 'tasks', 'envs'] as const;

/**
 * @param body Of any request of the batch API, not validated yet
 * @param most Entries of a list
 * @param what Said of that number: `environments of the batch`
 * @throws Problem (422) where a list is longer, or names an environment twice
 */
export function refuseLists(body: unknown, most: number, what: string): void {
  if (typeof body !== 'object' || body === null) return;
  const lists = body as Readonly<Record<string, unknown>>;
  for (const name of LISTS) refuseLonger(name, lists[name], most, `as many as ${what}`);
  refuseLonger('include', lists.include, INCLUDABLE.length, INCLUDABLE.join(', '));
  if (Array.isArray(lists.env_ids)) refuseTwice('env_ids', lists.env_ids);
  for (const [at, env] of Array.isArray(lists.envs) ? lists.envs.entries() : []) refuseManyKeys(['envs', at], env);
}

function refuseLonger(name: string, list: unknown, most: number, what: string): void {
  if (!Array.isArray(list) || list.length <= most) return;
  throw invalid(
    ['body', name],
    `expected at most ${most} entries in ${name} (${what}), got ${list.length}`,
    list.length,
  );
}

/** All unknown keys would be gone through, and be complained of; there may be a hundred thousand of them in each of many. */
function refuseManyKeys(place: readonly (string | number)[], value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  let keys = 0;
  for (const _key in value) {
    if (++keys <= MOST_KEYS) continue;
    throw invalid(['body', ...place], `expected an object of at most ${MOST_KEYS} keys`, undefined);
  }
}

function refuseTwice(name: string, ids: readonly unknown[]): void {
  const places = new Map<unknown, number>();
  ids.forEach((id, at) => {
    const before = places.get(id);
    // The schema refuses an id that is not a number.
    if (before !== undefined && typeof id === 'number') {
      throw invalid(['body', name, at], `environment ${id} stands twice in ${name}, at ${before} and at ${at}`, id);
    }
    places.set(id, at);
  });
}
