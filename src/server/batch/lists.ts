/**
 * Checks the lengths of the lists in a request before anything reads their entries. A body has room for millions of entries, and to
 * validate, refuse or answer an entry costs far more than to parse it.
 */
import { invalid } from '../problem.ts';
import { INCLUDABLE } from './wire.ts';

/** The maximum number of keys of an entry of `envs`. Fewer than ten are known. */
const MOST_KEYS = 64;

const LISTS = ['env_ids', 'actions', 'seeds', 'tasks', 'envs'] as const;

/**
 * Refuses lists that are too long or name an environment twice.
 * @param body The body of any request of the batch API, not validated yet
 * @param most The maximum number of entries of a list
 * @param what Explains that number in the message: `the batch has environments`
 * @throws Problem (422) if a list is longer or names an environment twice
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

/** Refuses an object with very many keys: the schema would report each unknown one, and there may be 100,000 in each entry. */
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
